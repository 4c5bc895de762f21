"""Subqueries in expressions, each taken out of its expression and made a column of the rows it is evaluated for.

A correlated one is recomputed for the keys by which it is tied to the rows outside; one that is not is computed once, and joined to
every row. Of an IN only the values that changed are looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.functions import aggregates, conjuncts, has_aggregate, has_subquery, mentions_time
from headrace.sql.nodes import INPUTS, Aggregate, Join, Node, Project, Recompute, column
from headrace.sql.passes.unshadow import tables
from headrace.sql.unsplit import UnsplitError

Builder = Callable[[exp.Query, Catalog, Mapping[str, Node]], Node]
OUTSIDE, INSIDE = INPUTS[:2]


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


class Subqueries:
    """The subqueries of one SELECT.

    Args:
        outer: maps a column of the SELECT's own tables to its name in the joined rows; None for other columns.
    """

    def __init__(
        self, catalog: Catalog, env: Mapping[str, Node], build: Builder, outer: Callable[[exp.Column], str | None]
    ) -> None:
        self._catalog = catalog
        self._env = env
        self._build = build
        self._outer = outer
        self._lifted: dict[str, exp.Expr] = {}

    def lift(self, part: exp.Expr) -> exp.Expr:
        """``part`` with a column in place of each subquery, which :meth:`add` is to compute.

        Raises:
            UnsplitError: there is a subquery that is of no known kind.
        """

        def lifted(node: exp.Expr) -> exp.Expr:
            if not _is_subquery(node):
                return node
            name = f"__sq{len(self._lifted)}"
            self._lifted[name] = self._outside(node)
            return column(name)

        found = part.copy().transform(lifted)
        if has_subquery(found):
            raise UnsplitError("a subquery in an expression")
        return found

    def named(self, part: exp.Expr) -> list[str]:
        """The columns in ``part`` that stand for subqueries."""
        return list(dict.fromkeys(c.name for c in part.find_all(exp.Column) if c.name in self._lifted))

    def compared(self, names: Sequence[str]) -> list[exp.Expr]:
        """What is compared with the rows of these subqueries: the left side of IN, and of ANY and ALL."""
        return [
            _unqualified(value.this)
            for name in names
            if not isinstance(value := self._lifted[name], exp.Exists | exp.Subquery)
        ]

    def grouped(self, names: Sequence[str], known: Mapping[exp.Expr, str]) -> None:
        """For these subqueries the rows outside are groups: ``known`` gives each key and aggregate its column."""
        for name in names:
            value = self._lifted[name].copy()
            if not isinstance(value, exp.Exists | exp.Subquery):
                over = _unqualified(value.this).transform(lambda n: column(known[n], OUTSIDE) if n in known else n)
                value.set("this", over)
            query = _query_of(value)
            query.replace(query.copy().transform(lambda n: _key_column(n, known)))
            if any(_is_outside(c) and c.name not in known.values() for c in value.find_all(exp.Column)):
                raise UnsplitError("a subquery that reads more of the rows outside than their group's keys")
            self._lifted[name] = value

    def add(self, node: Node, names: Sequence[str]) -> Node:
        """``node`` with these columns."""
        for name in names:
            if name not in node.columns:
                node = self._added(node, name)
        return node

    def filtered(self, node: Node, part: exp.Expr) -> Node | None:
        """The rows of ``node`` for which ``part`` holds, if its one subquery allows to tell without making it a column."""
        names = self.named(part)
        if len(names) != 1 or mentions_time(part):
            return None
        return self._by_key(node, part, names[0]) or self._by_value(node, part, names[0])

    def _by_key(self, node: Node, part: exp.Expr, name: str) -> Node | None:
        """A filter whose one subquery is correlated, or ``x IN (SELECT …)`` as it stands."""
        lifted = self._lifted[name]
        if _is_correlated(lifted):
            found = self._correlated(lifted)
        elif isinstance(lifted, exp.In) and part == column(name):
            found = self._looked_up(lifted)
        else:
            return None
        place = {column(name): found.value}
        condition = part.copy().transform(lambda n: place[n].copy() if n in place else n)
        condition = _said_outside(condition, node)
        query = exp.select(*(column(c, OUTSIDE) for c in node.columns)).from_(OUTSIDE).where(condition)
        return _recompute(f"filter by a subquery: {lifted.key.upper()}", query, node, found, node.columns)

    def _by_value(self, node: Node, part: exp.Expr, name: str) -> Node | None:
        """A comparison with the one value of a subquery, as the condition of a join with it."""
        lifted = self._lifted[name]
        if not isinstance(lifted, exp.Subquery | exp.Exists):
            return None
        joined = Join(node, self._single(lifted, name), part)
        return Project(joined, tuple((c, column(c)) for c in node.columns))

    def _added(self, node: Node, name: str) -> Node:
        lifted = self._lifted[name]
        if _is_correlated(lifted):
            found = self._correlated(lifted)
            outputs = [*(column(c, OUTSIDE) for c in node.columns), exp.alias_(found.value.copy(), name, quoted=True)]
            query = exp.select(*outputs).from_(OUTSIDE)
            return _recompute(f"subquery {lifted.key.upper()}", query, node, found, (*node.columns, name))
        if isinstance(lifted, exp.In):
            return self._member(node, lifted, name)
        if not isinstance(lifted, exp.Exists | exp.Subquery):
            raise UnsplitError("a comparison with ANY or ALL of a subquery")
        return Join(node, self._single(lifted, name), None)

    def beside(self, node: Node, query: exp.Query, names: Sequence[str], *, alias: str, outer: bool) -> Node:
        """Each row of ``node`` with the rows of a SELECT that is tied to it.

        Args:
            names: the columns of the SELECT, which come out as ``alias.name``.
            outer: a row that has none is kept, with NULLs.
        """
        found = self._correlated(exp.Subquery(this=self._outside(query)), as_value=False)
        made = [exp.alias_(column(name, "made"), f"{alias}.{name}", quoted=True) for name in names]
        lateral = exp.Lateral(
            this=found.value,
            alias=exp.TableAlias(
                this=exp.to_identifier("made"), columns=[exp.to_identifier(n, quoted=True) for n in names]
            ),
        )
        rows = exp.select(*(column(c, OUTSIDE) for c in node.columns), *made).from_(OUTSIDE)
        rows = rows.join(lateral, on=exp.true(), join_type="left" if outer else "inner")
        return _recompute("lateral SELECT", rows, node, found, (*node.columns, *(f"{alias}.{n}" for n in names)))

    # -- not correlated

    def _single(self, lifted: exp.Expr, name: str) -> Node:
        """One row of one column: the value of a scalar subquery, or of EXISTS."""
        node = self._built(lifted)
        if isinstance(lifted, exp.Exists):
            some = exp.GT(this=column("n"), expression=exp.Literal.number(0))
            return Project(Aggregate(node, (), (("n", exp.Count(this=exp.Star(), big_int=True)),)), ((name, some),))
        if len(node.columns) != 1:
            raise UnsplitError("a subquery of several columns")
        if _has_one_row(node):
            return Project(node, ((name, column(node.columns[0])),))
        value = exp.Subquery(this=exp.select(column(node.columns[0])).from_(INPUTS[0]))
        query = exp.select(exp.alias_(value, name, quoted=True))
        return Recompute("scalar subquery", query, (node,), None, (name,), "the one row of a subquery")

    def _member(self, node: Node, lifted: exp.In, name: str) -> Node:
        """``x IN (SELECT y …)`` as a value: NULL where it is not known, so it matters whether there are rows, and NULLs among them."""
        inside = self._inside(lifted)
        found = self._looked_up(lifted, inside)
        hit = f"{name}.hit"
        outputs = [*(column(c, OUTSIDE) for c in node.columns), exp.alias_(found.value.copy(), hit, quoted=True)]
        query = exp.select(*outputs).from_(OUTSIDE)
        looked = _recompute("subquery IN", query, node, found, (*node.columns, hit))
        facts = Aggregate(
            inside,
            (),
            (("n", exp.Count(this=exp.Star(), big_int=True)), ("known", exp.Count(this=column(inside.columns[0])))),
        )
        some, partly = f"{name}.some", f"{name}.partly"
        flags = Project(
            facts,
            (
                (some, exp.GT(this=column("n"), expression=exp.Literal.number(0))),
                (partly, exp.GT(this=column("n"), expression=column("known"))),
            ),
        )
        unknown = exp.or_(exp.Is(this=_unqualified(lifted.this), expression=exp.Null()), column(partly))
        value = (
            exp.case()
            .when(exp.Not(this=column(some)), exp.false())
            .when(exp.func("COALESCE", column(hit), exp.false()), exp.true())
            .when(unknown, exp.cast(exp.Null(), "BOOLEAN"))
            .else_(exp.false())
        )
        outputs_ = (*((c, column(c)) for c in node.columns), (name, value))
        return Project(Join(looked, flags, None), outputs_)

    def _looked_up(self, lifted: exp.In, inside: Node | None = None) -> Correlated:
        """``x IN (SELECT y …)``, keyed by the values themselves."""
        inside = inside or self._inside(lifted)
        value = lifted.copy()
        (name,) = inside.columns
        value.set("query", exp.Subquery(this=exp.select(column(name, INSIDE)).from_(INSIDE)))
        keys = ((_unqualified(lifted.this),), (column(name),))
        return Correlated(value, inside, keys)

    def _inside(self, lifted: exp.In) -> Node:
        node = self._built(lifted)
        if isinstance(lifted.this, exp.Tuple) or len(node.columns) != 1:
            raise UnsplitError("IN with several columns")
        return Project(node, (("__in", column(node.columns[0])),))

    def _built(self, lifted: exp.Expr) -> Node:
        return self._build(_query_of(lifted), self._catalog, self._env)

    # -- correlated

    def _correlated(self, lifted: exp.Expr, *, as_value: bool = True) -> Correlated:
        """The subquery's own tables joined and filtered as operators; what ties them to the outside stays SQL over both.

        Args:
            as_value: only its value matters; otherwise it is needed as a query.
        """
        query = _query_of(lifted)
        if not isinstance(query, exp.Select) or query.args.get("with_") is not None:
            raise UnsplitError("a correlated subquery that is not one SELECT")
        parts = conjuncts(query.args["where"].this if query.args.get("where") else None)
        tied = [part for part in parts if _is_correlated(part)]
        keys = [pair for part in tied if (pair := _key_pair(part)) is not None]
        if not keys:
            raise UnsplitError("a subquery that is not tied to the rows outside by an equality")
        if as_value and isinstance(lifted, exp.Subquery) and len(keys) == len(tied) and self._is_total(query):
            return self._totals(query, tied, keys, [part for part in parts if part not in tied])
        if isinstance(lifted, exp.Exists) and _is_plain(query, self._catalog):
            query = query.select(exp.Literal.number(1), append=False)
        inside, rest = self._split(query, tied, [part for part in parts if part not in tied])
        value = lifted.copy()
        _query_of(value).replace(rest)
        return Correlated(value, inside, (tuple(k for k, _ in keys), tuple(_dotted(k) for _, k in keys)))

    def _is_total(self, query: exp.Select) -> bool:
        """Whether it is one expression over aggregates of all rows inside, and reads nothing else."""
        clauses = ("group", "having", "qualify", "limit", "offset", "distinct", "order")
        if any(query.args.get(c) for c in clauses) or len(query.selects) != 1:
            return False
        calls = list(aggregates(query.selects[0], self._catalog.oracle))
        within = {id(c) for call in calls for c in call.find_all(exp.Column)}
        columns = list(query.selects[0].find_all(exp.Column))
        plain = not any(_is_outside(c) for c in columns) and not has_subquery(query.selects[0])
        read = [query.args.get(clause) for clause in ("from_", "joins", "laterals")]
        flat = [part for found in read if found for part in (found if isinstance(found, list) else [found])]
        tied = any(_is_outside(c) for part in flat for c in part.find_all(exp.Column))
        return bool(calls) and plain and not tied and all(id(c) in within for c in columns)

    def _totals(
        self,
        query: exp.Select,
        tied: Sequence[exp.Expr],
        keys: Sequence[tuple[exp.Expr, exp.Expr]],
        own: Sequence[exp.Expr],
    ) -> Correlated:
        """Aggregates of the rows inside that are tied to a row outside: grouped by what ties them, and looked up."""
        (item,) = query.selects
        calls = list(dict.fromkeys(call.copy() for call in aggregates(item.unalias(), self._catalog.oracle)))
        by = [inner for _, inner in keys]
        grouped = exp.Select(
            expressions=[
                *(exp.alias_(value.copy(), f"__k{i}", quoted=True) for i, value in enumerate(by)),
                *(exp.alias_(call.copy(), f"__a{i}", quoted=True) for i, call in enumerate(calls)),
            ]
        )
        for clause in ("from_", "joins", "laterals"):
            found = query.args.get(clause)
            if found:
                grouped.set(clause, [f.copy() for f in found] if isinstance(found, list) else found.copy())
        if own:
            grouped = grouped.where(*(part.copy() for part in own))
        inside = self._build(grouped.group_by(*(value.copy() for value in by)), self._catalog, self._env)
        ties = [
            type(part)(this=column(f"__k{i}", INSIDE), expression=_said(outer))
            for i, (part, (outer, _)) in enumerate(zip(tied, keys, strict=True))
        ]

        def looked_up(node: exp.Expr) -> exp.Expr:
            if node not in calls:
                return node
            one = exp.select(column(f"__a{calls.index(node)}", INSIDE)).from_(INSIDE).where(*(t.copy() for t in ties))
            value = exp.Subquery(this=one)
            counts = isinstance(node.this if isinstance(node, exp.Filter) else node, exp.Count)
            return exp.func("COALESCE", value, exp.Literal.number(0)) if counts else value

        value = item.unalias().copy().transform(looked_up)
        return Correlated(
            exp.paren(value), inside, (tuple(k for k, _ in keys), tuple(column(f"__k{i}") for i in range(len(keys))))
        )

    def _split(self, query: exp.Select, tied: list[exp.Expr], own: list[exp.Expr]) -> tuple[Node, exp.Select]:
        aliases = {source.alias_or_name for source in tables(query)}
        rest = query.copy()
        for clause in ("from_", "joins", "laterals"):
            rest.set(clause, None)
        rest.set("where", exp.Where(this=exp.and_(*tied)))
        _check_rest(rest, query, self._catalog)
        used = list(dict.fromkeys((c.table, c.name) for c in rest.find_all(exp.Column) if c.table in aliases))
        outputs = [
            exp.alias_(
                exp.column(exp.to_identifier(c, quoted=True), table=exp.to_identifier(t, quoted=True)),
                f"{t}.{c}",
                quoted=True,
            )
            for t, c in used
        ]
        inner = exp.Select(expressions=outputs)
        for clause in ("from_", "joins", "laterals"):
            if query.args.get(clause):
                found = query.args[clause]
                inner.set(clause, [f.copy() for f in found] if isinstance(found, list) else found.copy())
        if own:
            inner = inner.where(*(part.copy() for part in own))

        def inside(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.Column) and node.table in aliases:
                return column(f"{node.table}.{node.name}", INSIDE)
            return node

        node = self._build(inner, self._catalog, self._env)
        rest = rest.transform(inside)  # type: ignore[assignment]
        return node, rest.from_(INSIDE)

    def _outside(self, node: exp.Expr) -> exp.Expr:
        """``node`` with the columns of the rows outside marked as those of ``in0``."""

        def marked(part: exp.Expr) -> exp.Expr:
            if isinstance(part, exp.Column) and part.table != OUTSIDE:
                name = self._outer(part)
                return part if name is None else column(name, OUTSIDE)
            return part

        return node.copy().transform(marked)


def _is_subquery(node: exp.Expr) -> bool:
    """The whole of an expression with a query in it: EXISTS, IN, a comparison with ANY or ALL, or the query alone."""
    if isinstance(node, exp.In):
        return node.args.get("query") is not None
    if isinstance(node, exp.Binary):
        return isinstance(node.expression, exp.Any | exp.All)
    return isinstance(node, exp.Exists | exp.Subquery)


def _query_of(lifted: exp.Expr) -> exp.Query:
    """The query in an expression with one."""
    found = lifted
    if isinstance(lifted, exp.In):
        found = lifted.args["query"]
    elif isinstance(lifted, exp.Binary):
        found = lifted.expression.this
    elif isinstance(lifted, exp.Exists):
        found = lifted.this
    while isinstance(found, exp.Subquery | exp.Paren):
        found = found.this
    if not isinstance(found, exp.Query):
        raise UnsplitError("a subquery in an expression")
    return found


def _key_column(node: exp.Expr, known: Mapping[exp.Expr, str]) -> exp.Expr:
    name = known.get(column(node.name)) if _is_outside(node) else None
    return node if name is None else column(name, OUTSIDE)


def _is_outside(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and node.table == OUTSIDE


def _is_correlated(part: exp.Expr) -> bool:
    """Whether the query in ``part``, or ``part`` itself when it has none, reads the rows outside."""
    inner = _query_of(part) if _is_subquery(part) else part
    return any(_is_outside(c) for c in inner.find_all(exp.Column))


def _key_pair(part: exp.Expr) -> tuple[exp.Expr, exp.Expr] | None:
    """The sides of an equality that ties the two: over the columns of the rows outside, and over the tables inside."""
    if not isinstance(part, exp.EQ | exp.NullSafeEQ) or has_subquery(part):
        return None
    sides = [part.this, part.expression]
    for outside, inside in (sides, sides[::-1]):
        outer, inner = list(outside.find_all(exp.Column)), list(inside.find_all(exp.Column))
        if outer and inner and all(map(_is_outside, outer)) and not any(map(_is_outside, inner)):
            return _unqualified(outside), inside
    return None


def _said(value: exp.Expr) -> exp.Expr:
    """Over the rows outside, said to be so."""
    return value.copy().transform(lambda n: column(n.name, OUTSIDE) if isinstance(n, exp.Column) else n)


def _unqualified(value: exp.Expr) -> exp.Expr:
    return value.copy().transform(lambda n: column(n.name) if _is_outside(n) else n)


def _dotted(value: exp.Expr) -> exp.Expr:
    return value.copy().transform(lambda n: column(f"{n.table}.{n.name}") if isinstance(n, exp.Column) else n)


def _said_outside(condition: exp.Expr, node: Node) -> exp.Expr:
    """A condition over ``node``'s columns with a subquery in it, which says of the former that they are those of ``in0``."""

    def said(part: exp.Expr) -> exp.Expr:
        if isinstance(part, exp.Column) and not part.table and part.name in node.columns:
            return column(part.name, OUTSIDE)
        return part

    return condition.transform(said)


def _check_rest(rest: exp.Select, query: exp.Select, catalog: Catalog) -> None:
    """What stays SQL over both sides has to be understood."""
    read = [query.args.get(clause) for clause in ("from_", "joins", "laterals")]
    flat = [part for found in read if found for part in (found if isinstance(found, list) else [found])]
    if any(_is_outside(c) for part in flat for c in part.find_all(exp.Column)):
        raise UnsplitError("a subquery whose FROM reads the rows outside")
    inner = [node for node in rest.find_all(exp.Query) if node is not rest]
    if inner or mentions_time(rest):
        raise UnsplitError("a correlated subquery with another, or now(), in it")
    for call in [c for part in rest.selects for c in aggregates(part, catalog.oracle)]:
        columns = list(call.find_all(exp.Column))
        if columns and all(map(_is_outside, columns)):
            raise UnsplitError("an aggregate over the rows outside a subquery")


def _recompute(operator: str, query: exp.Query, node: Node, found: Correlated, columns: tuple[str, ...]) -> Recompute:
    return Recompute(operator, query, (node, found.inside), found.keys, columns, "", by_left=True)


def _is_plain(query: exp.Select, catalog: Catalog) -> bool:
    """Whether there is a row of the result for each row read, so that what is selected does not matter to EXISTS."""
    clauses = ("group", "having", "qualify", "limit", "offset", "distinct")
    return not any(query.args.get(c) for c in clauses) and not any(
        has_aggregate(s, catalog.oracle) or s.find(exp.Unnest, exp.Explode) for s in query.selects
    )


def _has_one_row(node: Node) -> bool:
    """An aggregate without GROUP BY, with nothing but its columns taken."""
    if isinstance(node, Project):
        return node.where is None and _has_one_row(node.child)
    return isinstance(node, Aggregate) and not node.keys
