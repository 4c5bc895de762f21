"""One query on DuckDB alone, at once, into a table: python -m bench.nexmark.on_duckdb QUERY FOLDER

Timed: CREATE TABLE AS the query over the Parquet files, into a database file, and committing it. This is the limit: an increment has to
do at least as much in all.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from bench.nexmark.models import teach_windows, text
from bench.nexmark.streams import STREAMS, side_input


def prepare(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Name the streams' files as the queries do."""
    for stream in STREAMS:
        connection.execute(f"CREATE VIEW {stream} AS FROM '{folder / stream}.parquet'")
    connection.from_arrow(side_input()).create("side_input")
    teach_windows(connection)


def measured(query: str, folder: Path) -> dict[str, float]:
    """``seconds``, and rows of the result."""
    with tempfile.TemporaryDirectory() as scratch, duckdb.connect(Path(scratch) / "one.duckdb") as connection:
        prepare(connection, folder)
        began = time.perf_counter()
        (rows,) = connection.execute(f"CREATE TABLE result AS {text(query)}").fetchone() or (0,)
        return {"seconds": time.perf_counter() - began, "rows": rows}


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], Path(sys.argv[2]))))
