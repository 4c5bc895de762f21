"""A program's queries as text, with what occurs in several of them made only once.

The queries of a program share trees: the kept rows of a join's side stand in each of its parts, a change in every step that reads
it. A query is cut where a subquery of a FROM, or a common table expression, begins; the text of each piece is made once, and its
hash too.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from sqlglot import exp

from headrace.engine.render import NOW, PREVIOUS, copied, generated, parameter, placed, timed
from headrace.sql.prune import DELTA

# No text of SQL has this character.
_CUT = re.compile("\0([0-9]+)\0")
_TIMES = {name: (parameter(f"\0{name}"), parameter(name), f"GETVARIABLE('{name}')") for name in (NOW, PREVIOUS)}


@dataclass(frozen=True)
class _Piece:
    """Text between the pieces ``below``, and the deltas read beside them; ``node`` is kept so that no other gets its id."""

    node: exp.Expr
    between: tuple[str, ...]
    below: tuple[exp.Expr, ...]
    deltas: frozenset[str]


class Pieces:
    """The texts of one program."""

    def __init__(self) -> None:
        self._pieces: dict[int, _Piece] = {}
        self._texts: dict[int, str] = {}
        self._hashes: dict[int, bytes] = {}
        self._deltas: dict[int, frozenset[str]] = {}

    def text(self, query: exp.Expr, *, prepared: bool = False) -> str:
        """See :func:`headrace.engine.render.render`."""
        text = self._text(query)
        for marked, as_parameter, as_variable in _TIMES.values():
            text = text.replace(marked, as_parameter if prepared else as_variable)
        return text

    def deltas(self, query: exp.Expr) -> frozenset[str]:
        """The names of the deltas that a query reads."""
        found = self._deltas.get(id(query))
        if found is None:
            piece = self._piece(query)
            found = self._deltas[id(query)] = piece.deltas.union(*map(self.deltas, piece.below))
        return found

    def hash(self, query: exp.Expr) -> bytes:
        """Differs where the text does."""
        found = self._hashes.get(id(query))
        if found is None:
            piece = self._piece(query)
            parts = [text.encode() for text in piece.between] + [self.hash(node) for node in piece.below]
            lengths = ",".join(str(len(part)) for part in parts)
            found = self._hashes[id(query)] = hashlib.sha256(b"\0".join([lengths.encode(), *parts])).digest()
        return found

    def _text(self, query: exp.Expr) -> str:
        text = self._texts.get(id(query))
        if text is None:
            first, *rest = (piece := self._piece(query)).between
            after = (self._text(node) + text for node, text in zip(piece.below, rest, strict=True))
            text = self._texts[id(query)] = "".join([first, *after])
        return text

    def _piece(self, query: exp.Expr) -> _Piece:
        piece = self._pieces.get(id(query))
        if piece is None:
            below: list[exp.Expr] = []
            deltas: set[str] = set()
            first, *rest = _CUT.split(generated(_cut(query, below, deltas)))
            nodes = tuple(below[int(number)] for number in rest[::2])
            piece = _Piece(query, (first, *rest[1::2]), nodes, frozenset(deltas))
            self._pieces[id(query)] = piece
        return piece


def _cut(query: exp.Expr, below: list[exp.Expr], deltas: set[str]) -> exp.Expr:
    """A copy of ``query`` with marks in place of the queries that are put into ``below``; its own deltas go into ``deltas``."""

    def replaced(node: exp.Expr, parent: exp.Expr | None) -> exp.Expr | None:
        if isinstance(node, exp.Placeholder):
            return timed(f"\0{node.name}")
        if isinstance(node, exp.Table):
            if node.db == DELTA:
                deltas.add(node.name)
            return placed(node)
        inside = isinstance(parent, exp.CTE) or (isinstance(parent, exp.Subquery) and parent.args.get("alias"))
        if inside and isinstance(node, exp.Select | exp.SetOperation):
            below.append(node)
            return exp.Var(this=f"\0{len(below) - 1}\0")
        return None

    return copied(query, replaced)
