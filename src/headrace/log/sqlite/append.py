"""What an append writes: rows, the source's position, the idempotency key. Drafted by its caller, placed by the
committer."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

from headrace.log import evolve
from headrace.log.batch import seal
from headrace.log.draft import Block, Draft
from headrace.log.protocol import Receipt
from headrace.log.sqlite import failures, streams
from headrace.log.sqlite.streams import Stream


def place(connection: sqlite3.Connection, draft: Draft, at: int) -> Receipt:
    """Write the draft inside the committer's transaction; ``at`` is the time in microseconds of UTC."""
    if draft.key is not None and (known := _known(connection, draft.source, draft.key)) is not None:
        return Receipt(known, duplicate=True)
    batches: list[int] = []
    offsets: dict[str, tuple[int, int]] = {}
    for block in draft.blocks:
        first, next = _place_block(connection, block, at, batches)
        offsets[block.stream] = (offsets.get(block.stream, (first,))[0], next)
    if draft.position is not None:
        _move(connection, draft.source, draft.position)
    if draft.key is not None:
        _remember(connection, draft.source, draft.key, at, batches, offsets)
    return Receipt(offsets, duplicate=False)


def _place_block(connection: sqlite3.Connection, block: Block, at: int, batches: list[int]) -> tuple[int, int]:
    stream = _stream_for(connection, block)
    next, size = stream.next, stream.size
    for batch in block.batches:
        first, next = next, next + batch.rows
        size += batch.blob.size
        crc = seal(stream.name, first, next, at, blob_crc=batch.crc)
        placed = connection.execute(
            "INSERT INTO batch (stream, first, next, at, bytes, crc, arrow) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (stream.id, first, next, at, batch.blob.size, crc, batch.blob),
        )
        batches.append(placed.lastrowid or 0)
    streams.save(connection, replace(stream, next=next, size=size))
    return stream.next, next


def _stream_for(connection: sqlite3.Connection, block: Block) -> Stream:
    stream = streams.find(connection, block.stream)
    if stream is None:
        return streams.create(connection, block.stream, block.schema)
    if stream.schema == block.schema:
        return stream
    if stream.start == stream.next:  # no row is left that the change could contradict
        return replace(stream, schema=block.schema)
    return replace(stream, schema=evolve.widen(stream.name, stream.schema, block.schema))


def positions(connection: sqlite3.Connection) -> dict[str, str]:
    """Per source, the position of its newest append that carried one. All are checked: a damaged name is no name."""
    found = connection.execute("SELECT source, value, crc FROM position").fetchall()
    for source, value, crc in found:
        if seal(source, value) != crc:
            raise failures.damaged(f"The position of source {source!r}")
    return {source: value for source, value, _ in found}


def _move(connection: sqlite3.Connection, source: str, value: str) -> None:
    connection.execute(
        "INSERT INTO position (source, value, crc) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET value = excluded.value, crc = excluded.crc",
        (source, value, seal(source, value)),
    )


def _known(connection: sqlite3.Connection, source: str, key: str) -> dict[str, tuple[int, int]] | None:
    row = connection.execute(
        "SELECT at, first_batch, last_batch, offsets, crc FROM receipt WHERE source = ? AND key = ?", (source, key)
    ).fetchone()
    if row is None:
        return None
    *values, crc = row
    if seal(source, key, *values) != crc:
        raise failures.damaged(f"The receipt of source {source!r} for key {key!r}")
    return {stream: (first, next) for stream, (first, next) in json.loads(values[3]).items()}


def _remember(
    connection: sqlite3.Connection,
    source: str,
    key: str,
    at: int,
    batches: list[int],
    offsets: dict[str, tuple[int, int]],
) -> None:
    first_batch, last_batch = (batches[0], batches[-1]) if batches else (0, -1)
    values = (source, key, at, first_batch, last_batch, json.dumps(offsets))
    connection.execute(
        "INSERT INTO receipt (source, key, at, first_batch, last_batch, offsets, crc) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*values, seal(*values)),
    )
