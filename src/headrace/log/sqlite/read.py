"""Rows of a range. Whatever is returned is what was appended: bounds, order, continuity and checksums are all
verified."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa

from headrace.log.batch import decode, seal
from headrace.log.refusals import outside
from headrace.log.sqlite import failures, streams
from headrace.log.sqlite.streams import Stream


@dataclass(frozen=True)
class _Batch:
    id: int
    first: int
    next: int
    at: int
    crc: int


def rows(connection: sqlite3.Connection, name: str, start: int, stop: int) -> pa.Table:
    """The rows ``start`` to ``stop`` of a stream; the connection holds a snapshot."""
    stream = streams.find(connection, name)
    kept, end = (stream.start, stream.next) if stream else (0, 0)
    if error := outside(name, start, stop, kept, end):
        raise error
    if stream is None:
        return pa.table({})
    if start == stop:
        return stream.arrow_schema.empty_table()
    return pa.concat_tables(_pieces(connection, stream, start, stop), promote_options="permissive")


def _pieces(connection: sqlite3.Connection, stream: Stream, start: int, stop: int) -> Iterator[pa.Table]:
    """The range, batch by batch; raises when a checksum does not hold or the batches do not join up."""
    reached = start
    for batch in _batches(connection, stream, start, stop):
        rows = _load(connection, stream, batch)
        if not batch.first <= reached < batch.next:
            break
        yield rows.slice(reached - batch.first, stop - reached)
        reached = batch.next
    if reached < stop:
        raise failures.broken(f"Rows {reached} to {stop} of stream {stream.name!r} are missing from the file.")


def _batches(connection: sqlite3.Connection, stream: Stream, start: int, stop: int) -> Iterator[_Batch]:
    found = connection.execute(
        "SELECT id, first, next, at, crc FROM batch WHERE stream = ?1 AND first < ?3 AND first >="
        " (SELECT max(first) FROM batch WHERE stream = ?1 AND first <= ?2) ORDER BY first",
        (stream.id, start, stop),
    )
    return (_Batch(*row) for row in found)


def _load(connection: sqlite3.Connection, stream: Stream, batch: _Batch) -> pa.Table:
    # blobopen copies the pages once, straight into the bytes that Arrow then reads; a SELECT would copy them twice.
    with connection.blobopen("batch", "arrow", batch.id, readonly=True) as file:
        blob = file.read()
    if seal(stream.name, batch.first, batch.next, batch.at, blob_crc=zlib.crc32(blob)) != batch.crc:
        raise failures.damaged(f"Rows {batch.first} to {batch.next} of stream {stream.name!r} (batch {batch.id})")
    return decode(blob)
