"""What the journal and the ledger hold. One record of the journal is one commit: it counts whole, or not at all.

A record is JSON, with the header ``headrace: 1`` that says which format it is. Rows are not in it; it names the records
that hold them, which were durable before it was written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headrace.log.order import microseconds, time_of
from headrace.log.protocol import Epoch

FORMAT = b"1"

Headers = list[tuple[str, str | bytes | None]]

HEADERS: Headers = [("headrace", FORMAT)]


@dataclass(frozen=True)
class Placed:
    """A batch of rows in its record: where that is, how many rows and bytes, and the checksum of the bytes."""

    partition: int
    offset: int
    rows: int
    bytes: int
    crc: int


@dataclass(frozen=True)
class Columns:
    """A schema by the name that entries know it by; its Arrow bytes only where the log may not have them yet."""

    name: str
    schema: bytes | None


@dataclass(frozen=True)
class BlockPlaced:
    """The rows of a part."""

    stream: str
    columns: Columns
    batches: Sequence[Placed]


@dataclass(frozen=True)
class Appended:
    """An append; ``at`` is its time in microseconds of UTC."""

    id: str
    at: int
    source: str
    position: str | None
    key: str | None
    blocks: Sequence[BlockPlaced]


@dataclass(frozen=True)
class Trimmed:
    """Batches below an offset leave, by stream; keys older than ``forget`` whose rows are gone are no longer known.

    Attributes:
        cuts: stream, partition and offset: records below it may be deleted, and no append that names one counts any more.
    """

    id: str
    at: int
    starts: Mapping[str, int]
    forget: int
    cuts: Sequence[tuple[str, int, int]]


@dataclass(frozen=True)
class Voided:
    """An append that must not count, if its entry should come after this one."""

    id: str
    append: str


@dataclass(frozen=True)
class Recorded:
    """An epoch of the ledger."""

    id: str
    epoch: Epoch


Entry = Appended | Trimmed | Voided | Recorded


def encode(entry: Entry) -> bytes:
    """The entry as the value of a record."""
    return json.dumps(_said(entry), separators=(",", ":")).encode()


def decode(value: bytes) -> Entry:
    """The entry of a record's value; ``KeyError``, ``TypeError`` or ``ValueError`` if it is none."""
    said = json.loads(value)
    match said["do"]:
        case "append":
            return Appended(
                said["id"], said["at"], said["source"], said["position"], said["key"], [*map(_block, said["blocks"])]
            )
        case "trim":
            return Trimmed(said["id"], said["at"], said["starts"], said["forget"], [*map(_cut, said["cuts"])])
        case "void":
            return Voided(said["id"], said["append"])
        case "epoch":
            return Recorded(said["id"], Epoch(said["epoch"], said["offsets"], time_of(said["time"])))
        case other:
            raise ValueError(f"an entry that does {other!r}")


def _said(entry: Entry) -> dict[str, object]:
    match entry:
        case Appended():
            blocks = [
                {
                    "stream": block.stream,
                    "columns": block.columns.name,
                    "schema": None if block.columns.schema is None else block.columns.schema.hex(),
                    "batches": [[b.partition, b.offset, b.rows, b.bytes, b.crc] for b in block.batches],
                }
                for block in entry.blocks
            ]
            what = {"do": "append", "at": entry.at, "source": entry.source, "position": entry.position}
            return {**what, "id": entry.id, "key": entry.key, "blocks": blocks}
        case Trimmed():
            starts = dict(entry.starts)
            what = {"do": "trim", "id": entry.id, "at": entry.at, "starts": starts, "forget": entry.forget}
            return {**what, "cuts": [list(cut) for cut in entry.cuts]}
        case Voided():
            return {"do": "void", "id": entry.id, "append": entry.append}
        case Recorded(id, epoch):
            time = microseconds(epoch.time)
            return {"do": "epoch", "id": id, "epoch": epoch.id, "time": time, "offsets": dict(epoch.offsets)}


def _cut(said: tuple[str, int, int]) -> tuple[str, int, int]:
    stream, partition, offset = said
    return stream, partition, offset


def _block(said: dict[str, object]) -> BlockPlaced:
    stream, name, schema, batches = said["stream"], said["columns"], said["schema"], said["batches"]
    assert isinstance(stream, str)
    assert isinstance(name, str)
    assert isinstance(batches, list)
    columns = Columns(name, bytes.fromhex(schema) if isinstance(schema, str) else None)
    return BlockPlaced(stream, columns, [Placed(*batch) for batch in batches])
