"""Random FROM clauses: tables, derived tables and the joins between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .expressions import value
from .maker import COMPARABLE, Maker, Query, Scope
from .sources import Column, Table

# Products larger than this would make the fuzzer slow, and find nothing that smaller ones do not.
LARGEST = 3000
JOINS = {
    "inner": 9.0, "left": 5.0, "right": 1.5, "full": 2.0, "cross": 1.0, "comma": 2.0, "using": 2.5, "semi": 1.5, "anti": 1.5,
    "asof": 1.2, "asof left": 0.8, "range": 1.5, "left range": 0.7, "lateral": 0.8, "unnest": 1.0,
}  # fmt: skip
INNER = {"inner": 4.0, "comma": 2.0, "using": 1.0}


@dataclass(frozen=True)
class From:
    """A FROM clause without its first word, the columns it gives, a guess at its rows, and conditions WHERE has to hold."""

    sql: str
    columns: tuple[Column, ...]
    size: int
    where: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Named:
    sql: str
    alias: str
    columns: tuple[Column, ...]
    size: int


def from_clause(make: Maker, nested: list[Query], *, joins: int, kinds: Mapping[str, float] = JOINS) -> From:
    """One table and up to ``joins`` more. ``nested`` are queries that may be used as derived tables."""
    first = _table(make, nested)
    made = From(first.sql, first.columns, first.size)
    for _ in range(joins):
        if make.chance(0.05):
            made = _enclosed(make, made, nested) or made
        else:
            made = _joined(make, made, _table(make, nested), kinds)
    return made


def _enclosed(make: Maker, left: From, nested: list[Query]) -> From | None:
    """A join with two tables that are joined in parentheses."""
    first, second = _table(make, nested), _table(make, nested)
    kinds = ("inner", "left", "right", "full")
    inside = _plain(make, From(first.sql, first.columns, first.size), second, make.pick(kinds))
    if inside is None or inside.size > LARGEST:
        return None
    both = _plain(make, left, _Named(f"({inside.sql})", "", inside.columns, inside.size), make.pick(kinds))
    if both is None or both.size > LARGEST:
        return None
    make.mark("joins in parentheses")
    return both


def _table(make: Maker, nested: list[Query]) -> _Named:
    alias = make.name("t")
    roll = make.rng.random()
    if nested and roll < 0.6:
        query = nested.pop()
        make.mark("derived table")
        return _Named(f"({query.sql}) AS {alias}", alias, _qualified(query.columns, alias), query.size)
    if roll < 0.04:
        make.mark("VALUES")
        columns = (Column("k", "STR"), Column("w", "INT"))
        return _Named(f"(VALUES ('a', 1), ('b', 2), (NULL, 3)) AS {alias}(k, w)", alias, _qualified(columns, alias), 3)
    if roll < 0.07:
        make.mark("range()")
        return _Named(f"range(0, 4) AS {alias}(r)", alias, (Column(f"{alias}.r", "INT"),), 4)
    table = make.pick(make.tables)
    moments = [column for column in table.columns if column.kind == "TS" and " " not in column.ref]
    if moments and make.chance(0.1):
        return _windowed(make, table, make.pick(moments).ref, alias)
    return named(table, alias)


def _windowed(make: Maker, table: Table, moment: str, alias: str) -> _Named:
    """A table whose rows are put into windows of event time."""
    keys = [column.ref for column in table.columns if column.kind in ("STR", "INT") and " " not in column.ref]
    forms = {
        "TUMBLE": f"TUMBLE({table.name}, {moment}, INTERVAL 30 MINUTE)",
        "HOP": f"HOP({table.name}, {moment}, INTERVAL 30 MINUTE, INTERVAL 1 HOUR)",
        "SESSION": f"SESSION({table.name}, {moment}, INTERVAL 20 MINUTE{f', {make.pick(keys)}' if keys else ''})",
    }
    form = make.pick(list(forms))
    make.mark(form)
    columns = (*table.columns, Column("window_start", "TS"), Column("window_end", "TS"))
    return _Named(
        f"{forms[form]} AS {alias}", alias, _qualified(columns, alias), table.size * (2 if form == "HOP" else 1)
    )


def named(table: Table, alias: str) -> _Named:
    return _Named(f"{table.name} AS {alias}", alias, _qualified(table.columns, alias), table.size)


def _qualified(columns: tuple[Column, ...], alias: str) -> tuple[Column, ...]:
    return tuple(Column(f"{alias}.{column.ref}", column.kind) for column in columns)


def _joined(make: Maker, left: From, right: _Named, kinds: Mapping[str, float]) -> From:
    kind = make.weighted(kinds)
    maker = {"unnest": _unnested, "lateral": _lateral, "using": _using}.get(kind)
    made = maker(make, left, right) if maker is not None else _plain(make, left, right, kind)
    if made is None or made.size > LARGEST:
        return left
    make.mark(f"{kind} join")
    return made


def _plain(make: Maker, left: From, right: _Named, kind: str) -> From | None:
    both = left.columns + right.columns
    product, equal = left.size * right.size, max(left.size * right.size // 4, 1)
    if kind == "cross":
        return From(f"{left.sql} CROSS JOIN {right.sql}", both, product, left.where)
    pair = _pair(make, left.columns, right.columns)
    if pair is None:
        return None
    if kind == "comma":
        return From(f"{left.sql}, {right.sql}", both, equal, (*left.where, pair))
    if kind in ("semi", "anti"):
        return From(f"{left.sql} {kind.upper()} JOIN {right.sql} ON {pair}", left.columns, left.size, left.where)
    if kind.startswith("asof"):
        return _asof(make, left, right, kind)
    if "range" in kind:
        pair = _pair(make, left.columns, right.columns, make.pick(["<", ">=", "<>"])) or pair
        word = "LEFT JOIN" if "left" in kind else "JOIN"
        return From(f"{left.sql} {word} {right.sql} ON {pair}", both, max(product // 2, left.size), left.where)
    return From(
        f"{left.sql} {_word(make, kind)} {right.sql} ON {_on(make, left, right, pair)}",
        both,
        max(equal, left.size),
        left.where,
    )


def _word(make: Maker, kind: str) -> str:
    return {
        "inner": make.pick(["JOIN", "INNER JOIN"]),
        "left": "LEFT JOIN",
        "right": "RIGHT JOIN",
        "full": make.pick(["FULL JOIN", "FULL OUTER JOIN"]),
    }[kind]


def _on(make: Maker, left: From, right: _Named, pair: str) -> str:
    """An equality, perhaps with more of them or with a condition on one side or on both."""
    scope = Scope(left.columns + right.columns, 0)
    roll = make.rng.random()
    if roll < 0.12:
        return f"{pair} AND {_pair(make, left.columns, right.columns) or pair}"
    if roll < 0.3:
        make.mark("join with a condition beside its equality")
        return f"{pair} AND {value(make, 'BOOL', scope, 1)}"
    if roll < 0.36:
        make.mark("join on IS NOT DISTINCT FROM")
        return pair.replace(" = ", " IS NOT DISTINCT FROM ", 1)
    if roll < 0.42:
        make.mark("join on an expression")
        return (
            f"coalesce({pair.split(' = ', maxsplit=1)[0]}::VARCHAR, '') = coalesce({pair.split(' = ')[1]}::VARCHAR, '')"
        )
    return pair


def _pair(make: Maker, left: tuple[Column, ...], right: tuple[Column, ...], operator: str = "=") -> str | None:
    """A comparison of a left column with a right one of the same kind."""
    kinds = [kind for kind in COMPARABLE if kind != "BOOL" and _of(left, kind) and _of(right, kind)]
    if not kinds:
        return None
    likely = {kind: 6.0 if kind == "STR" else 2.0 if kind == "INT" else 0.2 for kind in kinds}
    kind = make.weighted(likely)
    sides = make.pick(_of(left, kind)).ref, make.pick(_of(right, kind)).ref
    if make.chance(0.2) and operator == "=":
        sides = sides[1], sides[0]
    return f"{sides[0]} {operator} {sides[1]}"


def _of(columns: tuple[Column, ...], kind: str) -> list[Column]:
    return [column for column in columns if column.kind == kind]


def _asof(make: Maker, left: From, right: _Named, kind: str) -> From | None:
    kinds = [k for k in ("TS", "INT", "DATE") if _of(left.columns, k) and _of(right.columns, k)]
    pair = _pair(make, left.columns, right.columns)
    if not kinds or pair is None:
        return None
    by = make.pick(kinds)
    nearest = f"{make.pick(_of(left.columns, by)).ref} >= {make.pick(_of(right.columns, by)).ref}"
    on = nearest if make.chance(0.2) else f"{pair} AND {nearest}"
    return From(
        f"{left.sql} {kind.upper()} JOIN {right.sql} ON {on}", left.columns + right.columns, left.size, left.where
    )


def _using(make: Maker, left: From, right: _Named) -> From | None:
    """USING (k), when only one table so far has a ``k``."""
    owners = [c for c in left.columns if c.ref.endswith(".k") or c.ref == "k"]
    theirs = [c for c in right.columns if c.ref.endswith(".k")]
    if len(owners) != 1 or not theirs or owners[0].kind != theirs[0].kind:
        return None
    word = make.weighted({"JOIN": 4.0, "LEFT JOIN": 2.0, "FULL JOIN": 1.0, "SEMI JOIN": 0.5, "ANTI JOIN": 0.5})
    make.mark(f"USING with {word}")
    sql = f"{left.sql} {word} {right.sql} USING (k)"
    if word in ("SEMI JOIN", "ANTI JOIN"):
        return From(sql, left.columns, left.size, left.where)
    rest = tuple(c for c in left.columns + right.columns if c not in (owners[0], theirs[0]))
    return From(sql, (Column("k", owners[0].kind), *rest), max(left.size * right.size // 4, left.size), left.where)


def _unnested(make: Maker, left: From, _right: _Named) -> From | None:
    kind = make.pick(["STRS", "INTS"])
    lists = _of(left.columns, kind)
    if not lists:
        return None
    alias = make.name("u")
    comma = make.pick([",", " CROSS JOIN"])
    sql = f"{left.sql}{comma} unnest({make.pick(lists).ref}) AS {alias}(e)"
    element = Column(f"{alias}.e", "STR" if kind == "STRS" else "INT")
    return From(sql, (*left.columns, element), left.size * 2, left.where)


def _lateral(make: Maker, left: From, right: _Named) -> From | None:
    """A derived table that names the tables before it."""
    pair = _pair(make, left.columns, right.columns)
    if pair is None:
        return None
    alias = make.name("l")
    shown = make.pick([c for c in right.columns if c.kind in COMPARABLE]).ref
    kind = next(c.kind for c in right.columns if c.ref == shown)
    if make.chance(0.5):
        body, out = f"SELECT count(*) AS n, max({shown}) AS m FROM {right.sql} WHERE {pair}", ("n", "INT")
        columns = (Column(f"{alias}.n", out[1]), Column(f"{alias}.m", kind))
    else:
        body = f"SELECT {shown} AS m FROM {right.sql} WHERE {pair}"
        columns = (Column(f"{alias}.m", kind),)
    word = make.pick([", LATERAL", " CROSS JOIN LATERAL", " LEFT JOIN LATERAL"])
    on = " ON TRUE" if "LEFT" in word else ""
    return From(
        f"{left.sql}{word} ({body}) AS {alias}{on}",
        left.columns + columns,
        max(left.size * right.size // 4, 1),
        left.where,
    )
