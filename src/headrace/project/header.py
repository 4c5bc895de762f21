"""A model file taken apart: the YAML of its header, and the SQL after it.

A header is a comment that opens the file, so that any SQL tool reads past it::

    /* ---
    description: Bids that came too late.
    --- */
    SELECT ...
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import ProjectError
from headrace.project.document import Document, parse
from headrace.project.problems import ProjectErrors, place_in

_OPENING = re.compile(r"\s*(/\*[ \t]*---)(?=\s)")
_CLOSING = re.compile(r"---[ \t]*\*/")
_NOTHING = re.compile(r"(?:\s|;|--[^\n]*|/\*.*?\*/)*+", re.DOTALL)
_NOT_BREAK = re.compile(r"[^\r\n]")


@dataclass(frozen=True)
class ModelText:
    """The two parts of a model file. `sql` starts on line `first_line` (from 1), each column where the file has it."""

    header: Document
    sql: str
    first_line: int


def split(path: Path, text: str) -> ModelText:
    """Take a model file apart.

    Raises:
        ProjectErrors: the header does not end, or is not YAML.
    """
    start, stop, end = _header(path, text)
    header = parse(path, text, within=_blank(text[:start]) + text[start:stop])
    first = len(text) - len(text[end:].lstrip())
    line_start = text.rfind("\n", 0, first) + 1
    sql = _blank(text[line_start : max(end, line_start)]) + text[max(end, line_start) :]
    return ModelText(header, sql.rstrip(), text.count("\n", 0, line_start) + 1)


def is_empty(sql: str) -> bool:
    """Tell whether there is nothing but space and comments."""
    return _NOTHING.fullmatch(sql) is not None


def _header(path: Path, text: str) -> tuple[int, int, int]:
    """Return where the YAML starts and stops, and where the comment ends; all 0 when there is no header."""
    opening = _OPENING.match(text)
    if opening is None:
        return 0, 0, 0
    closing = _CLOSING.search(text, opening.end())
    comment_end = text.find("*/", opening.end())
    if closing is None or comment_end < closing.start():
        at = opening.start(1)
        line, column = text.count("\n", 0, at), at - (text.rfind("\n", 0, at) + 1)
        place = place_in(path, text, line, column, len(opening[1]))
        fix = "end it with `--- */` on a line of its own; `*/` may not stand inside"
        raise ProjectErrors([ProjectError("the header does not end", code="HR-203", where=place, fix=fix)])
    return opening.end(), closing.start(), closing.end()


def _blank(text: str) -> str:
    return _NOT_BREAK.sub(" ", text)
