"""What a query's columns are made of: followed where it can be, and taken for everything where not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlglot import exp, parse_one

from headrace.security import Catalog, Principal, gate
from headrace.sql import NOTHING, Origins, origins

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
    ("select * replace (email as id) from p", [BOTH, BOTH, BOTH]),
    ("select t.id from (select * exclude (email) from p) t", [NO]),
    (
        "with recursive r as (select p.id, p.email from p union all select r.id, r.email from r) select r.email, r.id from r",
        [E, NO],
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
