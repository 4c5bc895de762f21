"""What is said of the epochs whose changes have been published.

A model's topic has its rows by key, each record the newest of its key; ``NAME.published`` says up to where in the topics an epoch goes.
Rows beyond the newest marker are of an epoch that is being published, or was when its node stopped: they do not count yet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

BUILD_KEY = b"build"
MARKER_KEY = b"epoch"
RECEIPTS_KEY = b"receipts"


@dataclass(frozen=True)
class Build:
    """What the published rows are made by.

    Attributes:
        versions: model -> its text and that of all it reads, in short; a reader of another version cannot read its rows.
        sources: the columns of each source, name -> type text.
    """

    versions: Mapping[str, str]
    sources: Mapping[str, Mapping[str, str]]

    def encode(self) -> bytes:
        said = {"versions": dict(self.versions), "sources": {name: dict(kinds) for name, kinds in self.sources.items()}}
        return json.dumps(said, ensure_ascii=False).encode()

    @staticmethod
    def decode(value: bytes) -> Build:
        """What :meth:`encode` wrote."""
        said = json.loads(value)
        return Build(said["versions"], said["sources"])


@dataclass(frozen=True)
class Marker:
    """One published epoch.

    Attributes:
        offsets: of the sources, as the ledger has them.
        ended: bounded sources of which all input is in the log.
        ends: model -> the offset after its last record, by partition of its topic.
        written: when, by the broker's clock; not part of what is written.
    """

    epoch: int
    time: datetime | None
    offsets: Mapping[str, int]
    ended: frozenset[str]
    ends: Mapping[str, tuple[int, ...]]
    written: datetime | None = field(default=None, compare=False)

    def encode(self) -> bytes:
        said: dict[str, Any] = {
            "epoch": self.epoch,
            "time": None if self.time is None else self.time.astimezone(UTC).isoformat(),
            "offsets": dict(self.offsets),
            "ended": sorted(self.ended),
            "ends": {model: list(ends) for model, ends in self.ends.items()},
        }
        return json.dumps(said, ensure_ascii=False).encode()

    @staticmethod
    def decode(value: bytes, written: datetime | None = None) -> Marker:
        """What :meth:`encode` wrote; ``written`` is the record's own time."""
        said = json.loads(value)
        time = None if said["time"] is None else datetime.fromisoformat(said["time"])
        ends = {model: tuple(ends) for model, ends in said["ends"].items()}
        return Marker(said["epoch"], time, said["offsets"], frozenset(said["ended"]), ends, written)
