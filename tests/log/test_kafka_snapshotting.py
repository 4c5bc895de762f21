"""The thread that keeps the journal short outlives what it meets. Its log is a stand-in, which fails as a real one cannot be made to."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from headrace.errors import LogError
from headrace.log.kafka import KafkaSettings
from headrace.log.kafka.broker import Broker
from headrace.log.kafka.snapshots import Sum
from headrace.log.kafka.snapshotting import Snapshots
from headrace.log.kafka.topics import Topics

SETTINGS = KafkaSettings("127.0.0.1:9", "log", snapshot_entries=10)
SILENT = LogError("Kafka does not answer.", code="HR-515", state="Nothing was changed.", fix="Try again.")


class Log:
    """Has ten entries and no snapshot, and fails once when it is asked for one; takes what is sent."""

    snapshot_entries = 0

    def __init__(self, error: Exception) -> None:
        self.entries = 10
        self.errors = [error]
        self.sent: list[str] = []

    def snapshots(self) -> list[object]:
        if self.errors:
            raise self.errors.pop()
        return []

    def lately(self, ask: Callable[[Sum], object]) -> object:
        return ask(Sum(journal_next=self.entries))

    def send(self, topic: str, _: object) -> None:
        self.sent.append(topic)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("error", "event"), [(ValueError("odd"), "defect"), (SILENT, "the log is not kept short")], ids=["defect", "silent"]
)
def test_a_journal_is_kept_short_after_a_failure(error: Exception, event: str) -> None:
    log = Log(error)
    with capture_logs() as told:
        snapshots = Snapshots(SETTINGS, Topics(SETTINGS, Broker(SETTINGS)), log, log)  # type: ignore[arg-type]
        until(lambda: told)
    assert [(line["event"], line["doing"]) for line in told] == [(event, "writing a snapshot")]
    assert told[0].get("exc_info", SILENT) is error

    def kept() -> bool:
        log.entries += 10
        snapshots.look()
        return "log.snapshots" in log.sent

    until(kept)
    snapshots.close()


def test_a_defect_is_not_told_with_each_entry() -> None:
    log = Log(ValueError("odd"))
    with capture_logs() as told:
        snapshots = Snapshots(SETTINGS, Topics(SETTINGS, Broker(SETTINGS)), log, log)  # type: ignore[arg-type]
        until(lambda: told and snapshots._newest == 10)
        log.errors.append(ValueError("odd"))
        log.entries += 9
        snapshots.look()
        assert not snapshots._due.is_set()
        assert len(told) == 1
    snapshots.close()
