"""What every log promises (``headrace.log.protocol``), over every implementation."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pyarrow as pa
import pytest

from headrace.errors import LogError
from headrace.log import Epoch, Log, Part, Receipt, Stored

from .implementations import SetClock, numbered

Reopen = Callable[[], Log]
Writer = Callable[[str, int], "subprocess.Popen[str]"]


def table(values: Iterable[int]) -> pa.Table:
    return pa.table({"n": pa.array(list(values), pa.int64())})


def put(log: Log, values: Iterable[int], stream: str = "s", **more: str) -> Receipt:
    return log.append([Part(stream, table(values))], source="test", **more)


def numbers(log: Log, start: int, stop: int, stream: str = "s") -> list[int]:
    return log.read(stream, start, stop)["n"].to_pylist()


def refused(code: str, call: Callable[[], object]) -> LogError:
    with pytest.raises(LogError) as caught:
        call()
    assert caught.value.code == code
    assert caught.value.what
    assert caught.value.state
    assert caught.value.fix
    assert caught.value.where
    return caught.value


# Order, offsets, slices


def test_offsets_count_rows_from_zero_without_gaps(log: Log) -> None:
    receipts = [put(log, range(n, n + size)) for n, size in [(0, 3), (3, 1), (4, 5)]]
    assert [receipt.offsets for receipt in receipts] == [{"s": (0, 3)}, {"s": (3, 4)}, {"s": (4, 9)}]
    assert (log.starts(), log.ends()) == ({"s": 0}, {"s": 9})


def test_every_slice_is_what_was_appended(log: Log) -> None:
    first = 0
    for size in (3, 1, 4, 2):
        put(log, range(first, first + size))
        first += size
    for start in range(first + 1):
        for stop in range(start, first + 1):
            assert numbers(log, start, stop) == list(range(start, stop))


def test_streams_count_apart_and_parts_of_one_stream_follow_each_other(log: Log) -> None:
    parts = [Part("a", table([1, 2])), Part("b", table([9])), Part("a", table([3]))]
    assert log.append(parts, source="test").offsets == {"a": (0, 3), "b": (0, 1)}
    assert (numbers(log, 0, 3, "a"), numbers(log, 0, 1, "b")) == ([1, 2, 3], [9])


def test_counts_say_what_is_kept(log: Log) -> None:
    assert log.counts() == {}
    put(log, range(1000))
    once = log.counts()["s"]
    assert once.rows == 1000
    assert once.bytes > 0
    put(log, range(1000))
    assert log.counts()["s"] == Stored(rows=2000, bytes=2 * once.bytes)


def test_rows_beyond_the_end_are_an_error(log: Log) -> None:
    put(log, range(5))
    for stream, start, stop in [("s", 0, 6), ("s", 6, 6), ("s", -1, 2), ("s", 3, 2), ("none", 0, 1)]:
        refused("HR-501", lambda stream=stream, start=start, stop=stop: log.read(stream, start, stop))


def test_an_empty_range_has_the_columns(log: Log) -> None:
    put(log, range(5))
    assert log.read("s", 5, 5).schema == pa.schema({"n": pa.int64()})
    assert log.read("s", 5, 5).num_rows == 0
    assert log.read("none", 0, 0).num_rows == 0


def test_no_rows_and_no_parts_are_appends_too(log: Log) -> None:
    assert put(log, []).offsets == {"s": (0, 0)}
    assert log.append([], source="test", position="p", key="k") == Receipt({}, duplicate=False)
    assert log.append([], source="test", position="q", key="k") == Receipt({}, duplicate=True)
    assert log.position("test") == "p"
    assert put(log, [1]).offsets == {"s": (0, 1)}


def test_values_of_every_kind_come_back_as_they_were(log: Log) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678901)
    rows = pa.table(
        {
            "bool": [True, None],
            "tiny": pa.array([-1, 1], pa.int8()),
            "huge": pa.array([2**64 - 1, None], pa.uint64()),
            "double": [float("inf"), -0.0],
            "decimal": pa.array([Decimal("1.23"), None], pa.decimal128(38, 2)),
            "text": ["\x1f\u2603\x00", ""],
            "bytes": [b"\x00\xff", None],
            "day": pa.array([at.date(), None]),
            "at": pa.array([at, None], pa.timestamp("us")),
            "zoned": pa.array([at.replace(tzinfo=UTC), None], pa.timestamp("us", "UTC")),
            "span": pa.array([timedelta(microseconds=1), None]),
            "list": [[1, None], []],
            "struct": [{"a": 1, "b": "x"}, None],
            "word": pa.array(["x", "x"]).dictionary_encode(),
            "nothing": pa.nulls(2),
        }
    )
    log.append([Part("s", rows)], source="test")
    assert log.read("s", 0, 2).equals(rows)
    assert log.read("s", 1, 2).equals(rows.slice(1))


def test_a_table_in_pieces_and_a_view_of_one_are_stored_as_their_rows(log: Log) -> None:
    pieces = pa.concat_tables([table([1]), table([]), table([2, 3])])
    log.append([Part("s", pieces), Part("s", table(range(100)).slice(40, 2))], source="test")
    assert numbers(log, 0, 5) == [1, 2, 3, 40, 41]


def test_a_large_append_is_read_in_parts(log: Log) -> None:
    rows = 1_200_000
    wide = pa.table({"n": range(rows), "text": [f"{n % 977:032}" for n in range(rows)]})
    assert log.append([Part("s", wide)], source="test").offsets == {"s": (0, rows)}
    for start, stop in [(0, 1), (rows - 1, rows), (399_990, 400_010), (0, rows)]:
        assert log.read("s", start, stop).equals(wide.slice(start, stop - start))


# Changes of columns


def test_a_column_that_comes_later_is_null_before(log: Log) -> None:
    put(log, [1, 2])
    log.append([Part("s", pa.table({"m": ["x"], "n": [3]}))], source="test")
    put(log, [4])
    assert log.read("s", 0, 2).column_names == ["n"]
    assert log.read("s", 1, 4).to_pylist() == [{"n": 2, "m": None}, {"n": 3, "m": "x"}, {"n": 4, "m": None}]
    assert log.read("s", 4, 4).column_names == ["n", "m"]


@pytest.mark.parametrize(
    ("before", "after", "both"),
    [
        (pa.int8(), pa.int64(), pa.int64()),
        (pa.int64(), pa.int16(), pa.int64()),
        (pa.uint32(), pa.int32(), pa.int64()),
        (pa.null(), pa.string(), pa.string()),
        (pa.float32(), pa.float64(), pa.float64()),
        (pa.decimal128(10, 2), pa.decimal128(12, 4), pa.decimal128(12, 4)),
        (pa.string(), pa.large_string(), pa.large_string()),
        (pa.list_(pa.int32()), pa.list_(pa.int64()), pa.list_(pa.int64())),
        (pa.struct({"a": pa.int32()}), pa.struct({"a": pa.int64(), "b": pa.int8()}), None),
    ],
)
def test_a_column_may_change_to_a_type_that_holds_both(
    log: Log, before: pa.DataType, after: pa.DataType, both: pa.DataType | None
) -> None:
    for kind in (before, after):
        log.append([Part("s", pa.table({"c": pa.nulls(2, kind)}))], source="test")
    assert log.read("s", 0, 4)["c"].null_count == 4
    assert log.read("s", 0, 4).schema.field("c").type == (both or after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (pa.int64(), pa.string()),
        (pa.int64(), pa.float64()),
        (pa.float64(), pa.int32()),
        (pa.int64(), pa.uint64()),
        (pa.timestamp("us"), pa.timestamp("us", "UTC")),
        (pa.timestamp("us"), pa.timestamp("ns")),
        (pa.struct({"a": pa.int64()}), pa.struct({"a": pa.string()})),
        (pa.list_(pa.int64()), pa.list_(pa.float64())),
        (pa.list_(pa.int64()), pa.int64()),
        (pa.decimal256(76, 0), pa.decimal256(76, 70)),
        (pa.struct([("a", pa.int64()), ("a", pa.int64())]), pa.struct([("a", pa.int64()), ("b", pa.int64())])),
    ],
)
def test_a_change_that_would_lose_values_is_refused_when_it_is_appended(
    log: Log, before: pa.DataType, after: pa.DataType
) -> None:
    log.append([Part("s", pa.table({"c": pa.nulls(2, before)}))], source="test")
    changed = [Part("t", table([1])), Part("s", pa.table({"c": pa.nulls(1, after)}))]
    error = refused("HR-512", lambda: log.append(changed, source="test", position="p"))
    assert "'c'" in error.what
    assert "'s'" in error.what
    assert str(before) in error.what
    assert str(after) in error.what
    assert (log.ends(), log.position("test")) == ({"s": 2}, None)


def test_once_the_old_rows_are_trimmed_any_type_may_come(log: Log, clock: SetClock) -> None:
    put(log, [1])
    clock.advance(timedelta(hours=1))
    log.trim({"s": 1}, clock.now)
    log.append([Part("s", pa.table({"n": ["text"]}))], source="test")
    assert log.read("s", 1, 2).to_pylist() == [{"n": "text"}]


@pytest.mark.parametrize(
    "rows",
    [pa.table({}), pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])],
    ids=["none", "twice"],
)
def test_rows_that_could_not_be_told_apart_are_refused(log: Log, rows: pa.Table) -> None:
    refused("HR-512", lambda: log.append([Part("s", rows)], source="test"))
    assert log.ends() == {}


def test_an_append_must_say_its_source_and_streams(log: Log) -> None:
    refused("HR-512", lambda: log.append([Part("s", table([1]))], source=""))
    refused("HR-512", lambda: log.append([Part("s", table([1])), Part("", table([1]))], source="test"))
    refused("HR-512", lambda: put(log, [1], position="\ud800"))
    assert log.ends() == {}


# Atomicity, positions, idempotency


def test_an_append_that_fails_leaves_nothing(log: Log) -> None:
    put(log, [1, 2], position="before")
    bad = [Part("s", table([3])), Part("new", table([4])), Part("s", pa.table({"n": ["text"]}))]
    refused("HR-512", lambda: log.append(bad, source="test", position="after", key="k"))
    assert log.ends() == {"s": 2}
    assert log.position("test") == "before"
    assert put(log, [3], key="k") == Receipt({"s": (2, 3)}, duplicate=False)


def test_a_position_is_kept_per_source_until_the_next(log: Log) -> None:
    assert log.position("test") is None
    put(log, [1], position="one")
    put(log, [2])
    log.append([Part("s", table([3]))], source="other", position="elsewhere")
    assert (log.position("test"), log.position("other")) == ("one", "elsewhere")


def test_a_key_appends_once(log: Log, reopen: Reopen) -> None:
    first = log.append([Part("a", table([1, 2])), Part("b", table([3]))], source="test", position="one", key="k")
    assert first == Receipt({"a": (0, 2), "b": (0, 1)}, duplicate=False)
    log.close()
    for again in (reopen(), reopen()):
        other_rows = [Part("a", table([7, 8, 9]))]
        assert again.append(other_rows, source="test", position="two", key="k") == Receipt(
            first.offsets, duplicate=True
        )
        assert (again.ends(), again.position("test")) == ({"a": 2, "b": 1}, "one")


def test_a_key_belongs_to_its_source(log: Log) -> None:
    put(log, [1], key="k")
    assert log.append([Part("s", table([2]))], source="other", key="k") == Receipt({"s": (1, 2)}, duplicate=False)


def test_one_key_appended_by_many_threads_at_once_is_appended_once(log: Log) -> None:
    with ThreadPoolExecutor(8) as threads:
        receipts = list(threads.map(lambda n: put(log, [n], key="k"), range(40)))
    assert sorted(receipt.duplicate for receipt in receipts) == [False] + [True] * 39
    assert {receipt.offsets["s"] for receipt in receipts} == {(0, 1)}
    assert log.ends() == {"s": 1}


# Concurrency


def test_threads_each_get_their_own_rows_back(log: Log) -> None:
    def append(n: int) -> tuple[int, Receipt]:
        return n, put(log, [n] * (n % 3 + 1))

    with ThreadPoolExecutor(8) as threads:
        receipts = list(threads.map(append, range(200)))
    for n, receipt in receipts:
        assert numbers(log, *receipt.offsets["s"]) == [n] * (n % 3 + 1)
    ranges = sorted(receipt.offsets["s"] for _, receipt in receipts)
    assert ranges[0][0] == 0
    assert all(before[1] == after[0] for before, after in pairwise(ranges))
    assert log.ends() == {"s": ranges[-1][1]}


def test_a_bad_append_among_many_fails_alone(log: Log) -> None:
    put(log, [0])

    def append(n: int) -> str:
        rows = pa.table({"n": ["text"]}) if n % 5 == 0 else table([n])
        try:
            log.append([Part("s", rows)], source="test")
        except LogError as error:
            return error.code
        return "kept"

    with ThreadPoolExecutor(16) as threads:
        outcomes = list(threads.map(append, range(100)))
    assert outcomes == ["HR-512" if n % 5 == 0 else "kept" for n in range(100)]
    assert sorted(numbers(log, 1, 81)) == [n for n in range(100) if n % 5]


def test_processes_append_to_one_log(log: Log, writer: Writer) -> None:
    others = [writer("left", 60), writer("right", 60)]
    for n in range(60):
        log.append(numbered("here", n), source="here", position=str(n))
    assert [process.wait(30) for process in others] == [0, 0]
    for source in ("left", "right", "here"):
        assert log.position(source) == "59"
        assert_numbered(log, source, 60)
    assert log.ends()["audit"] == 180


def assert_numbered(log: Log, source: str, appends: int) -> None:
    """Exactly the rows of the first appends of ``numbered(source, ...)``, in order, each append in one piece."""
    rows = log.read("shared", 0, log.ends()["shared"]).to_pylist()
    mine = [(offset, row["n"], row["row"]) for offset, row in enumerate(rows) if row["source"] == source]
    assert [(n, row) for _, n, row in mine] == [(n, row) for n in range(appends) for row in range(n % 7 + 1)]
    starts = {n: offset for offset, n, row in mine if row == 0}
    assert all(offset == starts[n] + row for offset, n, row in mine)
    audit = log.read("audit", 0, log.ends()["audit"]).to_pylist()
    assert [row["n"] for row in audit if row["source"] == source] == list(range(appends))


def test_readers_see_whole_appends_while_others_append_and_trim(log: Log, clock: SetClock) -> None:
    put(log, [0] * 10)
    done = threading.Event()

    def append() -> None:
        for n in range(1, 150):
            put(log, [n] * 10)
            if n % 10 == 9:
                clock.advance(timedelta(seconds=1))
                log.trim({"s": log.ends()["s"] - 300}, clock.now)
        done.set()

    with ThreadPoolExecutor(1) as thread:
        appending = thread.submit(append)
        while not done.is_set() and not appending.done():
            end = log.ends()["s"]
            start = max(0, end - 100)
            assert numbers(log, start, end) == [offset // 10 for offset in range(start, end)]
        appending.result()
    assert (log.starts(), log.ends()) == ({"s": 1200}, {"s": 1500})


# Waiting


def test_wait_returns_at_once_when_there_is_more(log: Log) -> None:
    put(log, [1])
    assert log.wait({}, timeout=0)
    assert log.wait({"s": 0}, timeout=0)
    assert not log.wait({"s": 1}, timeout=0)


def test_wait_gives_up_after_its_timeout(log: Log) -> None:
    began = time.monotonic()
    assert not log.wait({}, timeout=0.15)
    assert 0.15 <= time.monotonic() - began < 2


def test_wait_wakes_for_an_append_of_this_process(log: Log) -> None:
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(log.wait, {}, 20)
        time.sleep(0.1)
        assert not waiting.done()
        put(log, [1])
        assert waiting.result(timeout=5)


def test_wait_sleeps_through_everything_else(log: Log, clock: SetClock) -> None:
    put(log, [1])
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(log.wait, {"s": 1}, 0.3)
        log.record(Epoch(1, {"s": 1}, clock.now))
        log.append([], source="test", position="p")
        assert not waiting.result()


def test_wait_wakes_for_another_process(log: Log, writer: Writer) -> None:
    writer("other", 1)
    assert log.wait({}, timeout=20)
    assert log.ends() == {"shared": 1, "audit": 1}


def test_close_wakes_the_waiters(log: Log) -> None:
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(log.wait, {}, 20)
        time.sleep(0.1)
        log.close()
        assert waiting.result(timeout=5) is False


# Reopening, crashes


def test_everything_survives_reopening(log: Log, reopen: Reopen, clock: SetClock) -> None:
    put(log, range(10), position="p", key="k")
    put(log, range(10, 12))
    log.record(Epoch(1, {"s": 7}, clock.now))
    before = (log.ends(), log.starts(), log.counts(), log.position("test"), log.epochs(0), numbers(log, 0, 12))
    log.close()
    log = reopen()
    assert (log.ends(), log.starts(), log.counts(), log.position("test"), log.epochs(0), numbers(log, 0, 12)) == before
    assert put(log, [99], key="k").duplicate
    assert put(log, [12]).offsets == {"s": (12, 13)}


def test_a_closed_log_says_so(log: Log, clock: SetClock) -> None:
    put(log, [1])
    log.close()
    log.close()
    calls: list[Callable[[], object]] = [
        lambda: put(log, [1]),
        lambda: log.position("test"),
        log.starts,
        log.ends,
        log.counts,
        lambda: log.read("s", 0, 1),
        lambda: log.wait({}, 0),
        lambda: log.record(Epoch(1, {}, clock.now)),
        lambda: log.epochs(0),
        lambda: log.epoch(1),
        lambda: log.epoch_at(clock.now),
        log.last_epoch,
        lambda: log.trim({"s": 1}, clock.now),
    ]
    for call in calls:
        refused("HR-514", call)


@pytest.mark.parametrize("seed", range(6))
def test_a_killed_writer_loses_nothing_acknowledged_and_leaves_nothing_torn(
    log: Log, reopen: Reopen, writer: Writer, seed: int
) -> None:
    process = writer("victim", 10_000)
    assert process.stdout is not None
    acknowledged = int(process.stdout.readline())
    time.sleep(random.Random(seed).uniform(0, 0.15))
    process.kill()
    acknowledged = max([acknowledged, *map(int, process.stdout.read().split())])
    process.wait()

    for survivor in (log, reopen()):
        kept = int(survivor.position("victim") or -1)
        assert acknowledged <= kept <= acknowledged + 1
        assert_numbered(survivor, "victim", kept + 1)
    assert log.append(numbered("victim", kept), source="victim", key=str(kept)).duplicate
    assert not log.append(numbered("victim", kept + 1), source="victim", key=str(kept + 1)).duplicate


# Trimming


def test_trim_drops_whole_old_batches_below_a_bound(log: Log, clock: SetClock) -> None:
    for first in (0, 10, 20):
        put(log, range(first, first + 10))
        clock.advance(timedelta(hours=1))
    dawn = clock.now - timedelta(hours=3)
    assert log.trim({"s": 30}, dawn) == 0
    assert log.trim({"s": 9, "none": 5}, clock.now) == 0
    assert log.trim({}, clock.now) == 0
    assert log.trim({"s": 30}, dawn + timedelta(minutes=30)) == 10
    assert log.trim({"s": 29}, clock.now) == 10
    assert (log.starts(), log.ends(), log.counts()["s"].rows) == ({"s": 20}, {"s": 30}, 10)
    assert numbers(log, 20, 30) == list(range(20, 30))
    error = refused("HR-502", lambda: log.read("s", 15, 25))
    assert "'s'" in error.what
    assert "15 to 25" in error.what
    assert "20" in error.what


def test_offsets_go_on_after_everything_was_trimmed(log: Log, reopen: Reopen, clock: SetClock) -> None:
    put(log, range(4))
    clock.advance(timedelta(hours=1))
    assert log.trim({"s": 4}, clock.now) == 4
    assert log.counts() == {"s": Stored(rows=0, bytes=0)}
    log.close()
    log = reopen()
    assert put(log, [4]).offsets == {"s": (4, 5)}
    assert numbers(log, 4, 5) == [4]


def test_trim_drops_more_than_one_slice(log: Log, clock: SetClock) -> None:
    noise = pa.table({"n": [random.Random(0).randbytes(9_000_000)]})
    for _ in range(5):
        log.append([Part("s", noise)], source="test")
    clock.advance(timedelta(hours=1))
    assert log.trim({"s": 4}, clock.now) == 4
    assert log.read("s", 4, 5).equals(noise)


def test_two_trims_at_once_drop_each_row_once(log: Log, reopen: Reopen, clock: SetClock) -> None:
    for n in range(100):
        put(log, [n] * 3)
    clock.advance(timedelta(hours=1))
    logs = [log, reopen(), reopen()]
    with ThreadPoolExecutor(3) as threads:
        dropped = list(
            threads.map(lambda n: sum(logs[n].trim({"s": upto}, clock.now) for upto in range(0, 300, 30)), range(3))
        )
    assert sum(dropped) == log.starts()["s"] == 270
    assert log.counts()["s"].rows == 30
    assert numbers(log, 270, 300) == [offset // 3 for offset in range(270, 300)]


def test_a_clock_that_goes_back_does_not_tear_the_range(log: Log, clock: SetClock) -> None:
    put(log, [0])
    clock.advance(timedelta(hours=-2))
    put(log, [1])
    assert log.trim({"s": 2}, clock.now + timedelta(hours=1)) == 0
    assert numbers(log, 0, 2) == [0, 1]


def test_a_key_is_known_as_long_as_its_rows_and_for_a_day(log: Log, clock: SetClock) -> None:
    put(log, [0], key="trimmed young")
    clock.advance(timedelta(hours=23))
    log.trim({"s": 1}, clock.now)
    assert log.starts() == {"s": 1}
    assert put(log, [9], key="trimmed young").duplicate

    put(log, [1], key="kept old")
    clock.advance(timedelta(days=30))
    log.trim({"s": 1}, clock.now)
    assert put(log, [9], key="kept old") == Receipt({"s": (1, 2)}, duplicate=True)
    assert not put(log, [2], key="trimmed young").duplicate

    log.trim({"s": 2}, clock.now)
    assert not put(log, [3], key="kept old").duplicate


# The ledger


def test_the_ledger_keeps_epochs_in_order(log: Log, clock: SetClock) -> None:
    put(log, range(10))
    assert (log.last_epoch(), log.epochs(0), log.epoch(1), log.epoch_at(clock.now)) == (None, [], None, None)
    first = Epoch(1, {"s": 4}, clock.now)
    second = Epoch(2, {"s": 4}, clock.now)
    third = Epoch(3, {"s": 10}, clock.now + timedelta(microseconds=1))
    for epoch in (first, second, third):
        log.record(epoch)
    assert (log.epochs(0), log.epochs(2), log.epochs(3)) == ([first, second, third], [third], [])
    assert (log.epoch(2), log.epoch(4), log.last_epoch()) == (second, None, third)
    assert log.epoch_at(clock.now - timedelta(microseconds=1)) is None
    assert log.epoch_at(clock.now) == second
    assert log.epoch_at(clock.now + timedelta(days=1)) == third


def test_a_time_without_zone_is_utc(log: Log, clock: SetClock) -> None:
    log.record(Epoch(1, {}, clock.now.replace(tzinfo=None)))
    assert log.last_epoch() == Epoch(1, {}, clock.now)
    assert log.epoch_at(clock.now.replace(tzinfo=None)) == Epoch(1, {}, clock.now)


@pytest.mark.parametrize(
    ("id", "offsets", "later"),
    [
        (3, {"s": 5, "t": 2}, 0),
        (1, {"s": 5, "t": 2}, 0),
        (2, {"s": 4, "t": 2}, 0),
        (2, {"s": 5}, 0),
        (2, {"s": 11, "t": 2}, 0),
        (2, {"s": 5, "t": 2, "unknown": 1}, 0),
        (2, {"s": 5, "t": 2, "u": -1}, 0),
        (2, {"s": 5, "t": 2}, -1),
    ],
    ids=["gap", "again", "back", "dropped", "beyond", "unknown", "negative", "earlier"],
)
def test_an_epoch_that_does_not_follow_is_refused(
    log: Log, clock: SetClock, id: int, offsets: dict[str, int], later: int
) -> None:
    put(log, range(10))
    put(log, range(10), stream="t")
    put(log, range(10), stream="u")
    log.record(Epoch(1, {"s": 5, "t": 2}, clock.now))
    refused("HR-513", lambda: log.record(Epoch(id, offsets, clock.now + timedelta(seconds=later))))
    assert log.last_epoch() == Epoch(1, {"s": 5, "t": 2}, clock.now)
    log.record(Epoch(2, {"s": 5, "t": 2, "u": 1}, clock.now))


def test_the_first_epoch_is_one(log: Log, clock: SetClock) -> None:
    refused("HR-513", lambda: log.record(Epoch(0, {}, clock.now)))
    refused("HR-513", lambda: log.record(Epoch(2, {}, clock.now)))
    log.record(Epoch(1, {}, clock.now))


def test_the_ledger_outlives_the_rows(log: Log, clock: SetClock) -> None:
    put(log, range(4))
    log.record(Epoch(1, {"s": 4}, clock.now))
    clock.advance(timedelta(days=9))
    log.trim({"s": 4}, clock.now)
    assert log.epochs(0) == [Epoch(1, {"s": 4}, clock.now - timedelta(days=9))]
