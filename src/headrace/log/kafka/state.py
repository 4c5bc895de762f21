"""What the journal adds up to.

Every process that has the log open adds up the same entries in the same order, and so comes to the same state: which
rows are in which stream, what was refused, which key was first. No process asks another, and none has to be in charge.
Whatever is decided here has to be decided by the entries alone, and must never change: a later version that decided
differently would find other rows in an old journal.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter

import pyarrow as pa

from headrace.errors import LogError
from headrace.log import evolve
from headrace.log.kafka.entries import Appended, Placed, Trimmed, Voided
from headrace.log.protocol import Receipt, Stored
from headrace.log.refusals import NOTHING_KEPT


@dataclass(frozen=True)
class Batch:
    """Rows ``first`` to ``next`` of a stream, appended at ``at``, in the record that ``placed`` names."""

    first: int
    next: int
    at: int
    placed: Placed


@dataclass
class Stream:
    """What is kept of a stream, its batches in order."""

    start: int = 0
    next: int = 0
    size: int = 0
    columns: bytes = b""
    batches: list[Batch] = field(default_factory=list)

    @property
    def arrow_schema(self) -> pa.Schema:
        return pa.ipc.read_schema(pa.py_buffer(self.columns))

    def between(self, start: int, stop: int) -> Sequence[Batch]:
        """The batches that hold a range that is kept."""
        low = bisect_right(self.batches, start, key=attrgetter("first")) - 1
        high = bisect_right(self.batches, stop - 1, key=attrgetter("first"))
        return self.batches[low:high]


@dataclass(frozen=True)
class Known:
    """What the first append under a key became."""

    at: int
    offsets: dict[str, tuple[int, int]]


GRACE = 600_000_000
"""Microseconds after an append before its record may be deleted, trimmed or not: until then a record before it in the
topic may belong to an append whose entry is still on its way."""

Outcome = Receipt | LogError | int | None
"""What became of an entry: an append's receipt, why it does not count, or the rows that a trim dropped."""


@dataclass
class State:
    """The sum of the journal's entries so far."""

    streams: dict[str, Stream] = field(default_factory=dict)
    positions: dict[str, str] = field(default_factory=dict)
    keys: dict[tuple[str, str], Known] = field(default_factory=dict)
    schemas: dict[str, bytes] = field(default_factory=dict)
    voided: set[str] = field(default_factory=set)
    gone: dict[tuple[str, int], list[tuple[int, int]]] = field(default_factory=dict)
    """Per stream and partition, time and offset of the records whose rows were trimmed."""
    cuts: dict[tuple[str, int], int] = field(default_factory=dict)
    """Per stream and partition, the offset below which records may have been deleted."""

    def add(self, entry: Appended | Trimmed | Voided) -> Outcome:
        """Add the next entry."""
        match entry:
            case Appended():
                return self._append(entry)
            case Trimmed():
                return self._trim(entry)
            case Voided():
                self.voided.add(entry.append)
                return None

    def ends(self) -> dict[str, int]:
        return {name: self.streams[name].next for name in sorted(self.streams)}

    def starts(self) -> dict[str, int]:
        return {name: self.streams[name].start for name in sorted(self.streams)}

    def counts(self) -> dict[str, Stored]:
        return {name: Stored(stream.next - stream.start, stream.size) for name, stream in sorted(self.streams.items())}

    def known(self, source: str, key: str | None) -> Receipt | None:
        """The receipt of a key that is known."""
        first = None if key is None else self.keys.get((source, key))
        return None if first is None else Receipt(dict(first.offsets), duplicate=True)

    def refuses(self, blocks: Sequence[tuple[str, bytes]]) -> LogError | None:
        """Why rows of these streams and schemas cannot be appended."""
        try:
            self._columns(blocks)
        except LogError as error:
            return error
        return None

    def below(self, name: str, upto: int, before: int) -> int:
        """Where a stream would start if its oldest batches left: whole ones, not beyond ``upto``, older than ``before``."""
        stream = self.streams.get(name)
        if stream is None:
            return 0
        start = stream.start
        for batch in stream.batches:
            if batch.next > upto or batch.at >= before:
                break
            start = batch.next
        return start

    def deletable(self, now: int) -> list[tuple[str, int, int]]:
        """Stream, partition and the offset below which no record has been of use for a while."""
        found = []
        for (name, partition), records in self.gone.items():
            offsets = [offset + 1 for at, offset in records if at < now - GRACE]
            if offsets:
                found.append((name, partition, max(offsets)))
        return found

    def _append(self, entry: Appended) -> Outcome:
        for block in entry.blocks:
            if block.columns.schema is not None:
                self.schemas[block.columns.name] = block.columns.schema
        if entry.id in self.voided:
            self.voided.discard(entry.id)
            return LogError("The append was taken back.", code="HR-515", state=NOTHING_KEPT, fix="Append again.")
        if any(p.offset < self.cuts.get((b.stream, p.partition), 0) for b in entry.blocks for p in b.batches):
            what = "The append took so long that its rows have been deleted from their topic."
            return LogError(what, code="HR-515", state=NOTHING_KEPT, fix="Append again.")
        if known := self.known(entry.source, entry.key):
            return known
        try:
            offsets = self._place(entry)
        except LogError as error:
            return error
        if entry.position is not None:
            self.positions[entry.source] = entry.position
        if entry.key is not None:
            self.keys[entry.source, entry.key] = Known(entry.at, offsets)
        return Receipt(dict(offsets), duplicate=False)

    def _place(self, entry: Appended) -> dict[str, tuple[int, int]]:
        offsets: dict[str, tuple[int, int]] = {}
        widened = self._columns([(block.stream, self.schemas[block.columns.name]) for block in entry.blocks])
        for block in entry.blocks:
            stream = self.streams.setdefault(block.stream, Stream())
            first = stream.next
            for placed in block.batches:
                stream.batches.append(Batch(stream.next, stream.next + placed.rows, entry.at, placed))
                stream.next += placed.rows
                stream.size += placed.bytes
            offsets[block.stream] = (offsets.get(block.stream, (first,))[0], stream.next)
        for name, columns in widened.items():
            self.streams[name].columns = columns
        return offsets

    def _columns(self, blocks: Sequence[tuple[str, bytes]]) -> dict[str, bytes]:
        """The columns of each stream after the blocks; raises HR-512 if they cannot be held together."""
        columns: dict[str, bytes] = {}
        for stream, schema in blocks:
            if stream in columns and columns[stream] != schema:
                columns[stream] = evolve.widen(stream, columns[stream], schema)
            elif stream not in columns:
                columns[stream] = self._widened(stream, schema)
        return columns

    def _widened(self, name: str, schema: bytes) -> bytes:
        stream = self.streams.get(name)
        # Where no row is left, there is none that the change could contradict.
        if stream is None or stream.columns == schema or stream.start == stream.next:
            return schema
        return evolve.widen(name, stream.columns, schema)

    def _trim(self, entry: Trimmed) -> int:
        rows = 0
        for name, start in entry.starts.items():
            stream = self.streams.get(name)
            if stream is None or start <= stream.start:
                continue
            count = bisect_right(stream.batches, start, key=attrgetter("next"))
            for batch in stream.batches[:count]:
                rows += batch.next - batch.first
                stream.size -= batch.placed.bytes
                stream.start = batch.next
                self.gone.setdefault((name, batch.placed.partition), []).append((batch.at, batch.placed.offset))
            del stream.batches[:count]
        self._settle(entry.at - GRACE)
        for name, partition, offset in entry.cuts:
            kept = [b.placed.offset for b in self.streams[name].batches if b.placed.partition == partition]
            self.cuts[name, partition] = max(self.cuts.get((name, partition), 0), min([offset, *kept]))
        self._forget(entry.forget)
        return rows

    def _settle(self, before: int) -> None:
        """Of the records that are gone and old, the last alone says how far a topic may be shortened."""
        for place, records in self.gone.items():
            old = [record for record in records if record[0] < before]
            if len(old) > 1:
                last = max(old, key=lambda record: record[1])
                self.gone[place] = [last, *(record for record in records if record[0] >= before)]

    def _forget(self, before: int) -> None:
        self.keys = {key: known for key, known in self.keys.items() if known.at >= before or self._kept(known)}

    def _kept(self, known: Known) -> bool:
        return any(first < next and next > self.streams[name].start for name, (first, next) in known.offsets.items())


def columns_name(schema: bytes) -> str:
    """What entries call a schema."""
    return hashlib.sha256(schema).hexdigest()[:16]
