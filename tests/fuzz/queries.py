"""Random SELECTs, each of one shape, with parts of other shapes inside."""

from __future__ import annotations

from collections.abc import Callable

from . import aggregates, subqueries, windows
from .expressions import column, computed, possible, value
from .maker import COMPARABLE, EXACT, Maker, Query, Scope
from .sources import Column, Table
from .tables import INNER, From, from_clause

Shown = list[tuple[str, str]]
"""A select list: expression and kind."""


def query(make: Maker, depth: int = 2) -> Query:
    """A random SELECT; ``depth`` is how many levels of derived tables may be in it. Only the outermost may show inexact values."""
    shapes: dict[Callable[[Maker, int], Query], float] = {
        plain: 5.0, grouped: 7.0, windowed: 3.5, distinct: 1.5, combined: 2.0, topped: 1.2, limited: 1.0, with_ctes: 2.0, unnested: 0.7,
    }  # fmt: skip
    if depth == 0:
        shapes = {plain: 3.0, grouped: 2.0, distinct: 0.5, windowed: 0.5}
    shape = make.weighted(shapes)
    make.mark(f"shape {shape.__name__}")
    return shape(make, depth)


def inexact(make: Maker, depth: int) -> bool:
    return depth == OUTERMOST and make.chance(0.5)


OUTERMOST = 2


def plain(make: Maker, depth: int) -> Query:
    """Projections and filters over joins."""
    source = _source(make, depth)
    scope = Scope(source.columns)
    if make.chance(0.1):
        return _starred(make, source, scope)
    shown = [_shown(make, scope) for _ in range(make.rng.randint(1, 3))]
    return _select(make, shown, source, scope, size=source.size)


def _starred(make: Maker, source: From, scope: Scope) -> Query:
    """SELECT t.*, of one table."""
    alias = make.pick(sorted({c.ref.split(".")[0] for c in source.columns if "." in c.ref}))
    columns = [c for c in source.columns if c.ref.startswith(f"{alias}.")]
    make.mark("t.*")
    names = tuple(Column(c.ref.split(".")[1], c.kind) for c in columns)
    extra = f"extra{len(names)}"
    shown = f"{alias}.*, {value(make, 'INT', scope, 2)} AS {extra}"
    sql = f"SELECT {shown} FROM {source.sql}{_where(make, source, scope)}"
    return Query(sql, (*names, Column(extra, "INT")), source.size)


def grouped(make: Maker, depth: int) -> Query:
    """GROUP BY in its forms, with HAVING."""
    source = _source(make, depth)
    scope = Scope(source.columns)
    exact = not inexact(make, depth)
    keys = [_key(make, scope) for _ in range(make.pick([0, 1, 1, 1, 2, 2, 3]))]
    keys = list(dict(keys).items())
    calls = [_call(make, scope, exact=exact) for _ in range(make.rng.randint(0 if keys else 1, 3))]
    extra = [_over_keys(make, keys)] if keys and make.chance(0.15) else []
    shown = [*keys, *calls, *extra] if make.chance(0.85) or not calls else calls
    tail = _group(make, keys, shown) if keys else ""
    if make.chance(0.25):
        make.mark("HAVING")
        tail += f" HAVING {aggregates.having(make, scope)}"
        if make.chance(0.15):
            make.mark("subquery in HAVING")
            tail += f" OR count(*) > {subqueries.scalar(make, 'INT', Scope(()))}"
    return _select(make, shown, source, scope, tail, size=min(source.size, 4 ** len(keys)))


def _key(make: Maker, scope: Scope) -> tuple[str, str]:
    if make.chance(0.65):
        columns = scope.of(*EXACT)
        found = make.pick(columns) if columns else Column("1 + 0", "INT")
        return found.ref, found.kind
    make.mark("GROUP BY expression")
    kind = make.pick(possible(COMPARABLE, scope))
    return computed(make, kind, scope, 1), kind


def _call(make: Maker, scope: Scope, *, exact: bool) -> tuple[str, str]:
    kind = aggregates.aggregate_kind(make, scope, exact=exact)
    return aggregates.over_aggregate(make, kind, scope), kind


def _over_keys(make: Maker, keys: Shown) -> tuple[str, str]:
    """An expression of the group's keys."""
    kind = make.pick(["INT", "STR", "BOOL"])
    return computed(make, kind, Scope(tuple(Column(f"({key})", k) for key, k in keys), 0), 1), kind


def _group(make: Maker, keys: Shown, shown: Shown) -> str:
    texts = [key for key, _ in keys]
    listed = ", ".join(texts)
    form = make.weighted({"plain": 6.0, "ALL": 1.0, "positions": 1.5, "ROLLUP": 0.7, "CUBE": 0.5, "SETS": 0.7})
    if form == "positions" and shown[: len(keys)] == keys:
        make.mark("GROUP BY position")
        return " GROUP BY " + ", ".join(str(i + 1) for i in range(len(keys)))
    if form == "ALL" and shown[: len(keys)] == keys:
        make.mark("GROUP BY ALL")
        return " GROUP BY ALL"
    if form in ("ROLLUP", "CUBE"):
        make.mark(form)
        return f" GROUP BY {form} ({listed})"
    if form == "SETS":
        make.mark("GROUPING SETS")
        return f" GROUP BY GROUPING SETS (({listed}), ({make.pick(texts)}), ())"
    return f" GROUP BY {listed}"


def windowed(make: Maker, depth: int) -> Query:
    """Window functions over rows or over groups, with QUALIFY."""
    if make.chance(0.25):
        return _windows_over_groups(make, depth)
    source = _source(make, depth)
    scope = Scope(source.columns)
    partition = windows.partition(make, scope)
    found = []
    for _ in range(make.pick([1, 1, 2, 3])):
        if make.chance(0.2):
            make.mark("windows of several partitions")
            partition = windows.partition(make, scope)
        found.append(windows.window(make, scope, partition))
    shown = [_shown(make, scope) for _ in range(make.rng.randint(1, 3))] + found
    return _select(make, shown, source, scope, _qualify(make, found), size=source.size)


def _qualify(make: Maker, found: Shown) -> str:
    numbers = [call for call, kind in found if kind == "INT"]
    if not numbers or make.chance(0.6):
        return ""
    make.mark("QUALIFY")
    return f" QUALIFY {make.pick(numbers)} {make.pick(['<=', '=', '>'])} {make.pick([1, 2, 3])}"


def _windows_over_groups(make: Maker, depth: int) -> Query:
    source = _source(make, depth)
    scope = Scope(source.columns)
    keys = dict(_key(make, scope) for _ in range(make.pick([1, 2])))
    calls = dict(_call(make, scope, exact=True) for _ in range(make.pick([1, 2])))
    results = Scope(tuple(Column(text, kind) for text, kind in {**keys, **calls}.items() if kind in COMPARABLE), 0)
    make.mark("window over GROUP BY")
    partition = windows.partition(make, results) if results.columns else ""
    found = [windows.window(make, results, partition)]
    shown = [*keys.items(), *calls.items(), *found]
    return _select(
        make, shown, source, scope, f" GROUP BY {', '.join(keys)}{_qualify(make, found)}", size=min(source.size, 20)
    )


def topped(make: Maker, depth: int) -> Query:
    """The first rows of each group, by row_number() in a derived table or in QUALIFY."""
    source = _source(make, depth)
    scope = Scope(source.columns)
    shown = [_shown(make, scope) for _ in range(make.rng.randint(1, 3))]
    ranked = f"{make.pick(['row_number()', 'row_number()', 'rank()'])} OVER (PARTITION BY {column(make, scope)} {windows.order(make, scope)})"
    limit = make.pick(["<= 2", "= 1", "< 3"])
    make.mark("top-N by group")
    if make.chance(0.4):
        return _select(make, shown, source, scope, f" QUALIFY {ranked} {limit}", size=20)
    inner = _select(make, [*shown, (ranked, "INT")], source, scope, size=source.size)
    names = inner.columns
    return Query(
        f"SELECT {', '.join(c.ref for c in names[:-1])} FROM ({inner.sql}) AS q WHERE {names[-1].ref} {limit}",
        names[:-1],
        20,
    )


def distinct(make: Maker, depth: int) -> Query:
    """DISTINCT and DISTINCT ON."""
    source = _source(make, depth)
    scope = Scope(source.columns)
    shown = [_shown(make, scope, exact=True) for _ in range(make.rng.randint(1, 3))]
    if make.chance(0.3):
        key = column(make, scope)
        make.mark("DISTINCT ON")
        return _select(
            make,
            shown,
            source,
            scope,
            f" ORDER BY {key}, {column(make, scope)} DESC",
            size=10,
            words=f"DISTINCT ON ({key}) ",
        )
    make.mark("DISTINCT")
    return _select(make, shown, source, scope, size=min(source.size, 30), words="DISTINCT ")


def combined(make: Maker, depth: int) -> Query:
    """UNION, INTERSECT and EXCEPT of branches with the same kinds."""
    kinds = [make.pick(["STR", "INT", "STR", "INT", "TS", "DEC", "BOOL"]) for _ in range(make.pick([1, 2, 2, 3]))]
    branches = [_branch(make, depth, kinds) for _ in range(make.pick([2, 2, 2, 3]))]
    sql = branches[0].sql
    for branch in branches[1:]:
        word = make.weighted(
            {"UNION ALL": 4.0, "UNION": 3.0, "INTERSECT": 1.0, "EXCEPT": 1.0, "INTERSECT ALL": 1.0, "EXCEPT ALL": 1.5}
        )
        make.mark(word)
        sql = f"{sql} {word} {branch.sql}"
    return Query(sql, branches[0].columns, sum(b.size for b in branches))


def _branch(make: Maker, depth: int, kinds: list[str]) -> Query:
    source = _source(make, depth)
    scope = Scope(source.columns)
    return _select(make, [(value(make, kind, scope, 1), kind) for kind in kinds], source, scope, size=source.size)


def limited(make: Maker, depth: int) -> Query:
    """ORDER BY with LIMIT, perhaps with OFFSET."""
    inner = _exact(make, depth)
    comparable = [c for c in inner.columns if c.kind in COMPARABLE] or [Column("1", "INT")]
    order = ", ".join(
        make.pick(comparable).ref + make.pick(["", " DESC", " NULLS FIRST"]) for _ in range(make.pick([1, 2]))
    )
    make.mark("ORDER BY … LIMIT")
    offset = f" OFFSET {make.pick([1, 2])}" if make.chance(0.3) else ""
    return Query(
        f"SELECT * FROM ({inner.sql}) AS q ORDER BY {order} LIMIT {make.pick([1, 3, 5])}{offset}", inner.columns, 5
    )


def with_ctes(make: Maker, depth: int) -> Query:
    """Common table expressions, used once or more often."""
    ctes = []
    before = make.tables
    for _ in range(make.pick([1, 1, 2])):
        inner = _exact(make, depth)
        name = make.name("w")
        ctes.append(f"{name} AS ({inner.sql})")
        table = Table(name, inner.columns, inner.size)
        # Twice as likely as any other table, so that it is often used more than once.
        make.tables = [*make.tables, *[table] * len(before)]
    make.mark("CTE")
    body = query(make, 1 if depth < OUTERMOST else depth)
    make.tables = before
    if body.sql.startswith("WITH "):
        return Query(f"WITH {', '.join(ctes)}, {body.sql[5:]}", body.columns, body.size)
    return Query(f"WITH {', '.join(ctes)} {body.sql}", body.columns, body.size)


def unnested(make: Maker, depth: int) -> Query:
    """UNNEST in the select list."""
    source = _source(make, depth)
    scope = Scope(source.columns)
    kind = make.pick(["INTS", "STRS"])
    make.mark("UNNEST in the select list")
    shown = [_shown(make, scope), (f"unnest({value(make, kind, scope, 1)})", "INT" if kind == "INTS" else "STR")]
    return _select(make, shown, source, scope, size=source.size * 2)


def _exact(make: Maker, depth: int) -> Query:
    """A query for a place where its values are compared."""
    return query(make, min(depth - 1, 1) if depth else 0)


def _source(make: Maker, depth: int) -> From:
    nested = [query(make, depth - 1)] if depth > 0 and make.chance(0.12) else []
    if depth and make.chance(0.06):
        return from_clause(make, nested, joins=3, kinds=INNER)
    joins = make.weighted({0: 5.0, 1: 4.0, 2: 0.8, 3: 0.2}) if depth else make.pick([0, 0, 1])
    return from_clause(make, nested, joins=joins)


def _shown(make: Maker, scope: Scope, *, exact: bool = True) -> tuple[str, str]:
    """An item of a select list: a column, an expression, seldom a subquery."""
    roll = make.rng.random()
    columns = scope.of(*EXACT)
    if columns and roll < 0.55:
        found = make.pick(columns)
        return found.ref, found.kind
    if roll < 0.6 and scope.deep:
        make.mark("subquery in the select list")
        kind = make.pick(["INT", "STR", "DBLD"])
        return subqueries.scalar(make, kind, scope), kind
    kind = make.pick(possible(EXACT, scope))
    return computed(make, kind, scope), kind


def _where(make: Maker, source: From, scope: Scope) -> str:
    conditions = list(source.where)
    if make.chance(0.35):
        conditions.append(value(make, "BOOL", scope, 2))
    if make.chance(0.15) and scope.deep:
        make.mark("subquery in WHERE")
        conditions.append(subqueries.predicate(make, scope))
    if make.chance(0.08) and scope.of("TS"):
        conditions.append(_temporal(make, make.pick(scope.of("TS")).ref))
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _temporal(make: Maker, moment: str) -> str:
    make.mark("now() in WHERE")
    return make.pick([
        f"{moment} > now() - INTERVAL 2 HOUR",
        f"{moment} BETWEEN now() - INTERVAL 3 HOUR AND now()",
        f"{moment} <= now()",
        f"({moment} > now() - INTERVAL 1 HOUR OR {moment} IS NULL)",
        f"date_trunc('hour', {moment}) >= current_timestamp - INTERVAL 4 HOUR",
        f"{moment}::DATE = current_date",
    ])  # fmt: skip


def _select(
    make: Maker, shown: Shown, source: From, scope: Scope, tail: str = "", *, size: int, words: str = ""
) -> Query:
    """The SELECT, with a name for each output column."""
    columns = tuple(Column(_output_name(make, i), kind) for i, (_, kind) in enumerate(shown))
    listed = ", ".join(f"{text} AS {c.ref}" for (text, _), c in zip(shown, columns, strict=True))
    sql = f"SELECT {words}{listed} FROM {source.sql}{_where(make, source, scope)}{tail}"
    return Query(sql, columns, max(size, 1))


def _output_name(make: Maker, place: int) -> str:
    return f"c{place}" if make.chance(0.95) else f'"C {place}"'
