"""What the parts of a document say alike."""

from __future__ import annotations

from headrace.architect.document.marks import Marks


def cited(marks: Marks, *keys: str) -> str:
    """The marks of sections, to stand behind a text."""
    return " ".join(marks.sections(keys))
