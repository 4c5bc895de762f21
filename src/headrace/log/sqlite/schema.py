"""The tables, the file's own format, and what is refused at opening.

Every row carries a CRC-32 over its meaning, because SQLite has none: a bit that flips inside a page would otherwise
be read back as a number.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from headrace.log.sqlite import failures

APPLICATION_ID = 0x4852_4C47
"""``HRLG`` in the file's header, so that ``file`` and we can tell a log from any other database."""

FORMAT = 1
"""The version of these tables and of the blobs in them, kept as ``PRAGMA user_version``."""

OLDEST_SQLITE = (3, 37, 0)
"""The first with STRICT tables."""

PAGE_BYTES = 16_384
"""Measured on 2 cores with an SSD: 10,000-row appends gain 40% over 4 KiB pages, one-row appends lose nothing."""

TABLES = """
CREATE TABLE stream (
    id     INTEGER PRIMARY KEY,
    name   TEXT    NOT NULL UNIQUE,
    start  INTEGER NOT NULL,          -- the first offset still kept
    next   INTEGER NOT NULL,          -- the offset after the newest row
    bytes  INTEGER NOT NULL,          -- the blobs kept
    schema BLOB    NOT NULL,          -- Arrow schema that holds every row kept
    crc    INTEGER NOT NULL
) STRICT;
CREATE TABLE batch (
    id     INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL REFERENCES stream (id),
    first  INTEGER NOT NULL,          -- offsets [first, next)
    next   INTEGER NOT NULL,
    at     INTEGER NOT NULL,          -- when it was appended, microseconds of UTC
    bytes  INTEGER NOT NULL,
    crc    INTEGER NOT NULL,
    arrow  BLOB    NOT NULL           -- an Arrow IPC stream, complete in itself
) STRICT;
CREATE UNIQUE INDEX batch_of_offset ON batch (stream, first);
CREATE TABLE position (
    source TEXT    PRIMARY KEY,
    value  TEXT    NOT NULL,
    crc    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE receipt (
    source      TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    first_batch INTEGER NOT NULL,     -- batches [first_batch, last_batch]; none when last < first
    last_batch  INTEGER NOT NULL,
    offsets     TEXT    NOT NULL,     -- JSON {stream: [first, next]}
    crc         INTEGER NOT NULL,
    PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_of_time ON receipt (at);
CREATE TABLE epoch (
    id      INTEGER PRIMARY KEY,
    time    INTEGER NOT NULL,         -- logical time, microseconds of UTC
    offsets TEXT    NOT NULL,         -- JSON {stream: next offset}
    crc     INTEGER NOT NULL
) STRICT;
"""

CHECKED_AT_OPENING = ("stream", "position")
"""Tables in which a row that went missing would not be missed: a lost position would deliver its source twice. They
are small. Receipts are like them, but may be many, and are checked only as they are found."""


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables in a new file; refuse a file that is not a log of this format, or is visibly damaged."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise failures.other_format(
            f"SQLite {sqlite3.sqlite_version} is too old for the log.",
            fix="Use a Python whose sqlite3.sqlite_version is 3.37 or newer.",
        )
    if _is_new(connection):
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        _keep_write_ahead_log(connection)
        _create(connection)
    _refuse_others(connection)
    _keep_write_ahead_log(connection)
    _refuse_damage(connection)


def _is_new(connection: sqlite3.Connection) -> bool:
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    return not tables and _pragma(connection, "application_id") == 0 == _pragma(connection, "user_version")


def _keep_write_ahead_log(connection: sqlite3.Connection) -> None:
    # Asked first, because setting the mode rewrites the file's header each time.
    if _pragma(connection, "journal_mode") != "wal" and _pragma(connection, "journal_mode = WAL") != "wal":
        raise failures.foreign("The log's disk does not let SQLite keep a write-ahead log; use a local disk.")


def _create(connection: sqlite3.Connection) -> None:
    marks = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT};"
    connection.executescript(f"BEGIN IMMEDIATE; {TABLES} {marks} COMMIT;")


def _refuse_others(connection: sqlite3.Connection) -> None:
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise failures.foreign("This is a SQLite database, but not a log of Headrace.")
    found = _pragma(connection, "user_version")
    if found != FORMAT:
        raise failures.other_format(
            f"This log has format {found}; this version of Headrace reads format {FORMAT}.",
            fix="Run the version of Headrace that wrote it, or move the file away: the sources then deliver again.",
        )


def _refuse_damage(connection: sqlite3.Connection) -> None:
    for table in CHECKED_AT_OPENING:
        said = _pragma(connection, f"quick_check('{table}')")
        if said != "ok":
            raise failures.broken(f"The file's structure is damaged: {said}.")


def _pragma(connection: sqlite3.Connection, pragma: str) -> Any:
    return connection.execute(f"PRAGMA {pragma}").fetchone()[0]
