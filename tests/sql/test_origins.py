"""What a query's columns are made of: followed where it can be, and taken for everything where not."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from sqlglot import exp, parse_one

from headrace.engine import DuckDBOracle
from headrace.errors import HeadraceError
from headrace.security import Catalog, Principal, gate
from headrace.sql import NOTHING, Origins, Relation, SqlText, compile_model, origins
from headrace.sql import Catalog as Models

EMAIL: Origins = frozenset({("p", "email")})
NAME: Origins = frozenset({("p", "name")})
RELATIONS: Mapping[str, Mapping[str, Origins]] = {
    "p": {"id": NOTHING, "email": EMAIL, "name": NAME},
    "o": {"id": NOTHING, "amount": NOTHING, "pid": NOTHING},
}
MASKS = frozenset({"sha256", "pseudonym"})
E, N, BOTH, NO = EMAIL, NAME, EMAIL | NAME, NOTHING

CASES = [
    ("select p.id, p.email from p", [NO, E]),
    ("select t.a from (select p.email as a, p.id as b from p) t", [E]),
    ('select q."x" from (select p.email from p) as q("x")', [E]),
    ("with c as (select p.email e from p) select c.e, 1 from c", [E, NO]),
    ("select email from p", [E]),
    ("select upper(p.email) || p.name from p", [BOTH]),
    ("select length(p.email), p.email = 'a', p.email is null from p", [E, E, NO]),
    ("select case when p.email like 'a%' then 1 end from p", [E]),
    ("select count(*), count(p.email), count(distinct p.email) from p", [NO, NO, NO]),
    ("select max(p.name), list(p.email) from p", [N, E]),
    ("select sha256(p.email), pseudonym(p.name), sha256(p.email) || p.name from p", [NO, NO, N]),
    ("select md5(p.email) from p", [E]),
    ("select row_number() over (order by p.email), lag(p.name) over (order by p.id) from p", [NO, N]),
    ("select o.id, (select p.email from p where p.id = o.pid) from o", [NO, E]),
    ("select exists(select p.email from p) from o", [NO]),
    ("select o.id from o join p on p.id = o.pid", [NO]),
    ("select o.id, p.email from o left join p on p.id = o.pid", [NO, E]),
    ("select p.email from p union all select o.id from o", [E]),
    ("select o.id from o union select p.name from p", [N]),
    ("select * from p", [NO, E, N]),
    ("select p.*, o.* from p join o on true", [NO, E, N, NO, NO, NO]),
    ("select * exclude (email) from p", [NO, N]),
    ("select * replace (email as id) from p", [BOTH]),
    ("select t.id from (select * exclude (email) from p) t", [NO]),
    (
        "with recursive r as (select p.id, p.email from p union all select r.id, r.email from r) select r.email, r.id from r",
        [BOTH, BOTH],
    ),
    # What cannot be followed is made of everything that is read.
    ("select x.u from p, unnest([p.email]) as x(u)", [BOTH]),
    ("select [x for x in [p.email]] from p", [BOTH]),
    ("pivot p on id using max(email)", [BOTH]),
    ("select nothing_of_that_name from p", [BOTH]),
]


@pytest.mark.parametrize(("sql", "made"), CASES, ids=[sql for sql, _ in CASES])
def test_columns_are_followed(sql: str, made: list[Origins]) -> None:
    query = parse_one(sql, dialect="duckdb")
    assert isinstance(query, exp.Query | exp.Pivot)
    assert list(origins(query, lambda name: RELATIONS.get(name, {}), MASKS)) == made  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sql", "made"),
    [
        ("select country, count(*) from p group by country", NO),
        ("select p.email from p", E),
        ("from p", BOTH),
        ("with x as (select * from p) select country from x", NO),
        ("select country from p where email = 'a@b.c'", NO),
        ("select email || $suffix from p", E),
        ("select count(*) filter (country = 'DE'), sha256(email) from p", NO),
        ("select country, max(email) from p group by all", E),
    ],
)
def test_what_the_gate_admits_is_followed(sql: str, made: Origins) -> None:
    """The gate writes names in its own way: bare columns of each relation, and functions by name."""
    catalog = Catalog({"p": {"id": "BIGINT", "email": "VARCHAR", "name": "VARCHAR", "country": "VARCHAR"}})
    admitted = gate(Principal("test"), sql, catalog, {"suffix": "x"})
    known = {"p": {**RELATIONS["p"], "country": NOTHING}}
    assert NOTHING.union(*origins(admitted.expression.this, lambda name: known.get(name, {}), MASKS)) == made


# Every one shows an e-mail address, in a way that is easily taken for something else.
SHOWN = [
    "select email.upper() from p",
    "select p from p",
    "select list(p) from p",
    "select max(columns('em.*')) from p",
    "select columns('email') from p",
    "select #2 from p",
    "select x from (select email as x, id as x from p)",
    "select t.id from p as t(email, id)",
    "select * from (select id, email from p) t(i)",
    "with k(a) as (select id, email from p) select * from k",
    "select name from (select id, name from o union all by name select email as name, id from p)",
    "select sha256(email) > 'a' and email like 'S%' from p",
    "select count(*) > 0 and max(email) < 'T' from p",
    "select (email like 'S%') is true from p",
    "with recursive r(n, a, b) as (select 1, '', email from p union all select n + 1, b, '' from r where n < 3) select max(a) from r",
    "select kind from p pivot (first(email) for kind in ('a' as kind))",
    "with k as (select 1 as email) select (select email) from p",
    "with k as (select 1 as x) select x from p, unnest([p.email]) as u(x)",
    "select email from (select * from p left join c using (email))",
    "select (select T.name from (select email as name from p) t limit 1) from o as T",
    "select p.s.email from (select {'email': email} s from p) p, (select 'v' as email) s",
    "select (select s.email from (select {'email': email} s from p) limit 1) from (select 'x' as email) s",
    "select id from (select * rename (email as id, id as x) from (select id, email from p))",
    "select * exclude (a.email) from p a join p d using (id)",
    "select (values ((select email from p limit 1)))",
]
COLUMNS = {
    "p": {"id": "BIGINT", "email": "VARCHAR", "name": "VARCHAR", "kind": "VARCHAR"},
    "o": {"id": "BIGINT", "name": "VARCHAR", "pid": "BIGINT"},
    "c": {"code": "VARCHAR", "email": "VARCHAR"},
}


def known_of(name: str) -> Mapping[str, Origins]:
    return {column: EMAIL if (name, column) == ("p", "email") else NOTHING for column in COLUMNS.get(name, {})}


@pytest.mark.parametrize("sql", SHOWN)
def test_no_way_of_writing_it_hides_what_is_shown(sql: str) -> None:
    """Where gate or compiler take the query at all, what they make of it is known to show the column."""
    taken = 0
    with suppress(HeadraceError):
        admitted = gate(Principal("test"), sql, Catalog(COLUMNS))
        taken += 1
        assert NOTHING.union(*origins(admitted.expression.this, known_of, MASKS)) == EMAIL
    with suppress(HeadraceError):
        oracle = DuckDBOracle()
        relations = {name: Relation(name, columns, True, False) for name, columns in COLUMNS.items()}
        for name, columns in COLUMNS.items():
            oracle.declare(name, columns)
        program = compile_model("m", SqlText(sql, Path("m.sql")), Models(relations, oracle))
        taken += 1
        assert NOTHING.union(*origins(program.batch, known_of, MASKS)) == EMAIL
    assert taken
