"""The arguments of a call -> what a tool takes, or everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from headrace.errors import UsageError
from headrace.mcp.given import TOO_LARGE
from headrace.project.declared import Declared
from headrace.project.document import Document, Span
from headrace.project.explain import explain

T = TypeVar("T", bound=Declared)


def arguments(cls: type[T], given: Mapping[str, Any], tool: str) -> T:
    """Take a call's arguments.

    Args:
        given: keys that are null are taken to be left out.

    Raises:
        UsageError: HR-160, they are not what the tool takes; HR-163, they are too large.
    """
    told = {key: value for key, value in given.items() if value is not None}
    try:
        return cls.model_validate(told)
    except ValidationError as error:
        problems = list(explain(_document(told), cls, error))
        raise UsageError(
            f"{tool}: " + "; ".join(problem.what for problem in problems),
            code=TOO_LARGE if any(problem.code == TOO_LARGE for problem in problems) else "HR-160",
            state="nothing was done",
            fix="; ".join(dict.fromkeys(problem.fix for problem in problems)),
        ) from None


def _document(told: Mapping[str, Any]) -> Document:
    """Arguments as the explanation of a file's problems has them; they have no lines."""
    return Document(Path("arguments"), "", told, {}, {(): Span(0, 0, 0)}, (), frozenset())
