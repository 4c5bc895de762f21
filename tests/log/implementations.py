"""The logs that the contract is held against. A new one joins by an entry here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from headrace.log import Clock, Log, Part, open_sqlite


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


def _kafka(folder: Path, clock: Clock) -> Log:
    from headrace.log.kafka import KafkaSettings, open_kafka

    name = f"test-{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"
    return open_kafka(KafkaSettings("127.0.0.1:19092", name, patience=timedelta(seconds=10)), clock=clock)


IMPLEMENTATIONS: dict[str, Callable[[Path, Clock], Log]] = {
    "kafka": _kafka,
    "sqlite": lambda folder, clock: open_sqlite(folder / "log.sqlite", clock=clock),
}
"""How to open the log that lives in a folder; opening the same folder again, from any process, is the same log."""


def numbered(source: str, n: int) -> list[Part]:
    """What append ``n`` of ``writer.py`` holds: 1 to 7 rows for stream ``shared``, one for ``audit``."""
    rows = n % 7 + 1
    shared = pa.table({"source": [source] * rows, "n": [n] * rows, "row": list(range(rows))})
    return [Part("shared", shared), Part("audit", pa.table({"source": [source], "n": [n]}))]
