"""An event time is one that a clock can show: others are refused, so that none ends its source's time or the node."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from headrace.engine import Arrived, DuckDBEngine, Mark, SetsAside, SourceTable
from headrace.ingest import parse_push
from headrace.project import FileSource, PushSource
from headrace.runtime.decide import complete_to

from .taking import drain, opened

TIMES = ["2020-01-01 00:00:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59"]
BEYOND = ["10000-01-01 00:00:00", "infinity", "-infinity", "0001-01-01 (BC) 00:00:00"]
KINDS = ["TIMESTAMP", "DATE", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S"]
# DuckDB writes no infinite TIMESTAMP_S to Parquet.
CASES = [(f, k) for f in ("csv", "ndjson", "parquet") for k in KINDS if (f, k) != ("parquet", "TIMESTAMP_S")]
Declare = Callable[..., FileSource]


@pytest.mark.parametrize(("format", "kind"), CASES)
def test_files(tmp_path: Path, file_source: Declare, format: str, kind: str) -> None:
    times = [
        time.replace(" 00:00:00", "").replace(" 23:59:59", "") if kind == "DATE" else time for time in TIMES + BEYOND
    ]
    path = tmp_path / f"a.{format}"
    if format == "parquet":
        rows = ", ".join(f"({n}, '{time}'::{kind})" for n, time in enumerate(times))
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"CREATE TABLE t AS SELECT * FROM (VALUES {rows}) AS v(id, time)")
            connection.execute(f"COPY (SELECT id, time AS \"at\" FROM t) TO '{path}' (FORMAT parquet)")
    elif format == "csv":
        path.write_text("id,at\n" + "".join(f"{n},{time}\n" for n, time in enumerate(times)))
    else:
        path.write_text("".join(json.dumps({"id": n, "at": time}) + "\n" for n, time in enumerate(times)))
    columns = {"id": "BIGINT", "at": kind}
    source = file_source(path.name, format, columns=columns, event_time="at")
    taken = drain(opened(source, tmp_path, None, lambda: 0.0), 100)
    assert [row["id"] for row in taken.rows] == list(range(len(TIMES)))
    assert len(taken.rejected) == len(BEYOND)
    assert all("is not in the years 1 to 9999" in reason for reason in taken.reasons), taken.reasons


def test_pushed_rows() -> None:
    source = PushSource(name="s", file=Path("s.yaml"), columns={"at": "TIMESTAMP"}, event_time="at")
    body = "".join(json.dumps({"at": time}) + "\n" for time in TIMES + BEYOND).encode()
    chunk = parse_push(source, body, "application/x-ndjson")
    assert (chunk.kept, chunk.rejected.num_rows if chunk.rejected else 0) == (len(TIMES), len(BEYOND))


def test_other_columns_have_any_time(tmp_path: Path, file_source: Declare) -> None:
    (tmp_path / "a.csv").write_text("id,at\n" + "".join(f"1,{time}\n" for time in BEYOND))
    source = file_source("a.csv", "csv", columns={"id": "BIGINT", "at": "TIMESTAMP"})
    chunk = opened(source, tmp_path, None, lambda: 0.0).poll(100)
    assert chunk is not None
    assert chunk.kept == len(BEYOND)


def test_a_watermark_is_not_before_the_calendar(tmp_path: Path) -> None:
    first = datetime(1, 1, 1, tzinfo=UTC)
    assert complete_to(frozenset({"s"}), {"s": first}, {"s": 3600.0}, frozenset()) == first
    engine = DuckDBEngine(tmp_path / "state.duckdb", tmp_path / "lake")
    source = SourceTable("s", {"at": "TIMESTAMP"}, sets_aside=SetsAside("at", timedelta(hours=1)))
    engine.install([source], [])
    for number in (1, 2):
        engine.run(Mark(number, {"s": number}, first), {"s": _row(number - 1)})
    assert engine.late("s") == 0
    engine.close()


def _row(start: int) -> Arrived:
    return Arrived(pa.table({"at": pa.array([datetime(1, 1, 1)], pa.timestamp("us"))}), start)
