"""A database with more in it than the catalog tells: what the gate must not let anyone reach, and what it must."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from headrace.security import Catalog, Principal

ANN = Principal("ann")

RELATIONS = {
    "orders": {
        "id": "BIGINT",
        "customer_id": "BIGINT",
        "product": "VARCHAR",
        "quantity": "INTEGER",
        "price": "DECIMAL(10,2)",
        "ordered_at": "TIMESTAMP",
        "status": "VARCHAR",
        "tags": "VARCHAR[]",
        "details": "JSON",
    },
    "customers": {
        "id": "BIGINT",
        "name": "VARCHAR",
        "country": "VARCHAR",
        "joined": "DATE",
        "profile": "STRUCT(age INTEGER, vip BOOLEAN)",
        "scores": "MAP(VARCHAR, DOUBLE)",
    },
    "trades": {"symbol": "VARCHAR", "ts": "TIMESTAMP", "price": "DOUBLE", "volume": "BIGINT"},
    "quotes": {"symbol": "VARCHAR", "ts": "TIMESTAMP", "bid": "DOUBLE", "ask": "DOUBLE"},
    "sensors": {"device": "VARCHAR", "ts": "TIMESTAMP WITH TIME ZONE", "value": "DOUBLE", "ok": "BOOLEAN"},
}
CATALOG = Catalog(RELATIONS)

ROWS = """
INSERT INTO orders SELECT
    i, CASE WHEN i % 7 = 0 THEN NULL ELSE i % 5 END, ['apple', 'pear', 'plum'][1 + i % 3], i % 4,
    CASE WHEN i % 11 = 0 THEN NULL ELSE (i * 37 % 101) + 0.25 END,
    TIMESTAMP '2024-01-01' + INTERVAL (i * 311) MINUTE, ['paid', 'open', 'lost'][1 + i * i % 3],
    CASE WHEN i % 4 = 0 THEN [] WHEN i % 4 = 1 THEN ['new'] ELSE ['gift', 'new'] END,
    {'color': ['red', 'blue'][1 + i % 2], 'size': {'w': i}, 'parts': range(i % 3)}
FROM range(1, 41) r(i);
INSERT INTO customers SELECT
    i, ['Anna', 'bob', 'Chloe', 'Ede', 'Fab', 'Abe'][1 + i], ['DE', 'FR'][1 + i % 2], DATE '2023-11-15' + i::INT * 20,
    {'age': 20 + i, 'vip': i % 2 = 0}, MAP {'math': i / 2, 'art': i}
FROM range(6) r(i);
INSERT INTO trades SELECT ['A', 'B'][1 + i % 2], TIMESTAMP '2024-01-01' + INTERVAL (i * 7) MINUTE, 100 + i % 5, i
FROM range(1, 31) r(i);
INSERT INTO quotes SELECT
    ['A', 'B'][1 + i % 2], TIMESTAMP '2024-01-01' + INTERVAL (i * 10) MINUTE, 99 + i % 3, 101 + i % 4
FROM range(20) r(i);
INSERT INTO sensors SELECT
    'd' || (i % 3), TIMESTAMPTZ '2024-03-30 20:00:00+00' + INTERVAL (i * 47) MINUTE, i * 1.5, i % 4 > 0
FROM range(24) r(i);
"""

HIDDEN = """
CREATE TABLE secret AS SELECT 42 AS x, 'hidden' AS word;
CREATE SCHEMA other;
CREATE TABLE other.hidden AS SELECT 42 AS x;
CREATE TABLE other.orders AS SELECT 42 AS id;
CREATE TEMP TABLE temporary AS SELECT 42 AS x;
CREATE VIEW secret_view AS FROM secret;
CREATE SEQUENCE counter;
CREATE MACRO leak() AS (SELECT max(x) FROM secret);
CREATE MACRO leak_table() AS TABLE FROM secret;
CREATE TYPE mood AS ENUM ('paid', 'open');
SET VARIABLE hidden = 42;
"""


def fill(connection: duckdb.DuckDBPyConnection) -> None:
    """The relations of the catalog, with rows, and everything hidden beside them."""
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET threads = 1")
    for name, columns in RELATIONS.items():
        connection.execute(f"CREATE TABLE {name} ({', '.join(f'{c} {t}' for c, t in columns.items())})")
    connection.execute(ROWS)
    connection.execute(HIDDEN)


@pytest.fixture(scope="session")
def closed() -> Iterator[duckdb.DuckDBPyConnection]:
    """As the node runs queries: no access to files or the network."""
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        fill(connection)
        yield connection


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file in it that queries must not read."""
    folder = tmp_path_factory.mktemp("disk")
    (folder / "people.csv").write_text("name,salary\nann,1\n")
    return folder


def paragraphs(name: str) -> list[str]:
    """The statements of a corpus file, one a paragraph; the first paragraph says what they are."""
    text = (Path(__file__).parent / "corpus" / name).read_text()
    return [part.strip() for part in text.split("\n\n")[1:] if part.strip()]
