"""Parts of a query that only read empty deltas are left out, and what is left gives the same rows."""

from __future__ import annotations

import duckdb
import pytest
from sqlglot import exp, parse_one

from headrace.sql import deltas, pruned

CASES = [
    ("SELECT x FROM delta.a", {"a"}, None),
    ("SELECT x FROM delta.a", {"b"}, "SELECT x FROM delta.a"),
    ("SELECT x FROM delta.a UNION ALL SELECT x FROM delta.b", {"a"}, "SELECT x FROM delta.b"),
    ("SELECT x FROM delta.a UNION ALL SELECT x FROM delta.b", {"b"}, "SELECT x FROM delta.a"),
    ("SELECT x FROM delta.a UNION ALL SELECT x FROM delta.b", {"a", "b"}, None),
    ("SELECT a.x FROM delta.a AS a JOIN state.s AS s ON a.x = s.x", {"a"}, None),
    ("SELECT s.x FROM state.s AS s JOIN delta.a AS a ON a.x = s.x", {"a"}, None),
    ("SELECT s.x FROM state.s AS s CROSS JOIN delta.a AS a", {"a"}, None),
    ("SELECT a.x FROM delta.a AS a LEFT JOIN state.s AS s ON a.x = s.x", {"a"}, None),
    (
        "SELECT s.x FROM state.s AS s LEFT JOIN delta.a AS a ON a.x = s.x",
        {"a"},
        "SELECT s.x FROM state.s AS s LEFT JOIN delta.a AS a ON a.x = s.x",
    ),
    (
        "SELECT s.x FROM delta.a AS a FULL JOIN state.s AS s ON a.x = s.x",
        {"a"},
        "SELECT s.x FROM delta.a AS a FULL JOIN state.s AS s ON a.x = s.x",
    ),
    ("SELECT x, SUM(x) AS t FROM delta.a GROUP BY x", {"a"}, None),
    ("SELECT SUM(x) AS t FROM delta.a", {"a"}, "SELECT SUM(x) AS t FROM delta.a"),
    (
        "SELECT x FROM (SELECT x FROM state.s UNION ALL SELECT x FROM delta.a) AS n",
        {"a"},
        "SELECT x FROM (SELECT x FROM state.s) AS n",
    ),
    (
        "WITH in0 AS (SELECT x FROM state.s UNION ALL SELECT x FROM delta.a) SELECT count(*) AS c FROM in0",
        {"a"},
        "WITH in0 AS (SELECT x FROM state.s) SELECT count(*) AS c FROM in0",
    ),
    (
        "WITH in0 AS (SELECT x FROM delta.a) SELECT count(*) AS c FROM in0",
        {"a"},
        "WITH in0 AS (SELECT x FROM delta.a) SELECT count(*) AS c FROM in0",
    ),
    ("SELECT 1 AS one", {"a"}, "SELECT 1 AS one"),
]


@pytest.mark.parametrize(("text", "empty", "left"), CASES)
def test_what_is_left(text: str, empty: set[str], left: str | None) -> None:
    query = parse_one(text, dialect="duckdb")
    assert isinstance(query, exp.Query)
    before = query.sql("duckdb")
    kept = pruned(query, empty)
    assert query.sql("duckdb") == before, "the query itself is not changed"
    assert (kept and kept.sql("duckdb")) == (left and parse_one(left, dialect="duckdb").sql("duckdb"))
    assert rows(before, empty) == (rows(kept.sql("duckdb"), empty) if kept is not None else [])


def rows(text: str, empty: set[str]) -> list[tuple[object, ...]]:
    con = duckdb.connect()
    con.execute("CREATE SCHEMA delta; CREATE SCHEMA state; CREATE TABLE state.s AS SELECT range AS x FROM range(3)")
    for name in "ab":
        con.execute(f"CREATE TABLE delta.{name} AS SELECT range AS x FROM range({0 if name in empty else 2})")
    return sorted(con.execute(text).fetchall(), key=str)


def test_the_deltas_that_a_query_reads() -> None:
    query = parse_one("SELECT * FROM delta.a JOIN (SELECT * FROM delta.b) AS b ON a.x = b.x, state.s", dialect="duckdb")
    assert deltas(query) == {"a", "b"}
