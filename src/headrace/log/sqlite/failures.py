"""What SQLite and the disk say, as ``LogError`` with what is left and what to do.

HR-501  rows were asked for that the log does not have        HR-508  the file cannot be written
HR-502  the rows asked for were trimmed                       HR-509  another process holds the log
HR-503  a checksum does not hold                              HR-510  reading or writing the disk failed
HR-504  the file's structure is damaged                       HR-511  a write failed and may yet appear
HR-505  the file is not a log of Headrace                     HR-512  the append is refused for what it is
HR-506  the file is a log of another format                   HR-513  the epoch does not follow the ledger
HR-507  there is no room                                      HR-514  the log is closed
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import LogError, Place
from headrace.log.refusals import NOTHING_KEPT, UNCHANGED

EXPLAINED = (sqlite3.Error, OSError, UnicodeError)
"""What ``translate`` has words for. Damaged text, which SQLite hands on as it is, surfaces as ``UnicodeError``."""

_GOOD_COPY = (
    "Stop every process that uses this log. `sqlite3 FILE 'PRAGMA integrity_check'` lists structural damage. Put back "
    "a good copy of the file; without one, move it away: the log starts empty and the sources deliver again."
)
_MAKE_ROOM = (
    "Free space on that disk, or shorten the log's retention, or raise the log's size limit if it has one. Then append "
    "again; with the same idempotency key that is always safe."
)
_MAKE_WRITABLE = "Make {folder} a folder on a writable disk, owned by the user that runs Headrace, and try again."
_NOT_OURS = "Point to another path, or move this file away; it was not touched."
_MEND_DISK = (
    "Look for the cause in `dmesg` and `df`: a failing disk, a quota, a mount that went away. Once it is mended append "
    "again; with the same idempotency key that is always safe."
)


@dataclass(frozen=True)
class Failures:
    """Explains the errors of one log.

    Attributes:
        path: the log's file.
        limit: the size it was opened with, in bytes.
    """

    path: Path
    limit: int | None

    @contextmanager
    def explained(self, doing: str, state: str = UNCHANGED) -> Iterator[None]:
        """Turn whatever SQLite or the system raises inside into a ``LogError`` placed at the file."""
        try:
            yield
        except LogError as error:
            error.where = error.where or Place(self.path)
            raise
        except EXPLAINED as error:
            raise self.translate(error, doing, state) from error

    def translate(self, error: Exception, doing: str, state: str) -> LogError:
        """The ``LogError`` for one of ``EXPLAINED``: of SQLite, by its primary result code, or of the system."""
        code, what, fix = self._said(error)
        return LogError(f"{doing} failed: {what} ({error}).", code=code, where=Place(self.path), state=state, fix=fix)

    def _said(self, error: Exception) -> tuple[str, str, str]:
        match result_code(error):
            case sqlite3.SQLITE_FULL:
                return "HR-507", f"there is no room: {self._room()}", _MAKE_ROOM
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return "HR-509", "another process holds the log", self._who_holds()
            case sqlite3.SQLITE_NOTADB:
                return "HR-505", "the file is not a SQLite database", _NOT_OURS
            case sqlite3.SQLITE_TOOBIG:
                return (
                    "HR-512",
                    "a row, position or key is larger than SQLite holds, 1 GB",
                    "Split it, and append again.",
                )
            case sqlite3.SQLITE_IOERR:
                return "HR-510", f"reading or writing the disk failed; {self._room()}", _MEND_DISK
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_AUTH:
                return "HR-508", "the file or its folder cannot be written", self._make_writable()
            case None if isinstance(error, UnicodeEncodeError):
                return "HR-512", "a name, position or key is not Unicode text", "Remove the lone surrogate from it."
            case None if isinstance(error, OSError):
                return "HR-508", "the file or its folder cannot be written", self._make_writable()
            case _:
                return "HR-504", "the file's structure is damaged", _GOOD_COPY

    def held_too_long(self, seconds: float) -> LogError:
        """Another process kept the right to write for the whole of our patience."""
        return LogError(
            f"Another process has held the log for more than {seconds:g} seconds.",
            code="HR-509",
            where=Place(self.path),
            state=NOTHING_KEPT,
            fix=self._who_holds(),
        )

    def uncertain(self, doing: str, cause: Exception) -> LogError:
        """A commit failed on its way to the disk and could not be overwritten: a crash now might bring it back."""
        return LogError(
            f"{doing} failed on its way to the disk ({cause}), and so did the attempt to take it back.",
            code="HR-511",
            where=Place(self.path),
            state="It is not visible. Should this process die before its next write succeeds, it may be found whole "
            "afterwards. Everything acknowledged before it is safe.",
            fix="Mend the disk, then append again with the same idempotency key, which is safe in either case.",
        )

    def closed(self) -> LogError:
        """Somebody uses a log after closing it."""
        return LogError(
            "The log is closed.", code="HR-514", where=Place(self.path), state=UNCHANGED, fix="Open it again."
        )

    def _room(self) -> str:
        try:
            free = f"{shutil.disk_usage(self.path.parent).free:,} bytes are free on the disk of {self.path.parent}"
        except OSError:
            free = f"{self.path.parent} cannot be reached"
        return free if self.limit is None else f"{free}; the log may grow to {self.limit:,} bytes"

    def _who_holds(self) -> str:
        return f"`fuser -v {self.path}` names the processes. Stop the one that hangs, or wait for it; then try again."

    def _make_writable(self) -> str:
        return _MAKE_WRITABLE.format(folder=self.path.parent)


def result_code(error: Exception) -> int | None:
    """SQLite's primary result code, if the error carries one."""
    extended: int | None = getattr(error, "sqlite_errorcode", None)
    return None if extended is None else extended & 0xFF


def damaged(what: str) -> LogError:
    """A checksum that does not hold."""
    return LogError(f"{what}: the checksum does not hold.", code="HR-503", state=UNCHANGED, fix=_GOOD_COPY)


def broken(what: str) -> LogError:
    """Something ought to be there and is not."""
    return LogError(what, code="HR-504", state=UNCHANGED, fix=_GOOD_COPY)


def foreign(what: str) -> LogError:
    """The file is a database, but not ours."""
    return LogError(what, code="HR-505", state=UNCHANGED, fix=_NOT_OURS)


def other_format(what: str, fix: str) -> LogError:
    """The file is a log, but not one that this version reads."""
    return LogError(what, code="HR-506", state=UNCHANGED, fix=fix)
