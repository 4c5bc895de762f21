"""What the storage, the catalog and the caller can do wrong, as ``LakeError`` with what is left and what to do.

HR-701  rows would leave a gap in the offsets       HR-708  a file of the lake is missing
HR-702  rows do not fit the offsets they came with  HR-709  a file of the lake is damaged, or not one of ours
HR-703  a column changed beyond what history takes  HR-710  other writers kept winning
HR-704  a type or a value that the lake cannot hold HR-711  another process holds the catalog
HR-705  there is no room                            HR-712  no such table or snapshot
HR-706  the lake's folder cannot be written         HR-713  a table name that the lake does not take
HR-707  reading or writing the disk failed          HR-714  the lake is closed
HR-715  the services of the lake do not answer      HR-717  a package that reaches them is not there, or does not fit
HR-716  they refuse us                              HR-718  they say something else
"""

from __future__ import annotations

import errno
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchNamespaceError,
    NoSuchTableError,
    RESTError,
    ValidationError,
    ValidationException,
)
from sqlalchemy.exc import DBAPIError

from headrace.errors import LakeError, Place

UNCHANGED = "Nothing was changed."
UNWRITTEN = (
    "No snapshot was made: the table is as it was, and its covered offsets with it. Files begun for this write are not "
    "part of it; `sweep` removes them."
)

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.EEXIST})

_MAKE_ROOM = "Free space on that disk, or expire old snapshots. Then write again with the same offsets: always safe."
_MEND_DISK = (
    "Look for the cause in `dmesg` and `df`: a failing disk, a quota, a mount that went away. Then write again with "
    "the same offsets: always safe."
)
_PUT_BACK = (
    "Keep catalog.sqlite and warehouse/ together: a lake moves as one folder. Put the missing file back from where the "
    "lake was, or from a backup."
)
_GOOD_COPY = (
    "Put back a good copy of the lake's folder. Without one, move the folder away and run again: the lake starts empty "
    "and is filled from what the log and the sources still have."
)


Said = tuple[str, str, str]
"""Code, what happened, and what to do."""


class Failures(ABC):
    """Explains the errors of one lake.

    Args:
        where: it is.
        good_copy: what to do when a file is damaged.
    """

    def __init__(self, where: Place, good_copy: str) -> None:
        self.where = where
        self.good_copy = good_copy

    @contextmanager
    def explained(self, doing: str, state: str = UNCHANGED) -> Iterator[None]:
        """Turn whatever the storage, the catalog, Iceberg, Arrow or DuckDB raises inside into a ``LakeError``."""
        try:
            yield
        except LakeError as error:
            error.where = error.where or self.where
            raise
        except (OSError, DBAPIError, sqlite3.Error, RESTError) as error:
            raise self._error(*self._said(error), doing, state) from error
        except duckdb.IOException as error:
            raise self._error(*self._said(error), doing, state) from error
        except duckdb.Error as error:
            raise self._error("HR-704", first_line(error), _CAST, doing, state) from error
        except CommitFailedException as error:
            what = f"other writers kept winning ({error})"
            raise self._error("HR-710", what, _ONE_WRITER, doing, state) from error
        except (NoSuchTableError, NoSuchNamespaceError) as error:
            what = f"the catalog no longer lists what it had ({first_line(error)})"
            raise self._error("HR-712", what, f"{_NOBODY_DROPS} {self.good_copy}", doing, state) from error
        except (ValueError, KeyError, EOFError, pa.ArrowException, ValidationError, ValidationException) as error:
            what = f"a file of the lake is damaged or not one of ours ({first_line(error)})"
            raise self._error("HR-709", what, self.good_copy, doing, state) from error

    @abstractmethod
    def _said(self, error: Exception) -> Said:
        """What storage or catalog mean by an error of theirs."""

    def _error(self, code: str, what: str, fix: str, doing: str, state: str) -> LakeError:
        return LakeError(f"{doing} failed: {what}.", code=code, where=self.where, state=state, fix=fix)


class DiskFailures(Failures):
    """Explains the errors of a lake in the folder ``root``."""

    def __init__(self, root: Path) -> None:
        super().__init__(Place(root), _GOOD_COPY)
        self._root = root

    def _said(self, error: Exception) -> Said:
        code, what, fix = self._meant(error)
        return code, f"{what} ({cause_of(error)})", fix

    def _meant(self, error: Exception) -> Said:
        number = getattr(error, "errno", None)
        match sqlite_code(error):
            case sqlite3.SQLITE_FULL:
                return "HR-705", f"there is no room: {self._room()}", _MAKE_ROOM
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return "HR-711", "another process holds the catalog", self._who_holds()
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_AUTH:
                return "HR-706", "the catalog or its folder cannot be written", self._make_writable()
            case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_ERROR:
                return "HR-709", "the catalog is damaged or not one of ours", _GOOD_COPY
        if number in _FULL:
            return "HR-705", f"there is no room: {self._room()}", _MAKE_ROOM
        if number in _FORBIDDEN:
            return "HR-706", "a file or folder of the lake cannot be used", self._make_writable()
        if number == errno.ENOENT:
            return "HR-708", "a file of the lake is missing", _PUT_BACK
        return "HR-707", f"reading or writing the disk failed; {self._room()}", _MEND_DISK

    def _room(self) -> str:
        try:
            return f"{shutil.disk_usage(self._root).free:,} bytes are free on the disk of {self._root}"
        except OSError:
            return f"{self._root} cannot be reached"

    def _make_writable(self) -> str:
        return f"Make {self._root} a folder on a writable disk, owned by the user that runs Headrace, and try again."

    def _who_holds(self) -> str:
        catalog = self._root / "catalog.sqlite"
        return f"`fuser -v {catalog}` names the processes. Stop the one that hangs, or wait for it; then try again."


_CAST = "Correct the values at their source, or cast the column in the model to a type that the lake holds."
_NOBODY_DROPS = "See who drops tables or namespaces of the lake: nobody but Headrace may."
_ONE_WRITER = "Let one process write to a table at a time; then write again with the same offsets: always safe."


def refused(error: Exception) -> bool:
    """True if SQLite turned a write down before anything of it could reach the disk's log as committed."""
    return sqlite_code(error) in {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
    }


def sqlite_code(error: Exception) -> int | None:
    """SQLite's primary result code, if the error carries one."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    extended: int | None = getattr(origin, "sqlite_errorcode", None)
    return None if extended is None else extended & 0xFF


def cause_of(error: Exception) -> str:
    """The message without SQLAlchemy's statement and link."""
    return first_line(error.orig if isinstance(error, DBAPIError) and error.orig else error)


def first_line(error: BaseException) -> str:
    """The first line of a message; some libraries write pages."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def gap(table: str, start: int, covered: int) -> LakeError:
    """Rows that begin after the end of what the table has."""
    return LakeError(
        f"{table} covers offsets up to {covered}, and these rows begin at {start}: {start - covered} would be missing.",
        code="HR-701",
        state=UNWRITTEN,
        fix=f"Append from offset {covered}. If the log no longer has those rows, restore the lake from a backup.",
    )


def misfit(table: str, what: str) -> LakeError:
    """Rows whose ``__offset`` contradicts the range given with them."""
    return LakeError(
        f"The rows for {table} do not fit their offsets: {what}.",
        code="HR-702",
        state=UNWRITTEN,
        fix="Append rows as the log gives them, with __offset BIGINT counting up inside [start, stop).",
    )


def changed(table: str, column: str, kept: str, new: str) -> LakeError:
    """A column whose new type history cannot take."""
    return LakeError(
        f"Column {column!r} of {table} is {kept} in history and {new} in these rows; no type holds both.",
        code="HR-703",
        state=UNWRITTEN,
        fix=f"State {column}: {kept} in the source's `schema`, or give the new values another column name. To start "
        "this history anew, give the source another name.",
    )


def unstorable(column: str, kind: str, fix: str) -> LakeError:
    """A type that has no lossless form in Iceberg."""
    return LakeError(
        f"Column {column!r} is {kind}, which the lake cannot hold.", code="HR-704", state=UNWRITTEN, fix=fix
    )


def unfit(table: str, error: Exception) -> LakeError:
    """A value that its column's type does not hold, though Arrow let it in."""
    return LakeError(
        f"A value in the rows for {table} does not fit its column ({first_line(error)}).",
        code="HR-704",
        state=UNWRITTEN,
        fix=_CAST,
    )


def torn(catalog: Path, warehouse: Path) -> LakeError:
    """Tables without the catalog that says which of their versions holds."""
    return LakeError(
        f"{warehouse} has tables, but {catalog} is missing.",
        code="HR-708",
        state=UNCHANGED,
        fix=f"Put catalog.sqlite back from where the lake was, or from a backup. To start with an empty lake, move {warehouse} "
        "away.",
    )


def astray(table: str, location: str, warehouse: str) -> LakeError:
    """A catalog's server that puts tables where we do not read."""
    return LakeError(
        f"The catalog puts {table} at {location}, which is not below {warehouse}.",
        code="HR-719",
        state="The table was dropped again.",
        fix="Set the lake's `warehouse` in headrace.yaml to where the catalog's own warehouse is, or that to ours.",
    )


def unknown(what: str, fix: str) -> LakeError:
    """A table or a snapshot that is not there."""
    return LakeError(what, code="HR-712", state=UNCHANGED, fix=fix)


def misnamed(table: str) -> LakeError:
    """A table name outside the two namespaces."""
    return LakeError(
        f"{table!r} is not a table name of the lake.",
        code="HR-713",
        state=UNCHANGED,
        fix="Use raw.<source> or models.<model>, in lower case letters, digits and underscores.",
    )


def closed() -> LakeError:
    """Somebody uses a lake after closing it."""
    return LakeError("The lake is closed.", code="HR-714", state=UNCHANGED, fix="Open it again.")
