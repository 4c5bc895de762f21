"""Compaction: fewer files, the same rows, the same offsets; and nobody who reads meanwhile is disturbed."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.io import OutputFile

from headrace.errors import LakeError
from headrace.lake import Lake, compaction

from .rows import append, held, numbered, offsets
from .storage import Storage


def fill(lake: Lake, appends: int = 6) -> None:
    for at in range(appends):
        append(lake, at * 10, at * 10 + 10)


def test_rows_offsets_and_their_order_stay_the_same(lake: Lake) -> None:
    fill(lake)
    before = held(lake, "raw.orders")
    commit = lake.compact("raw.orders", at_least=6)
    assert (commit.written, commit.rows, commit.files) == (True, 60, 1)
    assert len(lake.files("raw.orders")) == 1
    assert held(lake, "raw.orders") == before
    assert lake.covered("raw.orders") == 60
    assert offsets(lake) == list(range(60))
    last = lake.snapshots("raw.orders")[-1]
    assert (last.operation, last.start, last.stop, last.epoch, last.rows) == ("compact", 60, 60, 6, 60)


def test_appends_go_on_after_it(lake: Lake) -> None:
    fill(lake)
    lake.compact("raw.orders", at_least=2)
    assert not append(lake, 50, 60).written
    append(lake, 55, 70)
    assert offsets(lake) == list(range(70))


def test_nothing_happens_while_the_files_are_few(lake: Lake) -> None:
    fill(lake, 5)
    commit = lake.compact("raw.orders", at_least=6)
    assert not commit.written
    assert commit.snapshot == lake.snapshots("raw.orders")[-1].id
    assert len(lake.files("raw.orders")) == 5


def test_a_table_that_is_not_there_is_named(lake: Lake) -> None:
    with pytest.raises(LakeError, match="HR-712"):
        lake.compact("raw.orders")


def test_large_files_stay_and_merged_ones_stop_growing(
    lake: Lake, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(lake, 4)
    lake.append("raw.orders", numbered(40, 4040), start=40, stop=4040, epoch=5)
    for at in range(4):
        append(lake, 4040 + at * 10, 4050 + at * 10)
    sizes = [storage.size(file) for file in lake.files("raw.orders")]
    kept = lake.files("raw.orders")[4]
    monkeypatch.setattr(compaction, "SMALL_BYTES", sizes[4])
    monkeypatch.setattr(compaction, "TARGET_BYTES", max(size for size in sizes if size < sizes[4]) + 1)
    lake.compact("raw.orders", at_least=2)
    assert kept in lake.files("raw.orders")
    assert len(lake.files("raw.orders")) == 5, "two and two, the large one, two and two"
    assert offsets(lake) == list(range(4080))


def test_a_list_of_the_former_files_stays_readable_until_they_expire(
    lake: Lake, sql: duckdb.DuckDBPyConnection
) -> None:
    fill(lake)
    former, query = lake.snapshots("raw.orders")[-1], lake.select("raw.orders")
    lake.compact("raw.orders", at_least=2)
    assert len(sql.sql(query).fetchall()) == 60
    assert offsets(lake, snapshot=former.id) == list(range(60))
    lake.expire("raw.orders", keep=1)
    with pytest.raises(duckdb.IOException):
        sql.sql(query).fetchall()
    assert offsets(lake) == list(range(60))


def test_an_append_that_comes_between_is_kept(
    lake: Lake, reopen: Callable[[], Lake], storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(lake)
    rival, create = reopen(), storage.kind.create
    raced: list[bool] = []

    def create_late(self: OutputFile, overwrite: bool = False) -> object:
        if not raced:
            raced.append(True)
            append(rival, 60, 75)
        return create(self, overwrite)

    monkeypatch.setattr(storage.kind, "create", create_late)
    assert lake.compact("raw.orders", at_least=2).written
    assert raced
    assert lake.covered("raw.orders") == 75
    assert offsets(lake) == list(range(75))


def test_an_append_that_comes_at_the_last_moment_is_kept(
    lake: Lake, reopen: Callable[[], Lake], storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the merged file is written and the table looked at again: the commit itself has to notice."""
    fill(lake)
    rival, create = reopen(), storage.kind.create
    raced: list[bool] = []

    def create_late(self: OutputFile, overwrite: bool = False) -> object:
        if not raced and self.location.endswith(".avro"):
            raced.append(True)
            append(rival, 60, 75)
        return create(self, overwrite)

    monkeypatch.setattr(storage.kind, "create", create_late)
    assert lake.compact("raw.orders", at_least=2).written
    assert raced
    assert lake.covered("raw.orders") == 75
    assert offsets(lake) == list(range(75))
    former = [file for each in lake.snapshots("raw.orders") for file in lake.files("raw.orders", snapshot=each.id)]
    assert storage.beside(former[0]) == storage.paths(former), "the merged file of the first attempt stayed behind"


def test_a_compaction_that_came_first_wins(
    lake: Lake, reopen: Callable[[], Lake], storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(lake)
    rival, create = reopen(), storage.kind.create
    raced: list[bool] = []

    def create_late(self: OutputFile, overwrite: bool = False) -> object:
        if not raced:
            raced.append(True)
            rival.compact("raw.orders", at_least=2)
        return create(self, overwrite)

    monkeypatch.setattr(storage.kind, "create", create_late)
    assert not lake.compact("raw.orders", at_least=2).written
    assert offsets(lake) == list(range(60))
    former = [file for each in lake.snapshots("raw.orders") for file in lake.files("raw.orders", snapshot=each.id)]
    assert storage.beside(former[0]) == storage.paths(former), "the merged file that lost stayed behind"


def test_a_model_keeps_what_it_is_computed_from(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.lake.data.FILE_BYTES", 1)
    monkeypatch.setattr("headrace.lake.data.ROW_GROUP", 10)
    rows = pa.table({"a": list(range(50))})
    assert lake.overwrite("models.m", rows, epoch=4, offsets={"orders": 9}).files == 5
    lake.compact("models.m", at_least=2)
    last = lake.snapshots("models.m")[-1]
    assert (last.operation, last.epoch, last.offsets, last.files) == ("compact", 4, {"orders": 9}, 1)
    assert sum(held(lake, "models.m").values()) == 50


def test_a_file_with_fewer_rows_than_the_table_says_is_not_compacted_away(lake: Lake, storage: Storage) -> None:
    fill(lake, 3)
    victim, fewer = lake.files("raw.orders")[1], pa.BufferOutputStream()
    pq.write_table(pq.read_table(pa.BufferReader(storage.read(victim))).slice(0, 7), fewer)
    storage.write(victim, fewer.getvalue().to_pybytes())
    before = lake.files("raw.orders")
    with pytest.raises(LakeError, match="HR-709"):
        lake.compact("raw.orders", at_least=2)
    assert lake.files("raw.orders") == before
