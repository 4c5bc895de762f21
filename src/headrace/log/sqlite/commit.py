"""The committer: the one thread that writes.

Jobs that arrive while a transaction is on its way to the disk are gathered into the next one, so that one fsync
serves all of them. Nobody waits for company: a lone job is committed at once.

A job that fails takes nobody along: the transaction is rolled back and the others are run again without it. When the
commit itself fails (no room, a disk that fails), each job is tried again on its own. So a job is a function of the
connection that may be run more than once.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from headrace.errors import LogError
from headrace.log.refusals import NOTHING_KEPT
from headrace.log.sqlite.failures import EXPLAINED, Failures, result_code
from headrace.log.sqlite.schema import FORMAT
from headrace.log.sqlite.turn import Turn

T = TypeVar("T")

GROUP_BYTES = 32 * 1024 * 1024
"""Blobs in one transaction at most (a larger single append apart): bounds the write-ahead log,
and what the first of a group waits for."""


@dataclass(frozen=True)
class _Request:
    job: Callable[[sqlite3.Connection], Any]
    doing: str
    size: int
    outcome: Future[Any] = field(default_factory=Future)


class _JobError(Exception):
    def __init__(self, request: _Request, error: Exception) -> None:
        self.request = request
        self.error = error


class Committer:
    """Runs jobs in durable transactions.

    Args:
        connection: used by the committer alone.
        turn: likewise.
        committed: called after each transaction, before the callers of its jobs return.
    """

    def __init__(
        self, connection: sqlite3.Connection, turn: Turn, failures: Failures, committed: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._turn = turn
        self._failures = failures
        self._committed = committed
        self._waiting: deque[_Request] = deque()
        self._arrival = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="headrace-log-committer", daemon=True)
        self._thread.start()

    def run(self, job: Callable[[sqlite3.Connection], T], *, doing: str, size: int = 0) -> T:
        """Run a job in a transaction.

        Returns its result once that is durable; raises when nothing of it was kept.
        """
        request = _Request(job, doing, size)
        with self._arrival:
            if self._closed:
                raise self._failures.closed()
            self._waiting.append(request)
            self._arrival.notify()
        result: T = request.outcome.result()
        return result

    def close(self) -> None:
        """Finish what was begun, then close the connection."""
        with self._arrival:
            self._closed = True
            self._arrival.notify()
        self._thread.join()
        with self._turn.held():  # the last connection to close checkpoints
            self._connection.close()

    def _serve(self) -> None:
        while group := self._gather():
            self._commit(group)

    def _gather(self) -> list[_Request]:
        """The requests of the next transaction; none when closed and all is done."""
        with self._arrival:
            self._arrival.wait_for(lambda: self._waiting or self._closed)
            group: list[_Request] = []
            size = 0
            while self._waiting and (not group or size + self._waiting[0].size <= GROUP_BYTES):
                group.append(self._waiting.popleft())
                size += group[-1].size
            return group

    def _commit(self, group: list[_Request]) -> None:
        while group:
            try:
                results = self._transact(group)
            except _JobError as failure:
                group = [request for request in group if request is not failure.request]
                self._refuse(failure.request, failure.error)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is for the callers to hear
                return self._commit_failed(group, error)
            else:
                self._committed()
                for request, result in zip(group, results, strict=True):
                    request.outcome.set_result(result)
                return None
        return None

    def _commit_failed(self, group: list[_Request], error: Exception) -> None:
        alone = len(group) > 1 and _may_be_about_one(error)
        for request in group:
            if alone:
                self._commit([request])
            else:
                self._refuse(request, error)

    def _transact(self, group: list[_Request]) -> list[Any]:
        with self._turn.held():
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                results = [self._done(request) for request in group]
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
        return results

    def _done(self, request: _Request) -> Any:
        try:
            return request.job(self._connection)
        except Exception as error:
            raise _JobError(request, error) from error

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    def _refuse(self, request: _Request, error: Exception) -> None:
        said = self._explained(request, error)
        if said is not error:
            said.__cause__ = error
        request.outcome.set_exception(said)

    def _explained(self, request: _Request, error: Exception) -> Exception:
        if result_code(error) == sqlite3.SQLITE_IOERR and not self._overwritten():
            return self._failures.uncertain(request.doing, error)
        if isinstance(error, EXPLAINED):
            return self._failures.translate(error, request.doing, NOTHING_KEPT)
        return error

    def _overwritten(self) -> bool:
        """Write a small transaction over one that failed on its way to the disk.

        Its pages may lie in the write-ahead log, commit mark and all, unseen by us; recovery after a crash would take
        them for a transaction that succeeded. A newer one in their place makes them unreadable.
        """
        try:
            with self._turn.held():
                self._connection.execute(f"PRAGMA user_version = {FORMAT}")
        except (LogError, *EXPLAINED):
            self._roll_back()
            return False
        return True


def _may_be_about_one(error: Exception) -> bool:
    """True if one job of the group may have caused it: a commit that found no room, but not a turn that never came."""
    return isinstance(error, sqlite3.Error) and result_code(error) != sqlite3.SQLITE_BUSY
