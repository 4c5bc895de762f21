"""The DuckDB type of every expression of a query: asked of DuckDB, so that no rule of ours has to agree with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import duckdb
from sqlglot import exp

from headrace.engine.spark.kinds import parsed

Describe = Callable[[exp.Query], list[tuple[str, str]]]
Kinds = dict[int, exp.DataType]
_NOT_VALUES = (exp.PropertyEQ, exp.Star, exp.Query)


def kinds(query: exp.Expr, describe: Describe) -> Kinds:
    """Types by the identity of the node. No node may stand in two places. What DuckDB cannot type by itself is left out."""
    found: Kinds = {}
    for select in query.find_all(exp.Select):
        values = list(_values(select))
        plain = [v for v in values if v.find(exp.AggFunc) is None]
        grouped = [v for v in values if v.find(exp.AggFunc) is not None]
        for some, group in ((plain, False), (grouped, True)):
            found.update(_asked(select, some, describe, group=group))
    return found


def _values(select: exp.Select) -> Iterator[exp.Expr]:
    """The expressions of a SELECT itself, without those of queries within it."""
    for node in select.walk(prune=lambda n: n is not select and isinstance(n, exp.Query | exp.Table | exp.With)):
        if isinstance(node, exp.Condition | exp.Filter | exp.AtTimeZone) and _has_a_type(node):
            yield node


def _has_a_type(node: exp.Expr) -> bool:
    parent = node.parent
    if isinstance(node, _NOT_VALUES):
        return False
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
        return False
    if isinstance(node, exp.If) and isinstance(parent, exp.Case):
        return False
    # A function without its OVER is another function, or none.
    inside = isinstance(parent, exp.Window | exp.IgnoreNulls | exp.RespectNulls) and node.arg_key == "this"
    return not inside and not isinstance(parent, exp.Interval | exp.Limit | exp.Offset | exp.WindowSpec)


def _asked(select: exp.Select, values: Sequence[exp.Expr], describe: Describe, *, group: bool) -> Kinds:
    """All at once; one by one where one of them has no type."""
    if not values:
        return {}
    described: list[tuple[str, str]] = []
    with suppress(duckdb.Error):
        described = describe(probe(select, values, group=group))
    # A struct that is unnested makes several columns of one.
    if len(described) == len(values):
        return {id(value): parsed(kind) for value, (_, kind) in zip(values, described, strict=True)}
    if len(values) > 1:
        return {i: k for value in values for i, k in _asked(select, [value], describe, group=group).items()}
    return _alone(select, values[0], describe)


def _alone(select: exp.Select, value: exp.Expr, describe: Describe) -> Kinds:
    """A value that names a column which its SELECT makes, or one of a table that it only looks for matches in."""
    plain = probe(select, [value], group=select.args.get("group") is not None)
    beside = plain.copy()
    beside.set("expressions", [*(e.copy() for e in select.expressions), *beside.expressions])
    joined = plain.copy()
    for join in joined.args.get("joins") or []:
        if join.kind in ("SEMI", "ANTI"):
            join.set("kind", "INNER")
    for asked in (beside, joined):
        with suppress(duckdb.Error):
            return {id(value): parsed(describe(asked)[-1][1])}
    return {}


def probe(select: exp.Select, values: Sequence[exp.Expr], *, group: bool) -> exp.Query:
    """The values over what the SELECT reads."""
    asked = exp.Select(expressions=[exp.alias_(v.copy(), f"t{i}", quoted=True) for i, v in enumerate(values)])
    for part in ("from_", "joins", *(("group",) if group else ())):
        held = select.args.get(part)
        if held is not None:
            asked.set(part, [h.copy() for h in held] if isinstance(held, list) else held.copy())
    return _with(asked, _named(select))


def seeing(query: exp.Query) -> exp.Query:
    """A query from within another, with the common table expressions that it can see."""
    return _with(query.copy(), _named(query))


def _with(query: exp.Query, named: Sequence[exp.Expr]) -> exp.Query:
    if named:
        query.set("with_", exp.With(expressions=[cte.copy() for cte in named]))
    return query


def _named(query: exp.Query) -> list[exp.Expr]:
    """The common table expressions that a query can see, those outside it first."""
    found: list[exp.Expr] = []
    node: exp.Expr | None = query
    inside: exp.Expr | None = None
    while node is not None:
        own = node.args.get("with_")
        if own is not None:
            listed = own.expressions
            # Within one of them, those before it are seen.
            upto = next((i for i, cte in enumerate(listed) if cte is inside), len(listed))
            found = [*listed[:upto], *found]
        if isinstance(node, exp.CTE):
            inside = node
        node = node.parent
    return found
