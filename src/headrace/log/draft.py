"""An append as its caller prepares it: rows encoded, names checked, offsets still to be given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headrace.log import evolve
from headrace.log.batch import BATCH_BYTES, Encoded, encode
from headrace.log.protocol import Part
from headrace.log.refusals import refused


@dataclass(frozen=True)
class Block:
    """A part, encoded: it lacks only its offsets."""

    stream: str
    schema: bytes
    batches: tuple[Encoded, ...]


@dataclass(frozen=True)
class Draft:
    """An append, ready to be placed."""

    blocks: tuple[Block, ...]
    source: str
    position: str | None
    key: str | None

    @property
    def size(self) -> int:
        return sum(batch.blob.size for block in self.blocks for batch in block.batches)


def draft(
    parts: Sequence[Part], source: str, position: str | None, key: str | None, *, batch_bytes: int = BATCH_BYTES
) -> Draft:
    """Encode the parts, in the caller's thread: that is where the time goes, and it runs beside other callers'."""
    if not source:
        raise refused("The append does not say its source.", "Name the source.")
    for text in (source, position or "", key or "", *(part.stream for part in parts)):
        if not _is_text(text):
            fix = "Remove the lone surrogate from it."
            raise refused(f"A name, position or key is not Unicode text: {text!r}.", fix)
    return Draft(tuple(_block(part, batch_bytes) for part in parts), source, position, key)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _block(part: Part, batch_bytes: int) -> Block:
    if not part.stream:
        raise refused("A part does not say its stream.", "Name the stream.")
    schema = evolve.plain(part.stream, part.rows.schema)
    rows = part.rows if part.rows.schema.equals(schema, check_metadata=True) else part.rows.cast(schema)
    return Block(part.stream, schema.serialize().to_pybytes(), tuple(encode(rows, batch_bytes)))
