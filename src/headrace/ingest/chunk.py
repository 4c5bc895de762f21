"""What a source hands over: a chunk of rows, what was refused of it, and the position after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import pyarrow as pa

REJECTED = pa.schema(
    [("source", pa.string()), ("position", pa.string()), ("reason", pa.string()), ("raw", pa.string())]
)
"""Columns of `Chunk.rejected`. When a record was refused is not known here: who writes it down adds the time."""


@dataclass(frozen=True)
class Chunk:
    """Input records taken in one step, and where to go on after them.

    Attributes:
        rows: the rows, in input order, with the reader's columns (and ``__w`` TINYINT for a changelog); None if there
            are none. A change of a source without a key is two rows, a tombstone is none: rows are not records.
        rejected: the records that could not become rows (see `REJECTED`), None if there are none.
        position: opaque text; hand it to `open_reader` to go on exactly after this chunk. Empty for a push.
        read: input records taken. ``read == kept + rejected.num_rows``, always.
        kept: input records accepted.
    """

    rows: pa.Table | None
    rejected: pa.Table | None
    position: str
    read: int
    kept: int


@runtime_checkable
class Reader(Protocol):
    """An open source. Not safe for use by two threads at once.

    Attributes:
        columns: the column schema, name -> DuckDB type; batches carry these columns (and ``__w`` if `changelog`).
        changelog: whether rows carry ``__w``.
        bounded: whether the input has an end.
        done: the end of a bounded input was reached; `poll` returns None from then on.
        caught_up: when `poll` gave None: whether all that is there has been read. False while the input cannot be reached.
    """

    @property
    def columns(self) -> Mapping[str, str]: ...
    @property
    def changelog(self) -> bool: ...
    @property
    def bounded(self) -> bool: ...
    @property
    def done(self) -> bool: ...
    @property
    def caught_up(self) -> bool: ...

    def poll(self, max_rows: int) -> Chunk | None:
        """The next records, at most `max_rows` of them; None when there is nothing right now.

        Raises:
            SourceError: the input cannot be read on. What was returned before stays valid.
        """
        ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Reject:
    """One refused record: where it stood, why it was refused, its text."""

    position: str
    reason: str
    raw: str


@dataclass(frozen=True)
class Piece:
    """A chunk before it has a position: what a format makes of some records."""

    rows: pa.Table
    rejects: Sequence[Reject]
    read: int

    def chunk(self, source: str, position: str) -> Chunk:
        rows = self.rows if self.rows.num_rows else None
        return Chunk(rows, rejected(source, self.rejects), position, self.read, self.read - len(self.rejects))


def rejected(source: str, rejects: Sequence[Reject]) -> pa.Table | None:
    if not rejects:
        return None
    entries = [{"source": source, "position": r.position, "reason": r.reason, "raw": r.raw} for r in rejects]
    return pa.Table.from_pylist(entries, schema=REJECTED)
