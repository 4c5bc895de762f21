"""What the ledger adds up to: the newest epochs in memory, and where the others are in the topic."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from headrace.errors import LogError
from headrace.log.kafka.entries import Recorded
from headrace.log.order import disordered, microseconds
from headrace.log.protocol import Epoch

EVERY = 256
"""Epochs between two whose place is known: so many are read to find one that is no longer in memory."""

RECENT = 4096


@dataclass(frozen=True)
class Mark:
    """An epoch's id, time (microseconds of UTC) and place: the offset of its record."""

    id: int
    time: int
    offset: int


@dataclass
class Ledger:
    """The epochs in order. An entry that does not follow the last is not counted, by anybody."""

    marks: list[Mark] = field(default_factory=list)
    recent: deque[Epoch] = field(default_factory=lambda: deque(maxlen=RECENT))

    @property
    def last(self) -> Epoch | None:
        return self.recent[-1] if self.recent else None

    def add(self, entry: Recorded, offset: int) -> LogError | None:
        """Add the next entry; says why it does not count."""
        epoch = entry.epoch
        if error := disordered(self.last, epoch):
            return error
        if epoch.id % EVERY == 1:
            self.marks.append(Mark(epoch.id, microseconds(epoch.time), offset))
        self.recent.append(epoch)
        return None

    def in_memory(self, id: int) -> Epoch | None:
        """The epoch of that id, if it is in memory."""
        if not self.recent or not self.recent[0].id <= id <= self.recent[-1].id:
            return None
        return self.recent[id - self.recent[0].id]

    def before(self, id: int) -> Mark | None:
        """The last place known that is not after that epoch."""
        at = bisect_right(self.marks, id, key=lambda mark: mark.id)
        return self.marks[at - 1] if at else None

    def by(self, time: int) -> Mark | None:
        """The last place known whose time is not after ``time``."""
        at = bisect_right(self.marks, time, key=lambda mark: mark.time)
        return self.marks[at - 1] if at else None

    def following(self, mark: Mark, stop: int) -> int:
        """The place of the mark after that one; ``stop`` if there is none."""
        at = bisect_right(self.marks, mark.id, key=lambda other: other.id)
        return self.marks[at].offset if at < len(self.marks) else stop


def counted(entries: Iterable[Recorded]) -> list[Epoch]:
    """The epochs of a part of the ledger that begins with one that counts."""
    found: list[Epoch] = []
    for entry in entries:
        if not found or disordered(found[-1], entry.epoch) is None:
            found.append(entry.epoch)
    assert all(later.id == earlier.id + 1 for earlier, later in pairwise(found))
    return found
