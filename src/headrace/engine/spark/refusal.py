"""What Spark cannot give DuckDB's answer for."""

from __future__ import annotations

from headrace.errors import SqlError


class Unfaithful(Exception):  # noqa: N818 - it says what the SQL is, and becomes an error with a place
    """A construct that is not rendered, because Spark's meaning is, or may be, another."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


def refused(model: str, found: Unfaithful) -> SqlError:
    """The construct as an error of the model."""
    return SqlError(
        f"model {model}: {found.what} has no rendering for Spark that is known to give DuckDB's answer",
        code="HR-311",
        state="nothing of the model was made",
        fix="write it with what docs/concepts/compiler.md lists under Other engines, or run the model embedded",
    )
