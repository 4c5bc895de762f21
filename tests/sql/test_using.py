"""Joins read as DuckDB reads them: what USING compares after joins that make up rows, and joins in parentheses."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import duckdb
import pytest

from headrace.engine import DuckDBOracle
from headrace.sql import Catalog, Relation, SqlText, parse
from headrace.sql.passes import enclosed, opened, qualify

TABLES = {"ev": {"id": "INT", "k": "TEXT"}, "ref": {"k": "TEXT", "n": "INT"}, "bag": {"k": "TEXT", "v": "INT"}}
ROWS = """
INSERT INTO ev VALUES (1, 'a'), (3, 'c'), (4, NULL);
INSERT INTO ref VALUES ('b', 2), ('c', 3), ('d', 1);
INSERT INTO bag VALUES ('b', 1), ('a', 2), ('d', 5), ('e', 1)"""
JOINS = list(
    product(
        ("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"),
        ("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "SEMI JOIN", "ANTI JOIN"),
    )
)
QUERIES = (
    "SELECT k, id, n FROM ev {} ref USING (k) {} bag USING (k)",
    "SELECT * FROM ev {} ref USING (k) {} bag USING (k)",
    "SELECT K, id, n FROM ev {} ref USING (K) {} (SELECT k FROM bag) AS t USING (k) WHERE k > 'a'",
    "SELECT e.id FROM ev AS e {} ref AS r USING (k) {} bag AS b ON k = b.k",
    "SELECT e.id FROM ev AS e {} ref AS r USING (k) {} bag AS b ON e.k = b.k",
    "SELECT k, id FROM ev {} ref USING (k) {} bag USING (k) JOIN ref AS r2 USING (k)",
    "SELECT k, count(*) FROM ev {} ref USING (k) {} bag USING (k) GROUP BY k HAVING k < 'd'",
    "WITH w AS (SELECT v FROM bag) SELECT w.v, e.id FROM w, ev AS e {} ref AS r USING (k) {} bag AS b ON k = b.k",
    "WITH w (v, x) AS (SELECT v, k FROM bag) SELECT w.v, e.id FROM w, ev AS e {} ref AS r USING (k) {} bag AS b ON k = b.k",
    "SELECT t1.r, e.id FROM range(0, 4) AS t1 (r) JOIN ev AS e ON t1.r = e.id {} ref AS r USING (k) {} bag AS b ON k = b.k",
    "WITH ev AS (SELECT id AS i FROM ev) SELECT ev.i, r.n FROM ev, ref AS r {} bag AS b USING (k) {} (SELECT k FROM ref) AS c ON k = c.k",
    "SELECT t.y, e.id FROM (SELECT v, k FROM bag) AS t (x, y), ev AS e {} ref AS r USING (k) {} bag AS b ON k = b.k",
    # A table that is only looked into has no columns for the joins after it.
    "SELECT t.r FROM range(0, 4) AS t(r) SEMI JOIN bag AS b ON t.r = b.v LEFT JOIN ref AS r ON r.n = t.r ANTI JOIN bag AS z USING (k)",
)


PARENTHESES = (
    "SELECT e.k, id, n, v FROM (ev AS e {} ref AS r USING (k)) {} bag AS b ON e.k = b.k",
    "SELECT b.k, id, n, v FROM bag AS b {} (ev AS e {} ref AS r USING (k)) ON e.k = b.k",
    "SELECT * EXCLUDE (k), b.k FROM bag AS b {} (ev AS e {} ref AS r ON e.k = r.k) ON r.k = b.k AND id < 4",
    "SELECT id, v, (SELECT max(z.n) FROM ref AS z WHERE z.k = e.k) FROM bag AS b {} (ev AS e {} ref AS r USING (k)) ON e.k = b.k WHERE id > 0",
    "SELECT count(*) FROM bag AS b {} ((ev AS e {} ref AS r USING (k)) JOIN bag AS c ON c.k = e.k) ON true",
    "SELECT id, v FROM ref AS r {} (ev AS e {} (bag AS b JOIN ref AS q ON b.k = q.k) ON e.id = q.n) ON r.n = b.v",
)


@pytest.mark.parametrize("query", [*QUERIES, *PARENTHESES])
def test_using_means_what_it_means_in_duckdb(query: str) -> None:
    relations = {name: Relation(name, columns, True, False) for name, columns in TABLES.items()}
    oracle = DuckDBOracle()
    with duckdb.connect() as connection:
        for name, columns in TABLES.items():
            oracle.declare(name, columns)
            connection.execute(f"CREATE TABLE {name} ({', '.join(f'{c} {kind}' for c, kind in columns.items())})")
        connection.execute(ROWS)
        for joins in JOINS:
            text = query.format(*joins)
            if query in PARENTHESES and {"SEMI JOIN", "ANTI JOIN"} & set(joins):
                continue  # of what they only look for, nothing can be read
            told, catalog = SqlText(text, Path("m.sql")), Catalog(relations, oracle)
            read = parse(told)
            for step in (opened, qualify, enclosed):
                read = step(read, catalog, told)
            qualified = read.sql("duckdb")
            given, taken = (sorted(connection.execute(q).fetchall(), key=repr) for q in (text, qualified))
            assert taken == given, text
