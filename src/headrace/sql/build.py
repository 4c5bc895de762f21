"""From a settled SELECT to a tree of operators.

What this module does not know how to split, it leaves as one ``Recompute`` of the whole over clean inputs: that is always
right, and ``explain`` says so. ``_Unsplit`` carries the reason up to the smallest SELECT around it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from headrace.sql.batch import batch
from headrace.sql.catalog import Catalog
from headrace.sql.from_clause import FromClause
from headrace.sql.functions import aggregates, conjuncts, has_aggregate, mentions_time, windows
from headrace.sql.nodes import INPUTS, Aggregate, Expire, Named, Node, Project, Recompute, Union, column
from headrace.sql.subqueries import Subqueries
from headrace.sql.temporal import expiry
from headrace.sql.unsplit import UnsplitError
from headrace.sql.whole import whole

Env = Mapping[str, Node]


def build(query: exp.Query, catalog: Catalog, env: Env | None = None) -> Node:
    """The operators of ``query``; ``env`` maps names of common table expressions to their operators."""
    env = dict(env or {})
    try:
        query = _without_ctes(query, catalog, env)
        if isinstance(query, exp.Select):
            return _Select(query, catalog, env).node()
        if isinstance(query, exp.SetOperation):
            return _set_operation(query, catalog, env)
        if isinstance(query, exp.Subquery) and not query.args.get("order") and not query.args.get("limit"):
            return build(query.this, catalog, env)
        raise UnsplitError(f"{query.key.upper()}")
    except UnsplitError as reason:
        return whole(query, catalog, env, str(reason))


def _without_ctes(query: exp.Query, catalog: Catalog, env: dict[str, Node]) -> exp.Query:
    """Build the common table expressions into ``env``, and return what is left of the query."""
    with_ = query.args.get("with_")
    if with_ is None:
        return query
    if with_.recursive:
        raise UnsplitError("a recursive common table expression")
    for cte in with_.expressions:
        env[cte.alias] = _renamed(build(cte.this, catalog, env), cte.args["alias"].columns)
    body = query.copy()
    body.set("with_", None)
    return body


def _renamed(node: Node, names: list[exp.Identifier]) -> Node:
    if not names:
        return node
    pairs = zip(names, node.columns, strict=False)
    return Project(node, tuple((name.name, column(old)) for name, old in pairs))


class _Select:
    """One SELECT, taken apart in the order SQL evaluates it."""

    def __init__(self, select: exp.Select, catalog: Catalog, env: Env) -> None:
        self._select = select
        self._catalog = catalog
        self._oracle = catalog.oracle
        self._env = env

    def node(self) -> Node:
        self._check()
        select = self._select
        source = FromClause(select, self._catalog, self._env, build)
        self._subqueries = Subqueries(self._catalog, self._env, build, source.name)
        node, rest = source.joined(conjuncts(_argument(select, "where")))
        node = self._filtered(node, [self._resolved(source, part) for part in rest])
        outputs: list[Named] = [(s.alias_or_name, self._resolved(source, s.unalias())) for s in select.selects]
        having = [self._resolved(source, part) for part in conjuncts(_argument(select, "having"))]
        qualify = [self._resolved(source, part) for part in conjuncts(_argument(select, "qualify"))]
        order = self._order(source, outputs)
        if self._groups():
            keys = [self._resolved(source, key) for key in self._keys()]
            node, outputs, having, qualify, order = self._grouped(node, keys, outputs, having, qualify, order)
            node = self._filtered(node, having)
        node = self._subqueries.add(node, self._lifted([*(value for _, value in outputs), *qualify, *order]))
        node, outputs, qualify = self._windowed(node, outputs, qualify)
        node = _filtered(node, qualify)
        return self._finished(node, outputs, order)

    def _check(self) -> None:
        select = self._select
        group = select.args.get("group")
        if group is not None and group.find(exp.Rollup, exp.Cube, exp.GroupingSets) is not None:
            raise UnsplitError("GROUPING SETS, ROLLUP or CUBE")
        for clause in ("laterals", "pivots", "connect", "sample", "match", "sort", "cluster", "distribute", "windows"):
            if select.args.get(clause):
                raise UnsplitError(f"the {clause} clause")
        distinct = select.args.get("distinct")
        if distinct is not None and distinct.args.get("on") is not None:
            raise UnsplitError("DISTINCT ON")
        timed = [*select.selects, *(c for name in ("group", "order") if (c := _argument(select, name)) is not None)]
        if any(mentions_time(part) for part in timed):
            raise UnsplitError("now() outside a WHERE condition")
        if any(star.is_star or star.find(exp.Columns) for star in select.selects):
            raise UnsplitError("COLUMNS()")

    def _resolved(self, source: FromClause, part: exp.Expr) -> exp.Expr:
        """Over the joined columns, with a column in place of each subquery."""
        return source.resolve(self._subqueries.lift(part))

    def _lifted(self, parts: Sequence[exp.Expr]) -> list[str]:
        return list(dict.fromkeys(name for part in parts for name in self._subqueries.named(part)))

    def _filtered(self, node: Node, parts: list[exp.Expr]) -> Node:
        """Filters: those without a subquery first, which leaves fewer rows for the others."""
        node = _filtered(node, [part for part in parts if not self._lifted([part])])
        for part in (part for part in parts if self._lifted([part])):
            made = self._subqueries.filtered(node, part)
            node = made or _filtered(self._subqueries.add(node, self._lifted([part])), [part])
        return node

    def _groups(self) -> bool:
        having = _argument(self._select, "having")
        return (
            self._select.args.get("group") is not None
            or having is not None
            or any(has_aggregate(s, self._oracle) for s in self._select.selects)
        )

    def _keys(self) -> list[exp.Expr]:
        group = self._select.args.get("group")
        keys = [] if group is None else list(group.expressions)
        selects = self._select.selects
        keys = [selects[int(k.name) - 1].unalias() if k.is_int else k for k in keys]
        # A bare constant in GROUP BY would be read as a position.
        return [exp.func("COALESCE", k.copy()) if isinstance(k, exp.Literal) else k for k in keys]

    def _order(self, source: FromClause, outputs: list[Named]) -> list[exp.Ordered]:
        """ORDER BY over the tables' columns: positions and aliases of the select list replaced by what they stand for."""
        order = self._select.args.get("order")
        by_name = dict(outputs)
        resolved = []
        for ordered in order.expressions if order is not None else ():
            placed = ordered.copy()
            value = placed.this
            if value.is_int:
                placed.set("this", outputs[int(value.name) - 1][1].copy())
            elif isinstance(value, exp.Column) and not value.table and value.name in by_name:
                placed.set("this", by_name[value.name].copy())
            else:
                placed.set("this", self._resolved(source, value))
            resolved.append(placed)
        return resolved

    def _grouped(
        self,
        node: Node,
        keys: list[exp.Expr],
        outputs: list[Named],
        having: list[exp.Expr],
        qualify: list[exp.Expr],
        order: list[exp.Ordered],
    ) -> tuple[Node, list[Named], list[exp.Expr], list[exp.Expr], list[exp.Ordered]]:
        names: dict[exp.Expr, str] = {}
        for i, key in enumerate(keys):
            names.setdefault(key, f"key{i}")
        parts = [*(value for _, value in outputs), *having, *qualify, *order]
        found = [call.copy() for part in parts for call in aggregates(part, self._oracle)]
        inside = self._lifted([*keys, *found])
        outside = [name for name in self._lifted(parts) if name not in inside]
        found += [call for part in self._subqueries.compared(outside) for call in aggregates(part, self._oracle)]
        calls: dict[exp.Expr, str] = {}
        for call in found:
            calls.setdefault(call, f"agg{len(calls)}")
        node = self._subqueries.add(node, inside)
        node = Aggregate(
            node, tuple((name, key) for key, name in names.items()), tuple((name, call) for call, name in calls.items())
        )
        known = {**names, **calls}
        self._subqueries.grouped(outside, known)

        def over(value: exp.Expr) -> exp.Expr:
            return _replaced(value, known)

        outputs = [(name, over(value)) for name, value in outputs]
        having, qualify = [over(v) for v in having], [over(v) for v in qualify]
        return node, outputs, having, qualify, [over(v) for v in order]  # type: ignore[misc]

    def _windowed(
        self, node: Node, outputs: list[Named], qualify: list[exp.Expr]
    ) -> tuple[Node, list[Named], list[exp.Expr]]:
        found: dict[exp.Expr, str] = {}
        for part in [*(value for _, value in outputs), *qualify]:
            for window in windows(part):
                found.setdefault(window.copy(), f"win{len(found)}")
        if not found:
            return node, outputs, qualify
        if any(mentions_time(w) for w in found):
            raise UnsplitError("now() inside a window function")
        partitions = [set(w.args.get("partition_by") or ()) for w in found]
        common = tuple(p for p in (next(iter(found)).args.get("partition_by") or ()) if all(p in s for s in partitions))
        query = exp.select(*(column(c) for c in node.columns)).from_(INPUTS[0])
        query = query.select(
            *(exp.alias_(window.copy(), name, quoted=True) for window, name in found.items()), copy=False
        )
        recomputed = Recompute(
            "window functions",
            query,
            (node,),
            (common,) if common else None,
            node.columns + tuple(found.values()),
            "" if common else "no PARTITION BY that all windows share",
        )
        outputs = [(name, _replaced(value, found)) for name, value in outputs]
        return recomputed, outputs, [_replaced(value, found) for value in qualify]

    def _finished(self, node: Node, outputs: list[Named], order: list[exp.Ordered]) -> Node:
        limited = self._select.args.get("limit") or self._select.args.get("offset")
        if len({name for name, _ in outputs}) < len(outputs):
            raise UnsplitError("two output columns of the same name")
        if self._select.args.get("distinct") is not None:
            node = Project(node, tuple(outputs))
            node = Aggregate(node, tuple((name, column(name)) for name, _ in outputs), ())
            if not limited:
                return node
            order = [_replaced(o, {value: name for name, value in outputs}) for o in order]  # type: ignore[misc]
            outputs = [(name, column(name)) for name, _ in outputs]
        if not limited:
            return Project(node, tuple(outputs))
        return _limited(node, outputs, order, self._select)


def _limited(node: Node, outputs: list[Named], order: list[exp.Ordered], query: exp.Query) -> Node:
    """ORDER BY with LIMIT: the whole of what is ordered is looked at again, so it is best put on something small."""
    hidden = [(f"order{i}", ordered.this) for i, ordered in enumerate(order)]
    node = Project(node, (*outputs, *hidden))
    names = tuple(name for name, _ in outputs)
    top = exp.select(*(column(name) for name in names)).from_(INPUTS[0])
    for (name, _), ordered in zip(hidden, order, strict=True):
        by = ordered.copy()
        by.set("this", column(name))
        top = top.order_by(by, copy=False)
    for clause in ("limit", "offset"):
        if query.args.get(clause) is not None:
            top.set(clause, query.args[clause].copy())
    return Recompute("ORDER BY … LIMIT", top, (node,), None, names, "the first rows depend on all rows")


def _filtered(node: Node, parts: list[exp.Expr]) -> Node:
    """Filters, those on logical time apart from the others."""
    plain = [part for part in parts if not mentions_time(part)]
    timed = [part for part in parts if mentions_time(part)]
    if plain:
        node = Project(node, tuple((c, column(c)) for c in node.columns), exp.and_(*plain))
    if timed:
        node = Expire(node, exp.and_(*timed), expiry(timed))
    return node


def _replaced(value: exp.Expr, known: Mapping[exp.Expr, str]) -> exp.Expr:
    """``value`` with each known expression replaced by the column that holds it."""

    def swap(node: exp.Expr) -> exp.Expr:
        name = known.get(node)
        return column(name) if name is not None else node

    return value.copy().transform(swap)


def _argument(select: exp.Select, name: str) -> exp.Expr | None:
    clause = select.args.get(name)
    if clause is None:
        return None
    found: exp.Expr = clause.this if name in ("where", "having", "qualify") else clause
    return found


def _set_operation(query: exp.SetOperation, catalog: Catalog, env: Env) -> Node:
    if query.args.get("by_name"):
        raise UnsplitError("a set operation BY NAME")
    left, right = build(query.left, catalog, env), build(query.right, catalog, env)
    if len(left.columns) != len(right.columns):
        raise UnsplitError("branches of different width")
    left, right = _unified(left, right, catalog)
    columns = left.columns
    node: Node
    if isinstance(query, exp.Union):
        node = Union((left, right))
        if query.args.get("distinct"):
            node = Aggregate(node, tuple((c, column(c)) for c in columns), ())
    else:
        operation = type(query)(
            this=exp.select(*(column(c) for c in columns)).from_(INPUTS[0]),
            expression=exp.select(*(column(c) for c in columns)).from_(INPUTS[1]),
            distinct=query.args.get("distinct"),
        )
        every = tuple(column(c) for c in columns)
        node = Recompute(query.key.upper(), operation, (left, right), (every, every), columns)
    if query.args.get("limit") or query.args.get("offset"):
        order = [_by_name(o, columns) for o in (query.args["order"].expressions if query.args.get("order") else ())]
        node = _limited(node, [(c, column(c)) for c in columns], order, query)
    return node


def _by_name(ordered: exp.Ordered, columns: tuple[str, ...]) -> exp.Ordered:
    ordered = ordered.copy()
    if ordered.this.is_int:
        ordered.set("this", column(columns[int(ordered.this.name) - 1]))
    return ordered


def _unified(left: Node, right: Node, catalog: Catalog) -> tuple[Node, Node]:
    """Both branches with the names of the left one and the types the engine gives the set operation."""
    both = exp.Union(this=batch(left), expression=batch(right), distinct=False)
    types = [kind for _, kind in catalog.oracle.describe(both)]

    def cast(node: Node) -> Node:
        pairs = zip(left.columns, node.columns, types, strict=True)
        return Project(node, tuple((name, exp.cast(column(old), kind, dialect="duckdb")) for name, old, kind in pairs))

    return cast(left), cast(right)
