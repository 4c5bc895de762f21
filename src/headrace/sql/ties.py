"""What ties the rows of a subquery to those outside it: columns of ``in0``, the rows outside, beside those of its own tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from headrace.sql.functions import has_subquery
from headrace.sql.nodes import INPUTS, Node, column

OUTSIDE, INSIDE = INPUTS[:2]
_READ = ("from_", "joins", "laterals")


@dataclass(frozen=True)
class Correlated:
    """A subquery tied to the rows outside.

    Attributes:
        value: the expression over ``in0``, the rows outside, and ``in1``, the rows inside.
        inside: the subquery's own rows, before what ties them to the outside.
        keys: expressions over the rows outside and inside that have to be equal.
    """

    value: exp.Expr
    inside: Node
    keys: tuple[tuple[exp.Expr, ...], tuple[exp.Expr, ...]]


def is_outside(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and node.table == OUTSIDE


def key_column(node: exp.Expr, known: Mapping[exp.Expr, str]) -> exp.Expr:
    """``node``; the group's column for it, if it is a column of the rows outside that ``known`` has."""
    name = known.get(column(node.name)) if is_outside(node) else None
    return node if name is None else column(name, OUTSIDE)


def key_pair(part: exp.Expr) -> tuple[exp.Expr, exp.Expr] | None:
    """The sides of an equality that ties the two: over the columns of the rows outside, and over the tables inside."""
    if not isinstance(part, exp.EQ | exp.NullSafeEQ) or has_subquery(part):
        return None
    sides = [part.this, part.expression]
    for outside, inside in (sides, sides[::-1]):
        outer, inner = list(outside.find_all(exp.Column)), list(inside.find_all(exp.Column))
        if outer and inner and all(map(is_outside, outer)) and not any(map(is_outside, inner)):
            return unqualified(outside), inside
    return None


def said_outside(value: exp.Expr) -> exp.Expr:
    """An expression over the columns of the rows outside, which says so."""
    return value.copy().transform(lambda n: column(n.name, OUTSIDE) if isinstance(n, exp.Column) else n)


def unqualified(value: exp.Expr) -> exp.Expr:
    """An expression over the rows outside, by their columns' names alone."""
    return value.copy().transform(lambda n: column(n.name) if is_outside(n) else n)


def dotted(value: exp.Expr) -> exp.Expr:
    """An expression over the tables inside, by the names that their joined columns have."""
    return value.copy().transform(lambda n: column(f"{n.table}.{n.name}") if isinstance(n, exp.Column) else n)


def reads_outside(query: exp.Select) -> bool:
    """Whether its FROM reads the rows outside."""
    return any(is_outside(c) for part in _read(query) for c in part.find_all(exp.Column))


def rows_inside(query: exp.Select, outputs: Sequence[exp.Expr], own: Sequence[exp.Expr]) -> exp.Select:
    """``outputs`` over what ``query`` reads from, where its ``own`` conditions hold."""
    rows = exp.Select(expressions=list(outputs))
    for clause in _READ:
        found = query.args.get(clause)
        if found:
            rows.set(clause, [f.copy() for f in found] if isinstance(found, list) else found.copy())
    return rows.where(*(part.copy() for part in own)) if own else rows


def without_tables(query: exp.Select) -> exp.Select:
    """``query`` without what it reads from."""
    rest = query.copy()
    for clause in _READ:
        rest.set(clause, None)
    return rest


def _read(query: exp.Select) -> Iterator[exp.Expr]:
    for clause in _READ:
        found = query.args.get(clause) or []
        yield from found if isinstance(found, list) else [found]
