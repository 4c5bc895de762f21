"""Overwriting: the whole of a model in one snapshot, and the former ones for as long as they are kept."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from headrace.lake import Lake

from .rows import held, texts


def overwrite(lake: Lake, rows: pa.Table, epoch: int = 1) -> int:
    commit = lake.overwrite("models.totals", rows, epoch=epoch, offsets={"orders": epoch * 10, "bids": 3})
    assert commit.written
    assert commit.snapshot is not None
    return commit.snapshot


def test_an_overwrite_leaves_exactly_the_new_rows_in_one_snapshot(lake: Lake, sql: duckdb.DuckDBPyConnection) -> None:
    for epoch in (1, 2, 3):
        rows = pa.table({"region": ["north", "south"], "total": [epoch, epoch * 2]})
        overwrite(lake, rows, epoch)
        assert held(lake, "models.totals") == texts(sql, rows)
    found = lake.snapshots("models.totals")
    assert [(each.operation, each.epoch, each.rows, each.files) for each in found] == [
        ("overwrite", epoch, 2, 1) for epoch in (1, 2, 3)
    ]


def test_a_snapshot_says_what_it_is_computed_from(lake: Lake) -> None:
    overwrite(lake, pa.table({"a": [1]}), epoch=7)
    (snapshot,) = lake.snapshots("models.totals")
    assert snapshot.offsets == {"orders": 70, "bids": 3}
    assert (snapshot.start, snapshot.stop) == (None, None)
    summary = lake._catalog.get("models.totals").current_snapshot()
    assert summary is not None
    assert summary.summary is not None
    assert summary.summary.additional_properties["headrace.offsets"] == '{"bids": 3, "orders": 70}'
    assert lake.covered("models.totals") == 0


def test_former_snapshots_stay_readable(lake: Lake, sql: duckdb.DuckDBPyConnection) -> None:
    first = overwrite(lake, pa.table({"a": [1, 2]}))
    files = lake.files("models.totals")
    overwrite(lake, pa.table({"a": [3]}))
    assert held(lake, "models.totals", first) == {("1",): 1, ("2",): 1}
    assert sql.sql(f"SELECT count(*) FROM read_parquet({files})").fetchall() == [(2,)]


def test_duplicates_keep_their_number(lake: Lake) -> None:
    overwrite(lake, pa.table({"a": [1, 1, 2]}))
    assert held(lake, "models.totals") == {("1",): 2, ("2",): 1}


@pytest.mark.parametrize("again", [False, True])
def test_no_rows_are_an_answer_too(lake: Lake, sql: duckdb.DuckDBPyConnection, again: bool) -> None:
    if again:
        overwrite(lake, pa.table({"a": [1]}))
    empty = pa.table({"a": pa.array([], pa.int64()), "u": pa.array([], pa.uint8()), "n": pa.array([], pa.null())})
    overwrite(lake, empty)
    assert lake.files("models.totals") == []
    relation = sql.sql(lake.select("models.totals"))
    assert [str(kind) for kind in relation.types] == ["BIGINT", "UTINYINT", "INTEGER"]
    assert relation.fetchall() == []
    overwrite(lake, pa.table({"a": [1]}))
    assert held(lake, "models.totals") == {("1",): 1}


def test_the_columns_may_be_entirely_other_ones(lake: Lake, sql: duckdb.DuckDBPyConnection) -> None:
    first = overwrite(lake, pa.table({"a": [1], "b": ["x"]}))
    second = overwrite(lake, pa.table({"b": [1.5], "c": pa.array([1], pa.uint8()), "a": ["text"]}))
    assert list(lake.columns("models.totals").items()) == [("b", "DOUBLE"), ("c", "UTINYINT"), ("a", "VARCHAR")]
    assert held(lake, "models.totals", second) == {("1.5", "1", "text"): 1}
    assert held(lake, "models.totals", first) == {("1", "x"): 1}
    assert lake.columns("models.totals", snapshot=first) == {"a": "BIGINT", "b": "VARCHAR"}


def test_a_folder_that_looks_like_a_pattern_or_a_partition_is_just_a_folder(
    tmp_path: Path, sql: duckdb.DuckDBPyConnection
) -> None:
    from headrace.lake import open_lake

    for name in ("day=1", "[ab]*?", "50% & 'quoted' #1", "ein Ordner ü"):
        with open_lake(tmp_path / name / "lake") as lake:
            overwrite(lake, pa.table({"a": [1]}))
            overwrite(lake, pa.table({"a": [2]}))
            assert sql.sql(lake.select("models.totals")).columns == ["a"]
            assert held(lake, "models.totals") == {("2",): 1}
