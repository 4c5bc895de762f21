"""What the parts of a document say alike."""

from __future__ import annotations

from headrace.architect.document.marks import Marks
from headrace.architect.stack import Stack


def cited(marks: Marks, *keys: str) -> str:
    """The marks of sections, to stand behind a text."""
    return " ".join(marks.sections(keys))


def title_of(stack: Stack, name: str) -> str:
    """The title of a technology of a stack."""
    return next(part.chosen.technology.title for part in stack.parts.values() if part.chosen.name == name)
