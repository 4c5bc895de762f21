"""Subqueries in expressions, each taken out of its expression and made a column of the rows it is evaluated for.

A correlated one is recomputed for the keys by which it is tied to the rows outside; one that is not is computed once, and joined to
every row. Of an IN only the values that changed are looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.functions import aggregates, conjuncts, has_aggregate, has_subquery, mentions_time
from headrace.sql.keys import distinct
from headrace.sql.nodes import INPUTS, Aggregate, Join, Node, Project, Recompute, column
from headrace.sql.passes.unshadow import tables
from headrace.sql.ties import (
    INSIDE,
    OUTSIDE,
    Correlated,
    dotted,
    is_outside,
    key_column,
    key_pair,
    reads_outside,
    rows_inside,
    unqualified,
    without_tables,
)
from headrace.sql.totals import is_total, totals
from headrace.sql.unsplit import UnsplitError

Builder = Callable[[exp.Query, Catalog, Mapping[str, Node]], Node]


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
            unqualified(value.this)
            for name in names
            if not isinstance(value := self._lifted[name], exp.Exists | exp.Subquery)
        ]

    def grouped(self, names: Sequence[str], known: Mapping[exp.Expr, str]) -> None:
        """For these subqueries the rows outside are groups: ``known`` gives each key and aggregate its column."""
        for name in names:
            value = self._lifted[name].copy()
            if not isinstance(value, exp.Exists | exp.Subquery):
                over = unqualified(value.this).transform(lambda n: column(known[n], OUTSIDE) if n in known else n)
                value.set("this", over)
            query = _query_of(value)
            query.replace(query.copy().transform(lambda n: key_column(n, known)))
            if any(is_outside(c) and c.name not in known.values() for c in value.find_all(exp.Column)):
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
        condition = _saying_outside(condition, node)
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
        unknown = exp.or_(exp.Is(this=unqualified(lifted.this), expression=exp.Null()), column(partly))
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
        keys = ((unqualified(lifted.this),), (column(name),))
        return Correlated(value, inside, keys)

    def _inside(self, lifted: exp.In) -> Node:
        node = self._built(lifted)
        if isinstance(lifted.this, exp.Tuple) or len(node.columns) != 1:
            raise UnsplitError("IN with several columns")
        return distinct(Project(node, (("__in", column(node.columns[0])),)), self._catalog)

    def _built(self, lifted: exp.Expr) -> Node:
        return self._own(_query_of(lifted))

    def _own(self, query: exp.Query) -> Node:
        return self._build(query, self._catalog, self._env)

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
        keys = [pair for part in tied if (pair := key_pair(part)) is not None]
        if not keys:
            raise UnsplitError("a subquery that is not tied to the rows outside by an equality")
        if (
            as_value
            and isinstance(lifted, exp.Subquery)
            and len(keys) == len(tied)
            and is_total(query, tied, self._catalog.oracle)
        ):
            own = [part for part in parts if part not in tied]
            return totals(query, tied, keys, own, self._catalog.oracle, self._own)
        looks = isinstance(lifted, exp.Exists) and _is_plain(query, self._catalog)
        if looks:
            query = query.select(exp.Literal.number(1), append=False)
        inside, rest = self._split(query, tied, [part for part in parts if part not in tied])
        if looks and len(keys) == len(tied):
            inside = distinct(inside, self._catalog)
        value = lifted.copy()
        _query_of(value).replace(rest)
        return Correlated(value, inside, (tuple(k for k, _ in keys), tuple(dotted(k) for _, k in keys)))

    def _split(self, query: exp.Select, tied: list[exp.Expr], own: list[exp.Expr]) -> tuple[Node, exp.Select]:
        aliases = {source.alias_or_name for source in tables(query)}
        rest = without_tables(query)
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

        def inside(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.Column) and node.table in aliases:
                return column(f"{node.table}.{node.name}", INSIDE)
            return node

        node = self._own(rows_inside(query, outputs, own))
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


def _is_correlated(part: exp.Expr) -> bool:
    """Whether the query in ``part``, or ``part`` itself when it has none, reads the rows outside."""
    inner = _query_of(part) if _is_subquery(part) else part
    return any(is_outside(c) for c in inner.find_all(exp.Column))


def _check_rest(rest: exp.Select, query: exp.Select, catalog: Catalog) -> None:
    """What stays SQL over both sides has to be understood."""
    if reads_outside(query):
        raise UnsplitError("a subquery whose FROM reads the rows outside")
    inner = [node for node in rest.find_all(exp.Query) if node is not rest]
    if inner or mentions_time(rest):
        raise UnsplitError("a correlated subquery with another, or now(), in it")
    for call in [c for part in rest.selects for c in aggregates(part, catalog.oracle)]:
        columns = list(call.find_all(exp.Column))
        if columns and all(map(is_outside, columns)):
            raise UnsplitError("an aggregate over the rows outside a subquery")


def _saying_outside(condition: exp.Expr, node: Node) -> exp.Expr:
    """A condition over ``node``'s columns with a subquery in it, which says of the former that they are those of ``in0``."""

    def said(part: exp.Expr) -> exp.Expr:
        if isinstance(part, exp.Column) and not part.table and part.name in node.columns:
            return column(part.name, OUTSIDE)
        return part

    return condition.transform(said)


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
