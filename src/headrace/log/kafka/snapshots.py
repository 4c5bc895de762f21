"""The state written down, so that opening a log does not take adding up all of its journal.

A snapshot is JSON, compressed, in as many records as it takes; it counts when all of them are there. The one with the most entries
is the one to begin from, whenever it was written. Once one is old enough, what is before it is deleted, and so are the entries that it
has. A process that is so far behind begins again, from a snapshot.
"""

from __future__ import annotations

import json
import uuid
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from confluent_kafka import Message

from headrace.log.kafka.entries import FORMAT, Headers, Placed
from headrace.log.kafka.fetch import headers
from headrace.log.kafka.ledger import Ledger, Mark
from headrace.log.kafka.state import Batch, Known, State, Stream
from headrace.log.order import microseconds, time_of
from headrace.log.protocol import Epoch

PART_BYTES = 512 * 1024


@dataclass
class Sum:
    """What journal and ledger add up to, up to their offsets."""

    state: State = field(default_factory=State)
    ledger: Ledger = field(default_factory=Ledger)
    journal_next: int = 0
    ledger_next: int = 0

    @property
    def entries(self) -> int:
        """How many there are."""
        return self.journal_next + self.ledger_next


@dataclass(frozen=True)
class Found:
    """A whole snapshot: its records, the first of which is at ``offset``, when the broker took the last, and how far it goes."""

    offset: int
    time: timedelta
    entries: int
    journal_next: int
    parts: Sequence[bytes]

    def total(self) -> Sum:
        """What it says."""
        return _read(json.loads(zlib.decompress(b"".join(self.parts))))


def written(total: Sum) -> list[tuple[bytes, Headers]]:
    """A snapshot as records: values and headers."""
    content = zlib.compress(json.dumps(_said(total), separators=(",", ":")).encode(), level=1)
    parts = [content[at : at + PART_BYTES] for at in range(0, len(content), PART_BYTES)]
    name = uuid.uuid4().hex.encode()
    return [
        (
            part,
            [
                ("headrace", FORMAT),
                ("snapshot", name),
                ("part", b"%d/%d" % (n, len(parts))),
                ("entries", b"%d" % total.entries),
                ("journal", b"%d" % total.journal_next),
            ],
        )
        for n, part in enumerate(parts, start=1)
    ]


def found(records: Sequence[Message]) -> list[Found]:
    """The whole snapshots among the topic's records, from the least entries to the most.

    Raises:
        KeyError: a record is no part of any.
        ValueError: a record is no part of any.
    """
    parts: dict[bytes, dict[int, Message]] = defaultdict(dict)
    whole = []
    for record in records:
        said = headers(record)
        name, entries, (n, of) = said["snapshot"], int(said["entries"]), map(int, said["part"].split(b"/"))
        parts[name][n] = record
        if len(parts[name]) == of:
            own = [parts[name][n] for n in range(1, of + 1)]
            time = timedelta(milliseconds=record.timestamp()[1])
            content = [bytes(part.value() or b"") for part in own]
            whole.append(Found(own[0].offset() or 0, time, entries, int(said["journal"]), content))
    return sorted(whole, key=lambda snapshot: snapshot.entries)


def _said(total: Sum) -> dict[str, object]:
    state, ledger = total.state, total.ledger
    last = ledger.last
    return {
        "journal": total.journal_next,
        "ledger": total.ledger_next,
        "streams": {
            name: {
                "start": stream.start,
                "next": stream.next,
                "size": stream.size,
                "columns": stream.columns.hex(),
                "batches": [
                    [b.first, b.next, b.at, p.partition, p.offset, p.rows, p.bytes, p.crc]
                    for b in stream.batches
                    for p in (b.placed,)
                ],
            }
            for name, stream in state.streams.items()
        },
        "positions": state.positions,
        "keys": [[source, key, known.at, known.offsets] for (source, key), known in state.keys.items()],
        "schemas": {name: schema.hex() for name, schema in state.schemas.items()},
        "voided": sorted(state.voided),
        "gone": [[*place, records] for place, records in state.gone.items()],
        "cuts": [[*place, offset] for place, offset in state.cuts.items()],
        "marks": [[mark.id, mark.time, mark.offset] for mark in ledger.marks],
        "last": None if last is None else [last.id, microseconds(last.time), dict(last.offsets)],
    }


def _read(said: dict[str, object]) -> Sum:
    streams, positions, keys, schemas = said["streams"], said["positions"], said["keys"], said["schemas"]
    voided, gone, cuts, marks, last = (said[name] for name in ("voided", "gone", "cuts", "marks", "last"))
    journal, ledger_next = said["journal"], said["ledger"]
    assert isinstance(streams, dict)
    assert isinstance(positions, dict)
    assert isinstance(keys, list)
    assert isinstance(schemas, dict)
    assert isinstance(voided, list)
    assert isinstance(gone, list)
    assert isinstance(cuts, list)
    assert isinstance(marks, list)
    assert isinstance(journal, int)
    assert isinstance(ledger_next, int)
    state = State(
        streams={name: _stream(stream) for name, stream in streams.items()},
        positions=positions,
        keys={
            (source, key): Known(at, {stream: (first, next) for stream, (first, next) in offsets.items()})
            for source, key, at, offsets in keys
        },
        schemas={name: bytes.fromhex(schema) for name, schema in schemas.items()},
        voided=set(voided),
        gone={(stream, partition): [(at, offset) for at, offset in records] for stream, partition, records in gone},
        cuts={(stream, partition): offset for stream, partition, offset in cuts},
    )
    ledger = Ledger([Mark(*mark) for mark in marks])
    if isinstance(last, list):
        ledger.recent.append(Epoch(last[0], last[2], time_of(last[1])))
    return Sum(state, ledger, journal, ledger_next)


def _stream(said: dict[str, object]) -> Stream:
    start, next, size, columns, batches = (said[name] for name in ("start", "next", "size", "columns", "batches"))
    assert isinstance(start, int)
    assert isinstance(next, int)
    assert isinstance(size, int)
    assert isinstance(columns, str)
    assert isinstance(batches, list)
    kept = [Batch(first, next, at, Placed(*placed)) for first, next, at, *placed in batches]
    return Stream(start, next, size, bytes.fromhex(columns), kept)
