"""The private DuckDB that parses and casts. It holds no data between two questions and never sees a user's SQL."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import duckdb
import pyarrow as pa

Connection = duckdb.DuckDBPyConnection

OFFLINE = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}


@cache
def _database() -> Connection:
    # One thread: a chunk is one batch, which DuckDB does not split, and the engine needs the other cores.
    database = duckdb.connect(":memory:", config={"threads": 1, **OFFLINE})
    database.execute("SET GLOBAL TimeZone = 'UTC'")
    return database


def session() -> Connection:
    """A connection of one's own to the process's private in-memory database. Cheap; close it after use."""
    return _database().cursor()


def ask(con: Connection, sql: str, tables: Mapping[str, pa.Table] | None = None) -> pa.Table:
    """The answer to `sql` over the given Arrow tables, named by their keys."""
    tables = tables or {}
    for name, table in tables.items():
        con.register(name, table)
    try:
        return con.execute(sql).to_arrow_table()
    finally:
        for name in tables:
            con.unregister(name)


def quote(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"
