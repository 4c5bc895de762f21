"""What every log refuses, in the same words, wherever it keeps its rows."""

from __future__ import annotations

from datetime import timedelta

from headrace.errors import LogError, Place

KEY_LIFE = timedelta(hours=24)
"""A key is known at least this long, even when its rows are gone sooner: producers retry within hours, not days."""

NOTHING_KEPT = "Nothing of it was kept. Everything acknowledged before it is safe."
UNCHANGED = "Nothing was changed."


def refused(what: str, fix: str) -> LogError:
    """An append that could not be stored anywhere."""
    return LogError(what, code="HR-512", state=NOTHING_KEPT, fix=fix)


def outside(stream: str, start: int, stop: int, kept: int, end: int) -> LogError | None:
    """Why the rows ``start`` to ``stop`` cannot be read of a stream that has ``kept`` to ``end``; ``None`` if they can."""
    asked = f"Rows {start} to {stop} of stream {stream!r} were asked for;"
    if not 0 <= start <= stop <= end:
        return LogError(
            f"{asked} it has {kept} to {end}.",
            code="HR-501",
            state=UNCHANGED,
            fix="Ask within what ends() says. If an epoch names these rows, the log is an older copy than the node's "
            "state: put back the newest copy of both.",
        )
    if start < kept and start < stop:
        return LogError(
            f"{asked} those before {kept} have been trimmed.",
            code="HR-502",
            state=UNCHANGED,
            fix="Read them from history; lengthen the log's retention to keep rows here for longer.",
        )
    return None


def stood_still(where: Place | None, why: str) -> LogError:
    """A serving node was away for longer than what it follows waits for it."""
    return LogError(
        f"this node stood still, or could not reach the broker, for so long that {why}",
        code="HR-523",
        where=where,
        state="nothing is lost: the models' topics have every row",
        fix="start it again: it reads what is published from the beginning",
    )
