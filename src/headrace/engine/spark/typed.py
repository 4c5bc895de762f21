"""The DuckDB type of every expression of a query: asked of DuckDB, so that no rule of ours has to agree with it.

DuckDB is asked SELECT by SELECT. What a SELECT reads from within the query goes along as its columns and their types alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TypeVar, cast

import duckdb
from sqlglot import exp

from headrace.engine.render import copied, generated
from headrace.engine.spark.kinds import NOTHING, parsed
from headrace.engine.spark.subqueries import asking, is_scalar
from headrace.engine.spark.trees import named

Columns = list[tuple[str, str]]
Describe = Callable[[exp.Query], Columns]
Node = TypeVar("Node", bound=exp.Expr)
_NOT_VALUES = (exp.PropertyEQ, exp.Star, exp.Query, exp.Any, exp.All)


class Types:
    """Of one tree, in which no node stands in two places.

    Args:
        describe: the output columns of a query, with DuckDB's types.
    """

    def __init__(self, query: exp.Expr, describe: Describe) -> None:
        self._describe = describe
        self._columns: dict[int, Columns | None] = {}
        self._kinds: dict[int, exp.DataType] = {}
        for select in query.find_all(exp.Select):
            values = list(_values(select))
            plain = [v for v in values if v.find(exp.AggFunc) is None]
            grouped = [v for v in values if v.find(exp.AggFunc) is not None]
            for some, group in ((plain, False), (grouped, True)):
                self._ask(select, some, group=group)

    def kind(self, node: exp.Expr) -> exp.DataType | None:
        """The type of an expression of the tree; None when DuckDB cannot type it by itself."""
        return self._kinds.get(id(node))

    def columns(self, query: exp.Query) -> Columns:
        """The output columns of a query within the tree.

        Raises:
            duckdb.Error: it names columns of what it stands in, or is none that DuckDB takes.
        """
        found = self._columns_or_none(query)
        return self._describe(self._seeing(query)) if found is None else found

    def by_itself(self, query: exp.Query) -> bool:
        """Whether the query names nothing of what it stands in."""
        return self._columns_or_none(query) is not None

    def reads(self, select: exp.Select, column: exp.Column) -> bool:
        """Whether what the SELECT reads has a column of that name."""
        return self._is_taken(self._probe(select, [column], group=False))

    def read(self, select: exp.Select, source: exp.Expr) -> Columns:
        """The columns of one of the relations that the SELECT reads."""
        return self._describe(self._over(select, source, exp.Star()))

    def is_of(self, select: exp.Select, source: exp.Expr, value: exp.Expr) -> bool:
        """Whether the value names columns of that relation alone."""
        return self._is_taken(self._over(select, source, value))

    def _is_taken(self, query: exp.Query) -> bool:
        try:
            return bool(self._describe(query))
        except duckdb.Error:
            return False

    def _over(self, select: exp.Select, source: exp.Expr, value: exp.Expr) -> exp.Select:
        from_ = self._lightly(exp.From(this=source.copy()))
        return self._with(exp.Select(expressions=[value.copy()], from_=from_), select)

    # -- asking

    def _ask(self, select: exp.Select, values: Sequence[exp.Expr], *, group: bool) -> None:
        """All at once; by halves where one of them has no type."""
        if not values:
            return
        described: Columns = []
        with suppress(duckdb.Error):
            described = self._describe(self._probe(select, values, group=group))
        if not described and (outer := asking(select)) is not None:
            with suppress(duckdb.Error):
                described = self._within(outer, select, values, group=group)
        # A struct that is unnested makes several columns of one.
        if len(described) == len(values):
            self._kinds.update((id(v), parsed(kind)) for v, (_, kind) in zip(values, described, strict=True))
        elif len(values) > 1:
            half = len(values) // 2
            self._ask(select, values[:half], group=group)
            self._ask(select, values[half:], group=group)
        else:
            self._ask_alone(select, values[0])

    def _within(self, outer: exp.Select, select: exp.Select, values: Sequence[exp.Expr], *, group: bool) -> Columns:
        """The types of values that name columns of the SELECT in which theirs stands."""
        inner = self._probe(select, [], group=group)
        inner.set("with_", None)
        fields = [exp.PropertyEQ(this=exp.to_identifier(f"t{i}"), expression=v.copy()) for i, v in enumerate(values)]
        inner.set("expressions", [exp.Struct(expressions=fields)])
        beside = self._probe(outer, [exp.Subquery(this=inner)], group=False)
        ((_, kind),) = self._describe(self._with(beside, select))
        return [(field.name, generated(field.kind)) for field in parsed(kind).expressions]

    def _ask_alone(self, select: exp.Select, value: exp.Expr) -> None:
        """A value that names a column which its SELECT makes, or one of a table that it only looks for matches in."""
        plain = self._probe(select, [value], group=select.args.get("group") is not None)
        beside = plain.copy()
        beside.set("expressions", [*(e.copy() for e in select.expressions), *beside.expressions])
        joined = plain.copy()
        for join in joined.args.get("joins") or []:
            if join.kind in ("SEMI", "ANTI"):
                join.set("kind", "INNER")
        for asked in (beside, joined):
            with suppress(duckdb.Error):
                self._kinds[id(value)] = parsed(self._describe(asked)[-1][1])
                return

    def _probe(self, select: exp.Select, values: Sequence[exp.Expr], *, group: bool) -> exp.Select:
        """The values over what the SELECT reads."""
        asked = exp.Select(expressions=[exp.alias_(v.copy(), f"t{i}", quoted=True) for i, v in enumerate(values)])
        for part in ("from_", "joins", *(("group",) if group else ())):
            held = select.args.get(part)
            if held is not None:
                asked.set(part, [self._lightly(h) for h in held] if isinstance(held, list) else self._lightly(held))
        return self._with(asked, select)

    # -- what a query reads, as its columns alone

    def _columns_or_none(self, query: exp.Query) -> Columns | None:
        if id(query) not in self._columns:
            self._columns[id(query)] = None
            with suppress(duckdb.Error):
                self._columns[id(query)] = self._describe(self._seeing(query))
        return self._columns[id(query)]

    def _seeing(self, query: exp.Query) -> exp.Query:
        """A query from within another, with the common table expressions that it can see."""
        own = self._lightly(query)
        own.set("with_", None)
        return self._with(own, query)

    def _with(self, made: Node, within: exp.Query) -> Node:
        """Made for a place within the tree, with the common table expressions that are seen there."""
        wanted = {table.name.lower() for table in made.find_all(exp.Table) if not table.db}
        listed = [self._cte(cte) for cte in _named(within) if cte.alias.lower() in wanted]
        if listed:
            made.set("with_", exp.With(expressions=listed))
        return made

    def _cte(self, cte: exp.CTE) -> exp.Expr:
        columns = self._columns_or_none(cte.this)
        return cte.copy() if columns is None else exp.CTE(this=_nothing(columns), alias=cte.args["alias"].copy())

    def _lightly(self, node: Node) -> Node:
        """A copy in which queries that are read from are columns of their types."""

        def replaced(part: exp.Expr, above: exp.Expr | None) -> exp.Expr | None:
            inner = (
                part.this if isinstance(part, exp.Subquery) and isinstance(part.parent, exp.From | exp.Join) else None
            )
            if above is None or not isinstance(inner, exp.Query) or isinstance(inner, exp.Subquery):
                return None
            columns = self._columns_or_none(inner)
            alias = part.args.get("alias")
            if columns is None:
                return None
            return exp.Subquery(this=_nothing(columns), alias=None if alias is None else alias.copy())

        return cast("Node", copied(node, replaced))


def _nothing(columns: Columns) -> exp.Select:
    """A row of such columns."""
    return exp.Select(
        expressions=[
            exp.alias_(
                exp.Null() if kind == NOTHING else exp.Cast(this=exp.Null(), to=parsed(kind).copy()), named(name)
            )
            for name, kind in columns
        ]
    )


def _values(select: exp.Select) -> Iterator[exp.Expr]:
    """The expressions of a SELECT itself, without those of queries within it."""
    for node in select.walk(prune=lambda n: n is not select and isinstance(n, exp.Query | exp.Table | exp.With)):
        if is_scalar(node) or (isinstance(node, exp.Condition | exp.Filter | exp.AtTimeZone) and _has_a_type(node)):
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


def _named(query: exp.Query) -> list[exp.CTE]:
    """The common table expressions that a query can see, those outside it first."""
    found: list[exp.CTE] = []
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
