"""FROM and its joins: each table pruned to the columns and filters it needs, then joined from left to right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set

from sqlglot import exp

from headrace.sql.batch import batch
from headrace.sql.catalog import Catalog
from headrace.sql.functions import conjuncts, equal_keys, has_subquery, mentions_time
from headrace.sql.keys import distinct
from headrace.sql.nodes import INPUTS, Expand, Expire, Join, Node, Project, Recompute, Scan, column
from headrace.sql.passes.unshadow import tables
from headrace.sql.subqueries import Subqueries
from headrace.sql.temporal import expiry
from headrace.sql.unsplit import UnsplitError

Builder = Callable[[exp.Query, Catalog, Mapping[str, Node]], Node]


class FromClause:
    """The tables of one SELECT. Their columns are named ``alias.column`` in what :meth:`joined` returns."""

    def __init__(self, select: exp.Select, catalog: Catalog, env: Mapping[str, Node], build: Builder) -> None:
        self._select = select
        self._catalog = catalog
        self._env = env
        self._build = build
        from_ = select.args.get("from_")
        if from_ is None:
            raise UnsplitError("no FROM")
        self._joins: list[exp.Join] = list(select.args.get("joins") or ())
        self._tables: dict[str, Node] = {}
        self._beside: dict[str, exp.Expr] = {}
        self._computed: dict[str, dict[exp.Expr, str]] = {}
        for source in [from_.this, *(join.this for join in self._joins)]:
            name = source.alias_or_name
            if name in self._tables or name in self._beside:
                raise UnsplitError("two tables of the same name")
            if _reads(source) & {*self._tables, *self._beside}:
                self._beside[name] = source
            else:
                self._tables[name] = self._table(source)

    def resolve(self, value: exp.Expr) -> exp.Expr:
        """``value`` over the joined columns: ``t.a`` becomes the column named ``t.a``."""

        def rename(node: exp.Expr) -> exp.Expr:
            name = self.name(node) if isinstance(node, exp.Column) else None
            return node if name is None else column(name)

        return value.copy().transform(rename)

    def name(self, found: exp.Column) -> str | None:
        """The joined column that ``found`` names; None when it is of no table here."""
        known = found.table in self._tables or found.table in self._beside
        return f"{found.table}.{found.name.lower()}" if known else None

    def joined(self, where: list[exp.Expr], looked_up: Callable[[Node, exp.Expr], Node]) -> tuple[Node, list[exp.Expr]]:
        """The joined tables, and the conditions of ``where`` that are still to be applied.

        Args:
            looked_up: applies ``x IN (SELECT …)`` to the rows of the one table that ``x`` is of.
        """
        inner_only = all(self._is_inner(join) for join in self._joins)
        self._joins = [self._keyed(number) for number in range(len(self._joins))]
        filters, rest = self._pushed([self._key_columns(part) for part in where] if inner_only else where)
        inputs = {alias: self._pruned(alias, filters.get(alias, [])) for alias in self._tables}
        if inner_only:
            for alias, part in [(alias, part) for part in rest if (alias := self._looks_up(part))]:
                rest.remove(part)
                inputs[alias] = looked_up(inputs[alias], part)
            conditions = rest + [part for join in self._joins for part in conjuncts(join.args.get("on"))]
            node, rest = self._inner(inputs, conditions)
            for join in self._joins:
                if join.alias_or_name in self._beside:
                    node = self._with_beside(node, join)
            return node, rest
        node = inputs[next(iter(inputs))]
        for join in self._joins:
            alias = join.alias_or_name
            node = self._with_beside(node, join) if alias in self._beside else self._join(node, inputs[alias], join)
        return node, rest

    def _with_beside(self, node: Node, join: exp.Join) -> Node:
        """``node`` with what a table function or a lateral SELECT makes of each of its rows."""
        alias = join.alias_or_name
        source = self._beside[alias]
        outer = join.side == "LEFT"
        plain = not outer or join.args.get("on") in (None, exp.true())
        if join.method or join.side not in ("", "LEFT") or join.kind in ("SEMI", "ANTI") or not plain:
            raise UnsplitError("a join with rows made of the other side")
        query = _query(source)
        if query is None or not list(query.find_all(exp.Table)):
            return self._expanded(node, source, alias, outer=outer)
        names = _alias_columns(source) or query.named_selects
        subqueries = Subqueries(self._catalog, self._env, self._build, self.name)
        return subqueries.beside(node, query, names, alias=alias, outer=outer)

    def _expanded(self, node: Node, source: exp.Expr, alias: str, *, outer: bool) -> Node:
        made = source.copy().transform(self._outside)
        given = source.args.get("alias")
        made.set("alias", exp.TableAlias(this=exp.to_identifier("made"), columns=given.columns if given else []))
        query = exp.select("made.*").from_(
            exp.Subquery(this=batch(node), alias=exp.TableAlias(this=exp.to_identifier(INPUTS[0])))
        )
        described = self._catalog.oracle.describe(query.join(made.copy(), on=exp.true()))
        return Expand(node, made, tuple((f"{alias}.{name.lower()}", name) for name, _ in described), outer)

    def _outside(self, part: exp.Expr) -> exp.Expr:
        name = self.name(part) if isinstance(part, exp.Column) else None
        return part if name is None else column(name, INPUTS[0])

    def _table(self, source: exp.Expr) -> Node:
        if source.args.get("pivots") or source.args.get("sample") or source.args.get("joins"):
            raise UnsplitError("a pivoted, sampled or nested table")
        if isinstance(source, exp.Subquery):
            node = self._build(source.this, self._catalog, self._env)
        elif isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
            name = source.name
            relation = self._catalog.relations.get(name.lower())
            if name in self._env:
                node = self._env[name]
            elif relation is not None:
                node = Scan(relation.name, tuple(relation.columns))
            else:
                raise UnsplitError(f"the table {name}")
        else:
            return self._constant(source)
        names = _alias_columns(source)
        if names:
            node = Project(node, tuple((n, column(c)) for n, c in zip(names, node.columns, strict=False)))
        return node

    def _constant(self, source: exp.Expr) -> Node:
        """VALUES, or a table function of constants: the same rows for ever."""
        if (
            source.find(exp.Column)
            or not isinstance(source, exp.Table | exp.Values | exp.Unnest)
            or has_subquery(source)
        ):
            raise UnsplitError("a table function in FROM")
        query = exp.select("*").from_(source.copy())
        names = tuple(name for name, _ in self._catalog.oracle.describe(query))
        return Recompute("constant rows", query, (), None, names, "the same rows for ever")

    def _keyed(self, number: int) -> exp.Join:
        join = self._joins[number]
        on = join.args.get("on")
        if on is None:
            return join
        padded = {alias for alias in self._tables if self._is_padded(alias, number)}
        keyed = join.copy()
        keyed.set("on", exp.and_(*(self._key_columns(part, padded) for part in conjuncts(on))))
        return keyed

    def _is_padded(self, alias: str, number: int) -> bool:
        """Whether joins before that one can have made up rows of a table, all NULL."""
        own = next((i for i, join in enumerate(self._joins) if join.alias_or_name == alias), -1)
        if own >= number:
            return False
        side = self._joins[own].side if own >= 0 else ""
        return side in ("LEFT", "FULL") or any(join.side in ("RIGHT", "FULL") for join in self._joins[own + 1 : number])

    def _key_columns(self, part: exp.Expr, padded: Set[str] = frozenset()) -> exp.Expr:
        """An equality of two tables with what it compares made columns, which are then kept: kept keys can be looked up quickly.

        Args:
            padded: tables with made-up rows, of which what is compared is not what it would be below the join that made them.
        """
        if not isinstance(part, exp.EQ) or mentions_time(part) or has_subquery(part) or part.find(exp.Any, exp.All):
            return part
        sides = [_tables(side) for side in (part.this, part.expression)]
        if any(len(tables) != 1 for tables in sides) or sides[0] == sides[1]:
            return part
        keyed = part.copy()
        for place, (alias,) in zip(("this", "expression"), sides, strict=True):
            side = keyed.args[place]
            if not isinstance(side, exp.Column) and alias in self._tables and alias not in padded:
                names = self._computed.setdefault(alias, {})
                name = names.setdefault(side.copy(), f"__key{len(names)}")
                keyed.set(place, exp.column(name, table=alias))
        return keyed

    def _is_inner(self, join: exp.Join) -> bool:
        return not join.side and not join.method and join.kind in ("", "INNER", "CROSS")

    def _pushed(self, where: list[exp.Expr]) -> tuple[dict[str, list[exp.Expr]], list[exp.Expr]]:
        """Conditions on one table go below the joins, where that table's rows cannot be made up by an outer join."""
        kept = self._never_padded()
        filters: dict[str, list[exp.Expr]] = {}
        rest = []
        for part in where:
            tables = _tables(part)
            if len(tables) == 1 and tables <= kept and not has_subquery(part):
                filters.setdefault(next(iter(tables)), []).append(part)
            else:
                rest.append(part)
        return filters, rest

    def _looks_up(self, part: exp.Expr) -> str | None:
        """The table whose rows alone decide whether ``x IN (SELECT …)`` holds; of what is found, few rows are joined with others."""
        if not isinstance(part, exp.In) or part.args.get("query") is None or mentions_time(part):
            return None
        outside = _tables(part) & {*self._tables, *self._beside}
        if len(outside) != 1 or _tables(part.this) != outside or not outside <= self._tables.keys():
            return None
        if has_subquery(part.this) or _tables(part.args["query"]) & outside:
            return None
        return next(iter(outside))

    def _never_padded(self) -> set[str]:
        # What is nearest in an ASOF JOIN is found among all rows.
        nearest = {join.alias_or_name for join in self._joins if join.method == "ASOF"}
        return {a for a in self._tables if a not in nearest and not self._is_padded(a, len(self._joins))}

    def _pruned(self, alias: str, filters: list[exp.Expr]) -> Node:
        node = self._tables[alias]
        used = {c.name for c in self._select.find_all(exp.Column) if c.table == alias}
        names = [c for c in node.columns if c in used or c.lower() in used] or list(node.columns[:1])

        def unqualified(part: exp.Expr) -> exp.Expr:
            return part.copy().transform(
                lambda n: column(n.name) if isinstance(n, exp.Column) and n.table == alias else n
            )

        computed = self._computed.get(alias, {})
        outputs = (
            *((f"{alias}.{name.lower()}", column(name)) for name in names),
            *((f"{alias}.{name}", unqualified(value)) for value, name in computed.items()),
        )

        plain = [unqualified(part) for part in filters if not mentions_time(part)]
        timed = [self.resolve(part) for part in filters if mentions_time(part)]
        node = Project(node, outputs, exp.and_(*plain) if plain else None)
        return Expire(node, exp.and_(*timed), expiry(timed)) if timed else node

    def _inner(self, inputs: dict[str, Node], conditions: list[exp.Expr]) -> tuple[Node, list[exp.Expr]]:
        """Inner joins in any order are the same: take next whichever table a condition ties to those already joined."""
        waiting = dict(inputs)
        first = next(iter(waiting))
        node, seen = waiting.pop(first), {first}
        while waiting:
            alias = next((a for a in waiting if any(_ties(p, seen, a) for p in conditions)), next(iter(waiting)))
            seen.add(alias)
            now = [p for p in conditions if _tables(p) <= seen and not mentions_time(p) and not has_subquery(p)]
            conditions = [p for p in conditions if p not in now]
            on = exp.and_(*(self.resolve(p) for p in now)) if now else None
            node = Join(node, waiting.pop(alias), on)
        return node, conditions

    def _join(self, left: Node, right: Node, join: exp.Join) -> Node:
        on = join.args.get("on")
        if join.method not in ("", "ASOF") or join.kind not in ("", "INNER", "CROSS", "SEMI", "ANTI", "OUTER"):
            raise UnsplitError(f"{join.method or join.kind} JOIN")
        if on is not None and (has_subquery(on) or mentions_time(on)):
            raise UnsplitError("a subquery or now() in a join condition")
        if self._is_inner(join):
            return Join(left, right, None if on is None else self.resolve(on))
        kind = join.copy()
        kind.set("this", exp.to_table(INPUTS[1]))
        kind.set("on", None if on is None else self.resolve(on))
        columns = left.columns if join.kind in ("SEMI", "ANTI") else left.columns + right.columns
        query = exp.select(*(column(c) for c in columns)).from_(INPUTS[0])
        query.append("joins", kind)
        name = " ".join(word for word in (join.method, join.side, join.kind, "JOIN") if word)
        keys = equal_keys(kind.args.get("on"), set(left.columns), set(right.columns))
        why = "" if keys else "no equality between the two sides"
        looks = join.kind in ("SEMI", "ANTI")
        if looks and keys and len(keys[1]) == len(conjuncts(kind.args.get("on"))):
            read = dict.fromkeys(c.name for key in keys[1] for c in key.find_all(exp.Column))
            right = distinct(Project(right, tuple((name, column(name)) for name in read)), self._catalog)
        by_left = join.side == "LEFT" or looks
        return Recompute(name, query, (left, right), keys, columns, why, by_left)


def _query(source: exp.Expr) -> exp.Query | None:
    """The SELECT in a lateral or a table subquery."""
    inner = source.this if isinstance(source, exp.Lateral) else source
    while isinstance(inner, exp.Subquery):
        inner = inner.this
    return inner if isinstance(inner, exp.Query) else None


def _reads(source: exp.Expr) -> set[str]:
    """The tables that something in FROM reads besides its own."""
    if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
        return set()
    own = {name for select in source.find_all(exp.Select) for t in tables(select) if (name := t.alias_or_name)}
    return {c.table for c in source.find_all(exp.Column) if c.table} - own


def _alias_columns(source: exp.Expr) -> list[str]:
    alias = source.args.get("alias")
    return [c.name for c in alias.columns] if alias is not None else []


def _tables(part: exp.Expr) -> set[str]:
    return {c.table for c in part.find_all(exp.Column) if c.table}


def _ties(part: exp.Expr, seen: set[str], alias: str) -> bool:
    tables = _tables(part)
    return isinstance(part, exp.EQ) and alias in tables and bool(tables & seen) and tables <= seen | {alias}
