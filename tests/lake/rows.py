"""Rows to write, and what a table holds, as plain Python."""

from __future__ import annotations

from collections import Counter
from typing import Any

import duckdb
import pyarrow as pa

from headrace.lake import Commit, Lake
from headrace.lake.s3 import preparation
from tests.services import BUCKET, S3_PORT, is_open, s3


def connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    if is_open(S3_PORT):
        for statement in preparation(BUCKET, s3()):
            connection.execute(statement)
    connection.execute("SET TimeZone = 'UTC'; SET arrow_lossless_conversion = true")
    return connection


def numbered(start: int, stop: int) -> pa.Table:
    """The log's rows ``start`` to ``stop``: each is its offset, and something that follows from it."""
    offsets = range(start, stop)
    return pa.table(
        {
            "word": [f"word {offset % 7}" for offset in offsets],
            "amount": pa.array([offset * 3 for offset in offsets], pa.int32()),
            "__offset": pa.array(offsets, pa.int64()),
        }
    )


def append(lake: Lake, start: int, stop: int, table: str = "raw.orders") -> Commit:
    return lake.append(table, numbered(start, stop), start=start, stop=stop, epoch=start // 10 + 1)


def offsets(lake: Lake, table: str = "raw.orders", snapshot: int | None = None) -> list[int]:
    """The offsets in a table, in the order it gives them."""
    with connect() as connection:
        found = connection.sql(f"SELECT __offset FROM ({lake.select(table, snapshot=snapshot)})").fetchall()
    return [offset for (offset,) in found]


def held(lake: Lake, table: str, snapshot: int | None = None) -> Counter[tuple[Any, ...]]:
    """The rows of a table as a multiset, each value as DuckDB writes it."""
    with connect() as connection:
        rows = connection.sql(f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({lake.select(table, snapshot=snapshot)})")
        return Counter(rows.fetchall())


def texts(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> Counter[tuple[Any, ...]]:
    """Arrow rows as ``held`` gives them."""
    return Counter(connection.from_arrow(rows).project("CAST(COLUMNS(*) AS VARCHAR)").fetchall())
