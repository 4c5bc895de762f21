"""One writer at a time, over all processes.

SQLite by itself lets one connection write while another checkpoints. Its releases from 3.7.0 to 3.51.2 have a race
between the two (https://sqlite.org/wal.html#walresetbug): when a checkpoint overlaps a commit that restarts the
write-ahead log, a later checkpoint may skip committed pages, and a transaction that was acknowledged is lost. Several
processes that append to one log are just that case, and most Pythons carry such a SQLite. So whoever writes,
checkpoints, opens or closes the file holds this lock first. Readers never need it.

It is ``flock`` on a file beside the log: the kernel lets go of it when its holder dies, however it dies.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from headrace.log.sqlite.failures import Failures

_FIRST_PAUSE = 0.0002
_LONGEST_PAUSE = 0.005
"""Seconds between attempts. Another's transaction takes about a millisecond, so we look again within that."""


class Turn:
    """The right to write. Belongs to one thread at a time."""

    def __init__(self, failures: Failures, patience: float) -> None:
        self._failures = failures
        self._patience = patience
        self._file = os.open(f"{failures.path}-turn", os.O_RDWR | os.O_CREAT, 0o644)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the turn; raises HR-509 when others keep it for longer than our patience (seconds)."""
        self._take()
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._file)

    def _take(self) -> None:
        deadline, pause = time.monotonic() + self._patience, _FIRST_PAUSE
        while not self._taken():
            if time.monotonic() > deadline:
                raise self._failures.held_too_long(self._patience)
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
