"""USING after joins that make up rows: what it compares is the merged column, and a star shows it once, as in DuckDB."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import duckdb
import pytest

from headrace.engine import DuckDBOracle
from headrace.sql import Catalog, Relation, SqlText, parse
from headrace.sql.passes import qualify

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
    "SELECT k, id FROM ev {} ref USING (k) {} bag USING (k) JOIN ref AS r2 USING (k)",
    "SELECT k, count(*) FROM ev {} ref USING (k) {} bag USING (k) GROUP BY k HAVING k < 'd'",
)


@pytest.mark.parametrize("query", QUERIES)
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
            told = SqlText(text, Path("m.sql"))
            qualified = qualify(parse(told), Catalog(relations, oracle), told).sql("duckdb")
            given, taken = (sorted(connection.execute(q).fetchall(), key=repr) for q in (text, qualified))
            assert taken == given, text
