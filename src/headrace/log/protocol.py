"""What a log is: the protocol that every implementation keeps, and the values that pass through it.

The guarantees are stated once, in ``docs/concepts/log.md``, and held by ``tests/log/test_contract.py``, which runs
over every implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import pyarrow as pa

Clock = Callable[[], datetime]
"""Says what time it is. A time without a zone is taken to be UTC."""


def as_utc(time: datetime) -> datetime:
    """The same instant in UTC; a time without a zone is taken to be UTC already."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


@dataclass(frozen=True)
class Part:
    """Rows for one stream. An append takes several, so that kept and rejected rows become durable together."""

    stream: str
    rows: pa.Table


@dataclass(frozen=True)
class Receipt:
    """What an append became.

    Attributes:
        offsets: per stream, the first offset of its rows and the offset after its last.
        duplicate: true when the idempotency key was known, so that nothing was written and ``offsets`` are those of
            the first append under that key.
    """

    offsets: Mapping[str, tuple[int, int]]
    duplicate: bool


@dataclass(frozen=True)
class Epoch:
    """One step of the node: how far each stream is taken (exclusive ends), and the logical time it is taken at
    (UTC)."""

    id: int
    offsets: Mapping[str, int]
    time: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", as_utc(self.time))


@dataclass(frozen=True)
class Stored:
    """What a stream holds now: rows not yet trimmed, and their bytes as stored (encoded and compressed)."""

    rows: int
    bytes: int


class Log(Protocol):
    """A durable, replayable log of Arrow rows in named streams, and the ledger of the epochs that consumed them.

    Offsets count rows, per stream, from 0, without gaps. Every method may be called from any thread. Every failure is a
    ``LogError`` that says what is left and what to do.
    """

    def append(
        self, parts: Sequence[Part], *, source: str, position: str | None = None, key: str | None = None
    ) -> Receipt:
        """Add rows, the source's own position and the producer's idempotency key in one transaction.

        Durable on return. When it raises, nothing of it was kept (or, for HR-511 alone, that could not be established: what
        ``position`` says afterwards is final).

        Args:
            parts: rows by stream; parts of one stream follow each other in the order given.
            source: who appends; positions and keys belong to it.
            position: where the source resumes after these rows; ``None`` leaves the stored position as it is.
            key: names this append. A second append of the same source and key writes nothing and gets the first
                receipt; the rows are not compared. A key is known for as long as any of its rows is kept, and for at
                least 24 hours.
        """
        ...

    def position(self, source: str) -> str | None:
        """The position of the source's newest append that carried one."""
        ...

    def starts(self) -> dict[str, int]:
        """Per stream, the first offset that is still kept."""
        ...

    def ends(self) -> dict[str, int]:
        """Per stream, the offset after the newest durable row."""
        ...

    def read(self, stream: str, start: int, stop: int) -> pa.Table:
        """The rows ``start`` to ``stop`` (exclusive), in offset order.

        A column that only some of the rows have is null for the others; a type that was widened is the wider one.
        An empty range has the stream's present columns.
        """
        ...

    def wait(self, ends: Mapping[str, int], timeout: float) -> bool:
        """True as soon as a row beyond ``ends`` is durable; false after ``timeout`` seconds or when the log is
        closed."""
        ...

    def record(self, epoch: Epoch) -> None:
        """Write an epoch to the ledger; durable on return.

        Ids are consecutive from 1; offsets and time never go back; no offset lies beyond the stream's end.
        """
        ...

    def epochs(self, after: int) -> list[Epoch]:
        """The epochs whose id is greater than ``after``, in order."""
        ...

    def epoch(self, id: int) -> Epoch | None:
        """The epoch of that id."""
        ...

    def epoch_at(self, time: datetime) -> Epoch | None:
        """The newest epoch whose time is not after ``time``."""
        ...

    def last_epoch(self) -> Epoch | None:
        """The newest epoch."""
        ...

    def trim(self, upto: Mapping[str, int], before: datetime) -> int:
        """Drop, from each stream's oldest end, whole batches below ``upto`` that were appended before ``before``.

        Returns the number of rows dropped. Streams that ``upto`` does not name keep everything.
        """
        ...

    def counts(self) -> dict[str, Stored]:
        """Per stream, the rows and the bytes that it holds."""
        ...

    def close(self) -> None:
        """Finish the appends already begun, wake the waiters, let go of the files. Closing again does nothing."""
        ...
