"""Appending: every offset once, whatever is repeated, cut or interrupted."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyiceberg.io import OutputFile

from headrace.errors import LakeError
from headrace.lake import Lake, open_lake

from .rows import append, numbered, offsets
from .storage import Storage


def test_an_append_is_read_back_and_covers_its_offsets(lake: Lake, storage: Storage) -> None:
    commit = append(lake, 0, 10)
    assert commit.written
    assert (commit.rows, commit.files) == (10, 1)
    assert commit.bytes == storage.size(lake.files("raw.orders")[0])
    assert lake.covered("raw.orders") == 10
    assert offsets(lake) == list(range(10))
    assert lake.tables() == ["raw.orders"]


def test_a_table_that_is_not_there_covers_nothing(lake: Lake) -> None:
    assert lake.covered("raw.orders") == 0
    assert lake.files("raw.orders") == []
    assert lake.snapshots("raw.orders") == []
    with pytest.raises(LakeError, match="HR-712"):
        lake.select("raw.orders")


def test_the_same_append_again_writes_nothing(lake: Lake) -> None:
    first = append(lake, 0, 10)
    again = append(lake, 0, 10)
    assert not again.written
    assert again.snapshot == first.snapshot
    assert offsets(lake) == list(range(10))


def test_an_append_that_overlaps_adds_only_what_is_new(lake: Lake) -> None:
    append(lake, 0, 10)
    assert append(lake, 4, 15).rows == 5
    assert offsets(lake) == list(range(15))
    last = lake.snapshots("raw.orders")[-1]
    assert (last.start, last.stop) == (10, 15)


def test_a_gap_is_refused_and_named(lake: Lake) -> None:
    append(lake, 0, 10)
    with pytest.raises(LakeError, match="HR-701") as refused:
        append(lake, 12, 20)
    assert "2 would be missing" in refused.value.what
    assert "offset 10" in refused.value.fix
    assert lake.covered("raw.orders") == 10


def test_offsets_without_rows_are_covered_too(lake: Lake) -> None:
    append(lake, 0, 10)
    commit = lake.append("raw.orders", numbered(10, 10), start=10, stop=20, epoch=2)
    assert commit.written
    assert lake.covered("raw.orders") == 20
    append(lake, 20, 25)
    assert offsets(lake) == [*range(10), *range(20, 25)]


@pytest.mark.parametrize(
    "rows",
    [
        numbered(0, 5).drop_columns("__offset"),
        numbered(0, 5).set_column(2, "__offset", pa.array([0, 1, 1, 2, 3])),
        numbered(0, 5).set_column(2, "__offset", pa.array([0, 1, 2, 3, 5])),
        numbered(0, 5).set_column(2, "__offset", pa.array([-1, 1, 2, 3, 4])),
        numbered(0, 5).set_column(2, "__offset", pa.array([0, None, 2, 3, 4])),
        numbered(0, 5).set_column(2, "__offset", pa.array([0, 1, 2, 3, 4], pa.int32())),
    ],
    ids=["absent", "twice", "beyond", "before", "null", "narrow"],
)
def test_rows_that_do_not_fit_their_offsets_are_refused(lake: Lake, rows: pa.Table) -> None:
    with pytest.raises(LakeError, match="HR-702"):
        lake.append("raw.orders", rows, start=0, stop=5, epoch=1)
    assert lake.covered("raw.orders") == 0


@pytest.mark.parametrize("name", ["orders", "raw.Orders", "other.orders", "raw.a.b", "raw.../x", "raw.", "raw.1"])
def test_a_name_outside_the_two_namespaces_is_refused(lake: Lake, name: str) -> None:
    for use in (lambda: append(lake, 0, 1, name), lambda: lake.covered(name), lambda: lake.compact(name)):
        with pytest.raises(LakeError, match="HR-713"):
            use()


def test_another_process_sees_what_was_appended(lake: Lake, reopen: Callable[[], Lake]) -> None:
    beside = reopen()
    append(lake, 0, 10)
    assert beside.covered("raw.orders") == 10
    append(lake, 10, 20)
    assert offsets(beside) == list(range(20))


def test_a_commit_that_came_first_is_taken_into_account(
    lake: Lake, reopen: Callable[[], Lake], storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other writer commits after we looked at what is covered, and before we commit: the worst moment."""
    append(lake, 0, 10)
    rival, create = reopen(), storage.kind.create
    raced: list[bool] = []

    def create_late(self: OutputFile, overwrite: bool = False) -> object:
        if not raced:
            raced.append(True)
            append(rival, 10, 15)
        return create(self, overwrite)

    monkeypatch.setattr(storage.kind, "create", create_late)
    commit = append(lake, 10, 20)
    assert raced
    assert commit.rows == 5
    assert offsets(lake) == list(range(20))
    files = lake.files("raw.orders")
    assert storage.beside(files[0]) == storage.paths(files), "the file of the attempt that lost stayed behind"


def test_offsets_belong_to_the_snapshot_they_are_asked_for(lake: Lake) -> None:
    for start in (0, 10, 20):
        append(lake, start, start + 10)
    for number, snapshot in enumerate(lake.snapshots("raw.orders"), start=1):
        assert (snapshot.operation, snapshot.epoch) == ("append", number)
        assert (snapshot.start, snapshot.stop) == ((number - 1) * 10, number * 10)
        assert (snapshot.rows, snapshot.files) == (number * 10, number)
        assert lake.covered("raw.orders", snapshot=snapshot.id) == number * 10
        assert len(lake.files("raw.orders", snapshot=snapshot.id)) == number
        assert offsets(lake, snapshot=snapshot.id) == list(range(number * 10))
    with pytest.raises(LakeError, match="HR-712"):
        lake.files("raw.orders", snapshot=1)


def test_a_large_append_is_split_into_files(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.lake.data.FILE_BYTES", 100)
    monkeypatch.setattr("headrace.lake.data.ROW_GROUP", 40)
    assert append(lake, 0, 100).files == 3
    assert offsets(lake) == list(range(100))


def test_rows_keep_their_order_beside_times_that_python_does_not_know(lake: Lake) -> None:
    for at in range(0, 30, 10):
        rows = numbered(at, at + 10).append_column("at", pa.array([2**63 - 1] * 10, pa.timestamp("us")))
        lake.append("raw.orders", rows, start=at, stop=at + 10, epoch=1)
    assert offsets(lake) == list(range(30))


def test_a_closed_lake_says_so(lake: Lake) -> None:
    append(lake, 0, 10)
    lake.close()
    lake.close()
    for use in (lambda: append(lake, 10, 20), lambda: lake.covered("raw.orders"), lake.tables):
        with pytest.raises(LakeError, match="HR-714"):
            use()


# An example takes a second, and shrinking takes thousands of them.
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
ranges = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 15)), min_size=1, max_size=8)


@given(ranges)
@settings(
    max_examples=15, deadline=None, phases=NO_SHRINKING, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_sequence_of_appends_leaves_each_offset_once(
    tmp_path_factory: pytest.TempPathFactory, ranges: list[tuple[int, int]]
) -> None:
    """Against the simplest model there is: a number."""
    covered = 0
    with open_lake(tmp_path_factory.mktemp("lake")) as lake:
        for start, length in ranges:
            stop = start + length
            if start > covered and stop > covered:
                with pytest.raises(LakeError, match="HR-701"):
                    append(lake, start, stop)
            else:
                assert append(lake, start, stop).written == (stop > covered)
                covered = max(covered, stop)
            assert lake.covered("raw.orders") == covered
        if covered:
            assert offsets(lake) == list(range(covered))
