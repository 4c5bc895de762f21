"""The file: what is refused at opening, and what happens when the disk, or another process, lets us down."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from headrace.errors import LogError
from headrace.log import Epoch, Log, Part, open_sqlite
from headrace.log.sqlite.schema import APPLICATION_ID, FORMAT, PAGE_BYTES

from .implementations import SetClock

ROWS = 500


def open_log(folder: Path, **options: object) -> Log:
    return open_sqlite(folder / "log.sqlite", clock=SetClock(), **options)  # type: ignore[arg-type]


def noise(size: int, seed: int = 0) -> pa.Table:
    """One row that does not compress."""
    return pa.table({"bytes": [random.Random(seed).randbytes(size)]})


def refused(code: str, call: Callable[[], object]) -> LogError:
    with pytest.raises(LogError) as caught:
        call()
    assert caught.value.code == code, caught.value
    assert caught.value.what
    assert caught.value.state
    assert caught.value.fix
    assert caught.value.where
    return caught.value


# Opening


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    open_log(tmp_path).close()
    assert (tmp_path / "log.sqlite").read_bytes()[:16] == b"SQLite format 3\x00"
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as file:
        assert file.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert file.execute("PRAGMA user_version").fetchone() == (FORMAT,)
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_commits_reach_the_disk_before_they_return(tmp_path: Path) -> None:
    """``synchronous = FULL``; that an append waits for it is held by test_sqlite_disk.py."""
    with closing(open_log(tmp_path)) as log:
        assert log._committer.run(lambda c: c.execute("PRAGMA synchronous").fetchone(), doing="") == (2,)


def test_an_empty_file_becomes_a_log(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite").touch()
    with closing(open_log(tmp_path)) as log:
        assert log.ends() == {}


@pytest.mark.parametrize("content", [b"not a database, but long enough to be asked " * 100, b"short"])
def test_what_is_not_a_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "log.sqlite").write_bytes(content)
    refused("HR-505", lambda: open_log(tmp_path))
    assert (tmp_path / "log.sqlite").read_bytes() == content


def test_another_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as file:
        file.execute("CREATE TABLE something (x)")
    before = (tmp_path / "log.sqlite").read_bytes()
    refused("HR-505", lambda: open_log(tmp_path))
    assert (tmp_path / "log.sqlite").read_bytes() == before


@pytest.mark.parametrize("version", [FORMAT + 1, 0])
def test_another_format_is_refused(tmp_path: Path, version: int) -> None:
    open_log(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as file:
        file.execute(f"PRAGMA user_version = {version}")
    error = refused("HR-506", lambda: open_log(tmp_path))
    assert str(version) in error.what
    assert str(FORMAT) in error.what


def test_many_processes_may_make_the_log_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        logs = list(threads.map(lambda _: open_log(tmp_path), range(8)))
    for n, log in enumerate(logs):
        assert log.append([Part("s", noise(10))], source="test").offsets == {"s": (n, n + 1)}
    for log in logs:
        log.close()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    error = refused("HR-508", lambda: open_log(tmp_path / "nowhere"))
    assert str(tmp_path / "nowhere") in str(error)


def test_a_closed_log_leaves_one_whole_file(tmp_path: Path) -> None:
    with closing(open_log(tmp_path)) as log:
        log.append([Part("s", noise(10))], source="test")
    (tmp_path / "copy").mkdir()
    shutil.copy(tmp_path / "log.sqlite", tmp_path / "copy")
    with closing(open_log(tmp_path / "copy")) as copy:
        assert copy.read("s", 0, 1).equals(noise(10))


# Other processes


def test_a_log_held_by_another_process_says_so_and_then_goes_on(tmp_path: Path) -> None:
    with closing(open_log(tmp_path, patience=timedelta(seconds=0.2))) as log:
        other = os.open(tmp_path / "log.sqlite-turn", os.O_RDWR)
        fcntl.flock(other, fcntl.LOCK_EX)
        error = refused("HR-509", lambda: log.append([Part("s", noise(10))], source="test", key="k"))
        assert "fuser" in error.fix
        refused("HR-509", lambda: open_log(tmp_path, patience=timedelta(seconds=0.1)))
        assert log.ends() == {}
        os.close(other)
        assert not log.append([Part("s", noise(10))], source="test", key="k").duplicate


def test_a_foreign_writer_is_waited_for_too(tmp_path: Path) -> None:
    with closing(open_log(tmp_path, patience=timedelta(seconds=0.2))) as log:
        with closing(sqlite3.connect(tmp_path / "log.sqlite", isolation_level=None)) as shell:
            shell.execute("BEGIN IMMEDIATE")
            with ThreadPoolExecutor(4) as threads:
                appends = [threads.submit(log.append, [Part("s", noise(10))], source="test") for _ in range(4)]
                for append in appends:
                    refused("HR-509", append.result)
            shell.execute("ROLLBACK")
        assert log.append([Part("s", noise(10))], source="test").offsets == {"s": (0, 1)}


def test_an_append_of_this_process_is_not_polled_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.log.sqlite.log.POLL_SECONDS", 60)
    with closing(open_log(tmp_path)) as log, ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(log.wait, {}, 60)
        time.sleep(0.1)
        log.append([Part("s", noise(10))], source="test")
        assert waiting.result(timeout=5)


# Room


def fill(log: Log, size: int) -> tuple[int, LogError]:
    """Append numbered rows of that size until one is refused; how many were kept, and the refusal."""
    kept = 0
    while True:
        row = [Part("s", noise(size, kept))]
        append = partial(log.append, row, source="test", position=str(kept), key=str(kept))
        try:
            append()
        except LogError:
            return kept, refused("HR-507", append)
        kept += 1


def test_a_full_log_refuses_and_goes_on_once_trimmed(tmp_path: Path) -> None:
    with closing(open_log(tmp_path, max_bytes=2_000_000)) as log:
        kept, error = fill(log, 100_000)
        assert "2,000,000 bytes" in error.what
        assert "Nothing of it was kept" in error.state
        assert 10 < kept < 20
        assert (log.ends(), log.position("test")) == ({"s": kept}, str(kept - 1))
        assert all(log.read("s", n, n + 1).equals(noise(100_000, n)) for n in range(kept))
        assert log.trim({"s": 5}, SetClock().now + timedelta(hours=1)) == 5
        assert not log.append([Part("s", noise(100_000))], source="test", key=str(kept)).duplicate
    assert (tmp_path / "log.sqlite").stat().st_size <= 2_000_000


def test_an_append_too_large_for_the_room_left_does_not_take_others_along(tmp_path: Path) -> None:
    with closing(open_log(tmp_path, max_bytes=3_000_000)) as log, ThreadPoolExecutor(12) as threads:
        sizes = [4_000_000 if n % 4 == 0 else 10_000 for n in range(12)]
        appends = [threads.submit(log.append, [Part("s", noise(size))], source="test") for size in sizes]
        for size, append in zip(sizes, appends, strict=True):
            if size == 4_000_000:
                refused("HR-507", append.result)
            else:
                append.result()
        assert log.ends() == {"s": 9}


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_refuses_and_goes_on_once_there_is_room(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "24m"):
        (disk / "ballast").write_bytes(bytes(12_000_000))
        with closing(open_log(disk)) as log:
            kept, _ = fill(log, 1_000_000)
            assert kept > 1
            refused("HR-507", lambda: log.append([Part("s", noise(9_000_000))], source="test"))
            assert (log.ends(), log.position("test")) == ({"s": kept}, str(kept - 1))
            (disk / "ballast").unlink()
            log.append([Part("s", noise(1_000_000, kept))], source="test", position=str(kept))
        with closing(open_log(disk)) as log:
            assert (log.ends(), log.position("test")) == ({"s": kept + 1}, str(kept))
            assert all(log.read("s", n, n + 1).equals(noise(1_000_000, n)) for n in range(kept + 1))


def test_a_commit_that_finds_no_room_fails_only_those_that_have_none(tmp_path: Path) -> None:
    """Held back until all wait, so that they meet in one transaction, whose pages reach the disk only at its commit."""
    disk = tmp_path / "disk"
    with small_disk(disk, "8m"), closing(open_log(disk)) as log, ThreadPoolExecutor(5) as threads:
        log.append([Part("s", noise(10))], source="test")
        (disk / "ballast").write_bytes(bytes(shutil.disk_usage(disk).free - 1_200_000))
        turn = os.open(disk / "log.sqlite-turn", os.O_RDWR)
        fcntl.flock(turn, fcntl.LOCK_EX)
        appends = []
        for size in (10, 20_000, 1_500_000, 20_000, 20_000):
            appends.append(threads.submit(log.append, [Part("s", noise(size))], source="test"))
            time.sleep(0.05)
        os.close(turn)
        refused("HR-507", appends.pop(2).result)
        assert [append.result().offsets["s"] for append in appends] == [(1, 2), (2, 3), (3, 4), (4, 5)]


def test_a_disk_without_any_room_is_said_at_opening(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "64k"):
        (disk / "ballast").write_bytes(bytes(61_000))
        refused("HR-507", lambda: open_log(disk))
        (disk / "ballast").unlink()


def test_a_disk_that_cannot_be_written_is_said_at_opening(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "4m"):
        open_log(disk).close()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        refused("HR-508", lambda: open_log(disk))


# Damage


def filled(folder: Path) -> pa.Table:
    """A closed log of 500 rows in 50 batches, with a position, receipts and epochs; returns the rows."""
    clock = SetClock()
    rows = pa.table({"n": range(ROWS), "text": [f"row {n}" for n in range(ROWS)]})
    with closing(open_log(folder)) as log:
        for start in range(0, ROWS, 10):
            log.append([Part("s", rows.slice(start, 10))], source="test", position=str(start + 10), key=str(start))
            log.record(Epoch(start // 10 + 1, {"s": start + 10}, clock.now))
            clock.advance(timedelta(seconds=1))
    return rows


def contents(folder: Path) -> tuple[object, ...]:
    with closing(open_log(folder)) as log:
        for start in range(0, ROWS, 10):
            receipt = log.append([], source="test", key=str(start))
            # A key whose own text is damaged is not found again: the one loss that nothing shows.
            assert receipt.offsets == ({"s": (start, start + 10)} if receipt.duplicate else {})
        epoch_at = log.epoch_at(SetClock().now + timedelta(seconds=20))
        return log.position("test"), log.starts(), log.ends(), log.epochs(0), epoch_at, log.read("s", 0, ROWS)


def test_no_flipped_byte_goes_unnoticed(tmp_path: Path) -> None:
    """Whatever byte of the file changes: all is read as it was, or a LogError says that it is not."""
    filled(tmp_path)
    truth = contents(tmp_path)
    whole = (tmp_path / "log.sqlite").read_bytes()
    chance = random.Random(7)
    used = [at for at, byte in enumerate(whole) if byte]
    codes = []
    for at in chance.sample(used, 250):
        flipped = bytearray(whole)
        flipped[at] ^= 1 << chance.randrange(8)
        (tmp_path / "log.sqlite").write_bytes(flipped)
        try:
            found = contents(tmp_path)
        except LogError as error:
            codes.append(error.code)
        else:
            assert found == truth, f"byte {at}"
    assert set(codes) <= {"HR-503", "HR-504", "HR-505", "HR-506"}
    assert len(codes) > 125


def test_damaged_rows_are_named_and_the_others_read(tmp_path: Path) -> None:
    rows = filled(tmp_path)
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as file, file:
        blob = bytearray(file.execute("SELECT arrow FROM batch WHERE first = 120").fetchone()[0])
        blob[len(blob) // 2] ^= 4
        file.execute("UPDATE batch SET arrow = ? WHERE first = 120", (blob,))
    with closing(open_log(tmp_path)) as log:
        error = refused("HR-503", lambda: log.read("s", 0, ROWS))
        assert "Rows 120 to 130 of stream 's'" in error.what
        assert log.read("s", 0, 120).equals(rows.slice(0, 120))
        assert log.read("s", 130, ROWS).equals(rows.slice(130))
        assert log.trim({"s": 130}, SetClock().now + timedelta(hours=1)) == 130
        assert log.read("s", 130, ROWS).equals(rows.slice(130))


def test_a_good_batch_in_the_wrong_place_is_noticed(tmp_path: Path) -> None:
    filled(tmp_path)
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as file, file:
        for first, other in [(30, -1), (40, 30), (-1, 40)]:
            file.execute("UPDATE batch SET first = ?, next = ? WHERE first = ?", (other, other + 10, first))
    with closing(open_log(tmp_path)) as log:
        refused("HR-503", lambda: log.read("s", 30, 40))


@pytest.mark.parametrize(
    ("change", "call", "named"),
    [
        ("UPDATE position SET value = '1'", lambda log: log.position("test"), "position of source 'test'"),
        ("UPDATE position SET source = 'else'", lambda log: log.position("test"), "source 'else'"),
        ("UPDATE stream SET name = 'else'", lambda log: None, "stream 'else'"),
        ("UPDATE stream SET next = next - 10", lambda log: log.ends(), "stream 's'"),
        ("UPDATE receipt SET offsets = '{}'", lambda log: log.append([], source="test", key="0"), "key '0'"),
        ("UPDATE epoch SET offsets = '{}' WHERE id = 3", lambda log: log.epoch(3), "Epoch 3"),
    ],
)
def test_a_changed_row_is_noticed(tmp_path: Path, change: str, call: Callable[[Log], object], named: str) -> None:
    filled(tmp_path)
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as file, file:
        file.execute(change)

    def open_and_call() -> None:
        with closing(open_log(tmp_path)) as log:
            call(log)

    assert named in refused("HR-503", open_and_call).what


@pytest.mark.parametrize(
    ("change", "call"),
    [
        ("DELETE FROM batch WHERE first = 120", lambda log: log.read("s", 100, 200)),
        ("DELETE FROM batch WHERE first = 0", lambda log: log.trim({"s": ROWS}, SetClock().now + timedelta(hours=1))),
        ("DELETE FROM epoch WHERE id = 7", lambda log: log.epochs(2)),
    ],
)
def test_what_is_missing_is_noticed(tmp_path: Path, change: str, call: Callable[[Log], object]) -> None:
    filled(tmp_path)
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as file, file:
        file.execute(change)
    with closing(open_log(tmp_path)) as log:
        refused("HR-504", lambda: call(log))


@pytest.mark.parametrize("table", ["stream", "position"])
def test_a_row_hidden_by_a_damaged_page_is_noticed_at_opening(tmp_path: Path, table: str) -> None:
    """Without it a source would begin anew, and deliver everything twice."""
    filled(tmp_path)
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as file:
        (page,) = file.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    content = bytearray((tmp_path / "log.sqlite").read_bytes())
    cells = slice((page - 1) * PAGE_BYTES + 3, (page - 1) * PAGE_BYTES + 5)
    assert content[cells] == b"\x00\x01"
    content[cells] = b"\x00\x00"
    (tmp_path / "log.sqlite").write_bytes(content)
    refused("HR-504", lambda: open_log(tmp_path))


def test_a_file_cut_short_is_noticed(tmp_path: Path) -> None:
    filled(tmp_path)
    whole = (tmp_path / "log.sqlite").read_bytes()
    (tmp_path / "log.sqlite").write_bytes(whole[: len(whole) // 2])
    refused("HR-504", lambda: contents(tmp_path))
