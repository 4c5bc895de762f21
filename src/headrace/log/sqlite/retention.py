"""Trimming: rows leave from the oldest end, whole batches at a time; the receipts of keys leave after them."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace

from headrace.log.sqlite import failures, streams

SLICE_BYTES = 16 * 1024 * 1024
"""Blobs dropped in one transaction. Appends wait for it, and dropping reads every page (about 0.2-0.4 GB/s)."""

SLICE_KEYS = 10_000


@dataclass(frozen=True)
class Cut:
    """Batches to drop: those of a stream below ``start``."""

    stream: str
    start: int
    rows: int
    size: int


def plan(connection: sqlite3.Connection, name: str, upto: int, before: int) -> Cut | None:
    """The next slice to drop, if any batch qualifies; ``before`` in microseconds of UTC.

    It ends at the first batch that must stay, so that what is kept remains one range even if the clock once went back.
    """
    stream = streams.find(connection, name)
    if stream is None:
        return None
    start, size = stream.start, 0
    for first, next, at, more in connection.execute(
        "SELECT first, next, at, bytes FROM batch WHERE stream = ? ORDER BY first", (stream.id,)
    ):
        if first != start:
            raise failures.broken(f"Rows {start} to {first} of stream {name!r} are missing from the file.")
        if next > upto or at >= before or (size and size + more > SLICE_BYTES):
            break
        start, size = next, size + more
    return Cut(name, start, start - stream.start, size) if size else None


def drop(connection: sqlite3.Connection, cut: Cut) -> int:
    """Carry out a cut inside the committer's transaction; returns the rows dropped: none, if another process was
    first."""
    stream = streams.find(connection, cut.stream)
    if stream is None or stream.start != cut.start - cut.rows:
        return 0
    connection.execute("DELETE FROM batch WHERE stream = ? AND first < ?", (stream.id, cut.start))
    streams.save(connection, replace(stream, start=cut.start, size=stream.size - cut.size))
    return cut.rows


def forget(connection: sqlite3.Connection, before: int) -> int:
    """Drop receipts older than ``before`` whose rows are all gone, a slice of them; returns how many."""
    # SQLite gives a batch the id of a trimmed one when none newer is left; the time tells them apart.
    return connection.execute(
        "DELETE FROM receipt WHERE (source, key) IN (SELECT source, key FROM receipt WHERE at < ?1 AND NOT EXISTS"
        " (SELECT 1 FROM batch WHERE id BETWEEN first_batch AND last_batch AND batch.at = receipt.at) LIMIT ?2)",
        (before, SLICE_KEYS),
    ).rowcount
