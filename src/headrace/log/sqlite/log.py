"""All of it behind the protocol."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from headrace.log.draft import draft
from headrace.log.order import microseconds
from headrace.log.protocol import Clock, Epoch, Part, Receipt, Stored
from headrace.log.refusals import KEY_LIFE, NOTHING_KEPT
from headrace.log.sqlite import append, ledger, read, retention, streams
from headrace.log.sqlite.commit import Committer
from headrace.log.sqlite.connections import Readers, closed_on_error, connect_writer
from headrace.log.sqlite.failures import Failures
from headrace.log.sqlite.schema import prepare
from headrace.log.sqlite.turn import Turn

T = TypeVar("T")

POLL_SECONDS = 0.02
"""How often a waiter asks whether another process has appended (a few microseconds each time).
Appends of this process wake it at once."""


def open_sqlite(
    path: Path, *, clock: Clock, max_bytes: int | None = None, patience: timedelta = timedelta(seconds=10)
) -> SqliteLog:
    """Open the log in a file, making it if it is not there. Several processes may have it open, and append.

    Args:
        path: the file. Beside it SQLite keeps ``-wal`` and ``-shm``, and we ``-turn``; they belong together.
        clock: what time it is, for retention.
        max_bytes: how large the file may grow; appends beyond it fail (HR-507) until rows are trimmed. The ``-wal``
            comes on top: 4 MiB, or the largest transaction.
        patience: how long an append waits for other processes that are writing.

    Raises:
        LogError: the file is not a log (HR-505) or one of another format (HR-506), is damaged (HR-503, HR-504), cannot
            be written (HR-508), or is held by another process (HR-509).
    """
    return SqliteLog(path, clock=clock, max_bytes=max_bytes, patience=patience.total_seconds())


class SqliteLog:
    """A ``Log`` in one SQLite file."""

    def __init__(self, path: Path, *, clock: Clock, max_bytes: int | None, patience: float) -> None:
        self._clock = clock
        self._failures = Failures(path, max_bytes)
        self._commits = 0
        self._closed = False
        self._change = threading.Condition()
        with self._failures.explained("Opening the log"):
            self._turn = Turn(self._failures, patience)
            writer = self._open_writer(path, patience, max_bytes)
        self._readers = Readers(self._failures, patience)
        self._committer = Committer(writer, self._turn, self._failures, self._committed)

    def append(
        self, parts: Sequence[Part], *, source: str, position: str | None = None, key: str | None = None
    ) -> Receipt:
        doing = f"The append of {source!r}"
        with self._failures.explained(doing, NOTHING_KEPT):
            drafted = draft(parts, source, position, key)
            return self._committer.run(
                lambda connection: append.place(connection, drafted, microseconds(self._clock())),
                doing=doing,
                size=drafted.size,
            )

    def position(self, source: str) -> str | None:
        return self._read(f"Reading the position of {source!r}", lambda c: append.positions(c).get(source))

    def starts(self) -> dict[str, int]:
        return self._read("Reading the starts", lambda c: {s.name: s.start for s in streams.every(c)})

    def ends(self) -> dict[str, int]:
        return self._read("Reading the ends", _ends)

    def counts(self) -> dict[str, Stored]:
        return self._read(
            "Counting", lambda c: {s.name: Stored(rows=s.next - s.start, bytes=s.size) for s in streams.every(c)}
        )

    def read(self, stream: str, start: int, stop: int) -> pa.Table:
        return self._read(f"Reading stream {stream!r}", lambda c: read.rows(c, stream, start, stop))

    def wait(self, ends: Mapping[str, int], timeout: float) -> bool:
        deadline = time.monotonic() + timeout
        with self._failures.explained("Waiting for rows"), self._readers.lease() as connection:
            while True:
                commits, version = self._commits, _version(connection)
                if _is_beyond(connection, ends):
                    return True
                while self._commits == commits and _version(connection) == version:
                    if self._closed or time.monotonic() >= deadline:
                        return False
                    self._sleep(commits, deadline)

    def record(self, epoch: Epoch) -> None:
        doing = f"Recording epoch {epoch.id}"
        with self._failures.explained(doing, NOTHING_KEPT):
            self._committer.run(lambda connection: ledger.record(connection, epoch), doing=doing)

    def epochs(self, after: int) -> list[Epoch]:
        return self._read("Reading the ledger", lambda c: ledger.after(c, after))

    def epoch(self, id: int) -> Epoch | None:
        return self._read("Reading the ledger", lambda c: ledger.by_id(c, id))

    def epoch_at(self, time: datetime) -> Epoch | None:
        return self._read("Reading the ledger", lambda c: ledger.at(c, time))

    def last_epoch(self) -> Epoch | None:
        return self._read("Reading the ledger", ledger.newest)

    def trim(self, upto: Mapping[str, int], before: datetime) -> int:
        old = microseconds(before)
        rows = sum(self._drop(stream, offset, old) for stream, offset in upto.items())
        self._forget(min(old, microseconds(self._clock() - KEY_LIFE)))
        return rows

    def close(self) -> None:
        with self._change:
            if self._closed:
                return
            self._closed = True
            self._change.notify_all()
        with self._failures.explained("Closing the log"):
            self._readers.close()
            self._committer.close()
            self._turn.close()

    def _open_writer(self, path: Path, patience: float, max_bytes: int | None) -> sqlite3.Connection:
        try:
            with self._turn.held():
                connection = connect_writer(path, patience, max_bytes)
                with closed_on_error(connection):
                    prepare(connection)
                    streams.every(connection)  # a stream whose name is damaged would be begun anew
                return connection
        except BaseException:
            self._turn.close()
            raise

    def _drop(self, stream: str, upto: int, before: int) -> int:
        rows = 0
        while cut := self._read(f"Trimming {stream!r}", lambda c: retention.plan(c, stream, upto, before)):
            rows += self._write(f"Trimming {stream!r}", partial(retention.drop, cut=cut))
        return rows

    def _forget(self, before: int) -> None:
        while self._write("Forgetting old keys", lambda c: retention.forget(c, before)):
            pass

    def _read(self, doing: str, reading: Callable[[sqlite3.Connection], T]) -> T:
        with self._failures.explained(doing), self._readers.snapshot() as connection:
            return reading(connection)

    def _write(self, doing: str, job: Callable[[sqlite3.Connection], T]) -> T:
        with self._failures.explained(doing, NOTHING_KEPT):
            return self._committer.run(job, doing=doing)

    def _committed(self) -> None:
        with self._change:
            self._commits += 1
            self._change.notify_all()

    def _sleep(self, commits: int, deadline: float) -> None:
        with self._change:
            self._change.wait_for(
                lambda: self._commits != commits or self._closed,
                timeout=min(POLL_SECONDS, max(0.0, deadline - time.monotonic())),
            )


def _ends(connection: sqlite3.Connection) -> dict[str, int]:
    return {stream.name: stream.next for stream in streams.every(connection)}


def _is_beyond(connection: sqlite3.Connection, ends: Mapping[str, int]) -> bool:
    return any(next > ends.get(name, 0) for name, next in _ends(connection).items())


def _version(connection: sqlite3.Connection) -> int:
    """Changes whenever another connection, of whatever process, has committed."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])
