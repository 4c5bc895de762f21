"""How every connection is set up, and the readers' pool."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headrace.log.sqlite.failures import Failures
from headrace.log.sqlite.schema import PAGE_BYTES

CHECKPOINT_PAGES = 256
"""Copy the write-ahead log into the file each 4 MiB. At 16 MiB the rate is the same, but the unlucky append waits 30 ms
instead of 10; the log also stays short, and with it recovery after a crash."""


def connect_writer(path: Path, patience: float, max_bytes: int | None) -> sqlite3.Connection:
    """The connection that appends: a commit is on the disk (``synchronous = FULL``) before it returns.

    ``secure_delete`` is off because zeroing trimmed rows would write every byte of them once more.
    """
    pages = [] if max_bytes is None else [f"max_page_count = {max(1, max_bytes // PAGE_BYTES)}"]
    checkpoint = f"wal_autocheckpoint = {CHECKPOINT_PAGES}"
    return _connect(path, patience, "synchronous = FULL", "secure_delete = OFF", checkpoint, *pages)


def _connect(path: Path, patience: float, *pragmas: str) -> sqlite3.Connection:
    # Connections change threads (the committer's is made at opening, a reader's goes from lease to lease), but never
    # serve two at once.
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
    with closed_on_error(connection):
        for pragma in ("cell_size_check = ON", *pragmas):
            connection.execute(f"PRAGMA {pragma}")
    return connection


@contextmanager
def closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    """Close the connection if the block fails."""
    try:
        yield
    except BaseException:
        connection.close()
        raise


class Readers:
    """Connections for reading: lent one by one, as many as there are readers at the same time."""

    def __init__(self, failures: Failures, patience: float) -> None:
        self._failures = failures
        self._patience = patience
        self._guard = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False

    @contextmanager
    def lease(self) -> Iterator[sqlite3.Connection]:
        """A connection for this block alone."""
        connection = self._take()
        try:
            yield connection
        finally:
            self._give_back(connection)

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees the log as of one moment. Keep it short: the write-ahead log cannot restart
        meanwhile."""
        with self.lease() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the idle ones now and the lent ones as they come back."""
        with self._guard:
            self._closed = True
            for connection in self._idle:
                connection.close()
            self._idle.clear()

    def _take(self) -> sqlite3.Connection:
        with self._guard:
            if self._closed:
                raise self._failures.closed()
            if self._idle:
                return self._idle.pop()
        return _connect(self._failures.path, self._patience, "query_only = ON")

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._guard:
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)
