"""Each stream's bounds: what is kept, where the next row goes."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, fields

import pyarrow as pa

from headrace.log.batch import seal
from headrace.log.sqlite import failures


@dataclass(frozen=True)
class Stream:
    """A row of table ``stream``; ``size`` is the bytes of its blobs."""

    id: int
    name: str
    start: int
    next: int
    size: int
    schema: bytes

    @property
    def arrow_schema(self) -> pa.Schema:
        return pa.ipc.read_schema(pa.py_buffer(self.schema))


_COLUMNS = "id, name, start, next, bytes, schema"


def every(connection: sqlite3.Connection) -> list[Stream]:
    """All streams by name."""
    return [_checked(row) for row in connection.execute(f"SELECT {_COLUMNS}, crc FROM stream ORDER BY name")]


def find(connection: sqlite3.Connection, name: str) -> Stream | None:
    """The stream of that name, if anything was ever appended to it."""
    row = connection.execute(f"SELECT {_COLUMNS}, crc FROM stream WHERE name = ?", (name,)).fetchone()
    return None if row is None else _checked(row)


def create(connection: sqlite3.Connection, name: str, schema: bytes) -> Stream:
    """A new stream without rows."""
    id = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM stream").fetchone()[0]
    stream = Stream(id, name, 0, 0, 0, schema)
    connection.execute(
        "INSERT INTO stream (id, name, start, next, bytes, schema, crc) VALUES (?, ?, ?, ?, ?, ?, ?)", _row(stream)
    )
    return stream


def save(connection: sqlite3.Connection, stream: Stream) -> None:
    """Write the stream's new bounds."""
    connection.execute(
        "UPDATE stream SET (name, start, next, bytes, schema, crc) = (?2, ?3, ?4, ?5, ?6, ?7) WHERE id = ?1",
        _row(stream),
    )


def _row(stream: Stream) -> tuple[object, ...]:
    values = tuple(getattr(stream, field.name) for field in fields(stream))
    return (*values, seal(*values))


def _checked(row: tuple[object, ...]) -> Stream:
    *values, crc = row
    if seal(*values) != crc:
        raise failures.damaged(f"The bounds of stream {values[1]!r}")
    return Stream(*values)  # type: ignore[arg-type]  # the checksum vouches for the types
