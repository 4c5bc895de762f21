"""A SELECT with one part of its tree left out or replaced by a part of itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

Edit = Callable[[exp.Expr], "exp.Expr | None"]


def edits(sql: str) -> Iterator[str]:
    """Shorter texts, those that lack the largest parts first. Not all of them are valid."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    for place, node in enumerate(tree.walk()):
        if isinstance(node, exp.Literal | exp.Identifier | exp.DataType | exp.Var):
            continue
        for edit in (*_promotions(node), *_deletions(node)):
            copy = tree.copy()
            twin = next(other for i, other in enumerate(copy.walk()) if i == place)
            try:
                edited = edit(twin)
                text = (copy if edited is None else edited).sql("duckdb")
            except (SqlglotError, AttributeError, KeyError, TypeError, ValueError, IndexError):
                continue
            if len(text) < len(sql):
                yield text


def _promotions(node: exp.Expr) -> Iterator[Edit]:
    """A part of the node in its place, or a literal."""
    for place in range(min(len(_below(node)), 12)):
        yield lambda twin, place=place: _put(twin, _below(twin)[place].copy())
    if isinstance(node, exp.Condition) and not isinstance(node, exp.Column):
        yield lambda twin: _put(twin, exp.Literal.number(1))


def _below(node: exp.Expr) -> list[exp.Expr]:
    """The parts of a node that may stand where it stands."""
    kinds = (type(node), exp.Query, exp.Condition)
    return [part for part in node.walk() if part is not node and isinstance(part, kinds)]


def _put(node: exp.Expr, part: exp.Expr) -> exp.Expr | None:
    """``part`` in the place of ``node``; the new tree, when that is the root."""
    if node.parent is None:
        return part
    node.replace(part)
    return None


def _deletions(node: exp.Expr) -> Iterator[Edit]:
    """One optional part of the node, or one element of a list in it, left out."""
    for name, value in node.args.items():
        if isinstance(value, list):
            for place in range(len(value)):
                yield lambda twin, name=name, place=place: twin.set(
                    name, [v for i, v in enumerate(twin.args[name]) if i != place]
                )
        elif value and name != "this":
            yield lambda twin, name=name: twin.set(name, None)
