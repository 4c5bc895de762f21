"""The logs that the contract is held against. A new one joins by an entry here."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from headrace.log import Clock, Log, Part, open_sqlite

if TYPE_CHECKING:
    from headrace.log.kafka import KafkaSettings

sys.path.insert(0, str(Path(__file__).parents[2]))  # for writer.py, which is no module of the tests

from tests.services import KAFKA, need_kafka


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


@dataclass(frozen=True)
class Implementation:
    """How to open the log that lives in a folder, and to leave nothing of it behind.

    Opening the same folder again, from any process, is the same log.

    Attributes:
        need: skips the test where a service is missing.
        examples: how many sequences of operations are tried.
    """

    open: Callable[[Path, Clock], Log]
    delete: Callable[[Path], None] = shutil.rmtree
    need: Callable[[], None] = lambda: None
    examples: int = 60


def kafka_settings(folder: Path) -> KafkaSettings:
    """A log of the folder's own on the tests' broker."""
    from headrace.log.kafka import KafkaSettings

    name = f"test-{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"
    return KafkaSettings(KAFKA, name, patience=timedelta(seconds=60))


def _open_kafka(folder: Path, clock: Clock) -> Log:
    from headrace.log.kafka import open_kafka

    return open_kafka(kafka_settings(folder), clock=clock)


def _delete_kafka(folder: Path) -> None:
    from headrace.log.kafka import delete_kafka

    delete_kafka(kafka_settings(folder))


IMPLEMENTATIONS: dict[str, Implementation] = {
    "kafka": Implementation(_open_kafka, _delete_kafka, need_kafka, examples=10),
    "sqlite": Implementation(lambda folder, clock: open_sqlite(folder / "log.sqlite", clock=clock)),
}


def numbered(source: str, n: int) -> list[Part]:
    """What append ``n`` of ``writer.py`` holds: 1 to 7 rows for stream ``shared``, one for ``audit``."""
    rows = n % 7 + 1
    shared = pa.table({"source": [source] * rows, "n": [n] * rows, "row": list(range(rows))})
    return [Part("shared", shared), Part("audit", pa.table({"source": [source], "n": [n]}))]
