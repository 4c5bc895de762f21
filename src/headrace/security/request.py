"""One question to the gate, and the errors that answer it: each points at the words it is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sqlglot import exp

from headrace.errors import AccessDenied, Place, UsageError
from headrace.security.catalog import Catalog
from headrace.security.principals import Principal

QUERY = Path("<query>")
"""A query comes from no file; its places are counted within its own text."""

WIDTH = 120  # of an excerpt: a minified query is one line of a megabyte


@dataclass(frozen=True)
class Request:
    """What `gate` was asked; every pass reads it and none changes it."""

    principal: Principal
    sql: str
    catalog: Catalog
    parameters: Mapping[str, Any]
    now: datetime | None

    def denied(self, what: str, code: str, at: exp.Expr | None = None, fix: str = "") -> AccessDenied:
        """`what` is more than the principal may do, at the node's place in the text."""
        return AccessDenied(what, code=code, where=self.place(at), state=self._state, fix=fix)

    def wrong(self, what: str, code: str, at: exp.Expr | None = None, fix: str = "") -> UsageError:
        """`what` is a mistake, at the node's place in the text."""
        return UsageError(what, code=code, where=self.place(at), state=self._state, fix=fix)

    def place(self, node: exp.Expr | None) -> Place | None:
        """Where the node's first word stands, or that of the nearest node around it that has a place."""
        marks = [part.meta for part in node.walk() if "start" in part.meta] if node is not None else []
        if not marks:
            return self.place(node.parent) if node is not None else None
        first = min(marks, key=lambda mark: mark["start"])
        return self.place_at(first["start"], first["end"] + 1)

    def first_word(self) -> Place:
        """Where the text begins."""
        start = len(self.sql) - len(self.sql.lstrip())
        return self.place_at(start, start + len(self.sql.split(maxsplit=1)[0]))

    def place_at(self, start: int, end: int) -> Place:
        """The place of the characters `start` to `end` (exclusive), with the line and carets under them."""
        begin = self.sql.rfind("\n", 0, start) + 1
        line = self.sql[begin:].split("\n", 1)[0]
        column = start - begin
        left = max(0, column - WIDTH // 2)
        carets = max(1, min(end, begin + len(line)) - start)
        shown = line[left : left + WIDTH]
        under = " " * (column - left) + "^" * min(carets, WIDTH - (column - left))
        return Place(QUERY, self.sql.count("\n", 0, start) + 1, column + 1, f"{shown}\n{under}")

    @property
    def _state(self) -> str:
        return f"nothing was run for {self.principal.name}"


def nearest(word: str, known: Iterable[str], otherwise: str) -> str:
    """A fix that names the known word closest to `word`, or `otherwise`."""
    close = get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else otherwise
