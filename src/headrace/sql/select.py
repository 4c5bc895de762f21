"""One SELECT to operators, taken apart in the order SQL evaluates it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.from_clause import FromClause
from headrace.sql.functions import aggregates, conjuncts, has_aggregate, is_windowed, mentions_time, windows
from headrace.sql.grouping import grouped_by_sets, grouping_sets
from headrace.sql.keys import once
from headrace.sql.nodes import INPUTS, Aggregate, Expire, Named, Node, Project, Recompute, Top, Window, column
from headrace.sql.subqueries import Subqueries
from headrace.sql.temporal import expiry
from headrace.sql.unsplit import UnsplitError

Env = Mapping[str, Node]
Builder = Callable[[exp.Query, Catalog, Env], Node]


class Select:
    """One SELECT, taken apart in the order SQL evaluates it."""

    def __init__(self, select: exp.Select, catalog: Catalog, env: Env, build: Builder) -> None:
        self._select = select
        self._build = build
        self._catalog = catalog
        self._oracle = catalog.oracle
        self._env = env

    def node(self) -> Node:
        self._check()
        select = self._select
        source = FromClause(select, self._catalog, self._env, self._build)
        self._subqueries = Subqueries(self._catalog, self._env, self._build, source.name)
        node, rest = source.joined(
            conjuncts(_argument(select, "where")),
            lambda node, part: self._filtered(node, [self._resolved(source, part)]),
        )
        node = self._filtered(node, [self._resolved(source, part) for part in rest])
        outputs: list[Named] = [(s.alias_or_name, self._resolved(source, s.unalias())) for s in select.selects]
        having = [self._resolved(source, part) for part in conjuncts(_argument(select, "having"))]
        qualify = [self._resolved(source, part) for part in conjuncts(_argument(select, "qualify"))]
        order = self._order(source, outputs)
        first = self._first_of(source, outputs)
        if self._groups():
            sets = [tuple(self._resolved(source, self._key(key)) for key in keys) for keys in self._sets()]
            parts = [*(value for _, value in outputs), *having, *qualify, *order, *first]
            node, over = self._grouped(node, sets, parts)
            outputs = [(name, over(value)) for name, value in outputs]
            having, qualify, order, first = ([over(v) for v in part] for part in (having, qualify, order, first))
            node = self._filtered(node, having)
        node = self._subqueries.add(node, self._lifted([*(value for _, value in outputs), *qualify, *order]))
        node, over = _windowed(node, [*(value for _, value in outputs), *qualify, *order, *first], ranked=bool(first))
        outputs = [(name, over(value)) for name, value in outputs]
        node = _filtered(node, [over(part) for part in qualify])
        return self._finished(node, outputs, [over(o) for o in order], [over(e) for e in first])

    def _check(self) -> None:
        select = self._select
        for clause in ("pivots", "connect", "sample", "match", "sort", "cluster", "distribute", "windows"):
            if select.args.get(clause):
                raise UnsplitError(f"the {clause} clause")
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

    def _sets(self) -> list[tuple[exp.Expr, ...]]:
        return grouping_sets(self._select.args.get("group"))

    def _key(self, key: exp.Expr) -> exp.Expr:
        selects = self._select.selects
        if key.is_int:
            key = selects[int(key.name) - 1].unalias()
        # A bare constant in GROUP BY would be read as a position.
        return key if key.find(exp.Column) else exp.func("COALESCE", key.copy())

    def _first_of(self, source: FromClause, outputs: list[Named]) -> list[exp.Expr]:
        """The expressions of DISTINCT ON."""
        distinct = self._select.args.get("distinct")
        on = None if distinct is None else distinct.args.get("on")
        by_name = dict(outputs)
        found: list[exp.Expr] = []
        for value in () if on is None else on.expressions:
            if value.is_int:
                found.append(outputs[int(value.name) - 1][1])
            elif isinstance(value, exp.Column) and not value.table and value.name in by_name:
                found.append(by_name[value.name])
            else:
                found.append(self._resolved(source, value))
        return found

    def _order(self, source: FromClause, outputs: list[Named]) -> list[exp.Expr]:
        """ORDER BY over the tables' columns: positions and aliases of the select list replaced by what they stand for."""
        order = self._select.args.get("order")
        by_name = dict(outputs)
        resolved: list[exp.Expr] = []
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
        self, node: Node, sets: Sequence[tuple[exp.Expr, ...]], parts: Sequence[exp.Expr]
    ) -> tuple[Node, Callable[[exp.Expr], exp.Expr]]:
        """The groups, and what turns an expression of a SELECT with GROUP BY into one over their columns."""
        names: dict[exp.Expr, str] = {}
        for key in dict.fromkeys(key for chosen in sets for key in chosen):
            names[key] = f"key{len(names)}"
        found = [call.copy() for part in parts for call in aggregates(part, self._oracle)]
        inside = self._lifted([*names, *found])
        outside = [name for name in self._lifted(parts) if name not in inside]
        found += [call for part in self._subqueries.compared(outside) for call in aggregates(part, self._oracle)]
        if not found and () in sets:
            found = [exp.Count(this=exp.Star(), big_int=True)]
        calls = {call: f"agg{i}" for i, call in enumerate(dict.fromkeys(found))}
        told = {call: f"told{i}" for i, call in enumerate(dict.fromkeys(_groupings(parts)))}
        node = self._subqueries.add(node, inside)
        if len(sets) == 1 and not told:
            node = Aggregate(node, _pairs(names), _pairs(calls))
        else:
            node = grouped_by_sets(node, sets, names, _pairs(calls), _pairs(told), self._oracle)
        known = {**names, **calls, **told}
        if len(sets) > 1:
            # A constant that is a key is NULL where the set does not have it.
            known |= {key.this: name for key, name in names.items() if not key.find(exp.Column)}
        self._subqueries.grouped(outside, known)
        return node, lambda value: _replaced(value, known)

    def _finished(self, node: Node, outputs: list[Named], order: list[exp.Expr], first: list[exp.Expr]) -> Node:
        is_limited = self._select.args.get("limit") or self._select.args.get("offset")
        if len({name for name, _ in outputs}) < len(outputs):
            raise UnsplitError("two output columns of the same name")
        if first:
            node = Top(node, tuple(first), tuple(order), 1, "__first")
        elif self._select.args.get("distinct") is not None:
            node = Project(node, tuple(outputs))
            node = once(node)
            if not is_limited:
                return node
            order = [_replaced(o, {value: name for name, value in outputs}) for o in order]
            outputs = [(name, column(name)) for name, _ in outputs]
        if not is_limited:
            return Project(node, tuple(outputs))
        return limited(node, outputs, order, self._select)


def limited(node: Node, outputs: list[Named], order: Sequence[exp.Expr], query: exp.Query) -> Node:
    """ORDER BY with LIMIT."""
    hidden = [(f"order{i}", ordered.this) for i, ordered in enumerate(order)]
    node = Project(node, (*outputs, *hidden))
    by = []
    for (name, _), ordered in zip(hidden, order, strict=True):
        by.append(ordered.copy())
        by[-1].set("this", column(name))
    shown = tuple((name, column(name)) for name, _ in outputs)
    limit, offset = _number(query, "limit"), _number(query, "offset")
    if limit and (offset is not None or not query.args.get("offset")):
        top = Top(node, (), tuple(by), limit + (offset or 0), "__number")
        skipped = exp.GT(this=column("__number"), expression=exp.Literal.number(offset)) if offset else None
        return Project(top, shown, skipped)
    rows = exp.select(*(column(name) for name, _ in outputs)).from_(INPUTS[0]).order_by(*by)
    for clause in ("limit", "offset"):
        if query.args.get(clause) is not None:
            rows.set(clause, query.args[clause].copy())
    names = tuple(name for name, _ in outputs)
    return Recompute("ORDER BY … LIMIT", rows, (node,), None, names, "the first rows depend on all rows")


def _number(query: exp.Query, clause: str) -> int | None:
    """The literal number in LIMIT or OFFSET."""
    found = query.args.get(clause)
    options = None if found is None else found.args.get("limit_options")
    if found is None or (options is not None and options.args.get("percent")):
        return None
    value = found.expression
    return int(value.name) if isinstance(value, exp.Literal) and value.is_int else None


def _windowed(node: Node, parts: Sequence[exp.Expr], *, ranked: bool) -> tuple[Node, Callable[[exp.Expr], exp.Expr]]:
    """The window functions of ``parts`` as columns, and what puts the columns in their place.

    Functions with the same partition go together: each partition is one operator.

    Args:
        ranked: rows are picked by an order afterwards.
    """
    found: dict[exp.Expr, str] = {}
    for call in (call for part in parts for call in windows(part)):
        found.setdefault(call.copy(), f"win{len(found)}")
    if any(mentions_time(w) for w in found):
        raise UnsplitError("now() inside a window function")
    by_partition: dict[frozenset[exp.Expr], list[Named]] = {}
    for window, name in found.items():
        by_partition.setdefault(frozenset(window.args.get("partition_by") or ()), []).append((name, window))
    if len(by_partition) + ranked > 1:
        # Rows that tie are alike in all that is read of them. What is not read must not tell them apart in an operator's state: computed
        # again, a function may give the one's answer to the other.
        read = {found.name for part in parts for found in part.find_all(exp.Column)}
        node = Project(node, tuple((name, column(name)) for name in node.columns if name in read))
    for functions in by_partition.values():
        _, first = functions[0]
        partition = tuple(dict.fromkeys(first.args.get("partition_by") or ()))
        node = Window(node, partition, tuple(functions))
    return node, lambda value: _replaced(value, found)


def _groupings(parts: Sequence[exp.Expr]) -> list[exp.Expr]:
    """Calls of GROUPING."""
    return [call.copy() for part in parts for call in part.find_all(exp.Grouping, exp.GroupingId)]


def _pairs(names: Mapping[exp.Expr, str]) -> tuple[Named, ...]:
    return tuple((name, value) for value, name in names.items())


def _filtered(node: Node, parts: Sequence[exp.Expr]) -> Node:
    """Filters, those on logical time apart from the others."""
    plain = [part for part in parts if not mentions_time(part)]
    timed = [part for part in parts if mentions_time(part)]
    if plain:
        node = Project(node, tuple((c, column(c)) for c in node.columns), exp.and_(*plain))
    if timed:
        node = Expire(node, exp.and_(*timed), expiry(timed))
    return node


def _replaced(value: exp.Expr, known: Mapping[exp.Expr, str]) -> exp.Expr:
    """``value`` with each known expression replaced by the column that holds it; a window's function is none, if it reads like one."""

    def swap(node: exp.Expr) -> exp.Expr:
        name = None if is_windowed(node) else known.get(node)
        return column(name) if name is not None else node

    return value.copy().transform(swap)


def _argument(select: exp.Select, name: str) -> exp.Expr | None:
    clause = select.args.get(name)
    if clause is None:
        return None
    found: exp.Expr = clause.this if name in ("where", "having", "qualify") else clause
    return found
