"""Writes snapshots from time to time, and deletes what they make dispensable.

In a thread of its own: nothing that goes wrong here is the fault, or the business, of whoever appends.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from headrace.errors import LogError
from headrace.log.kafka import snapshots
from headrace.log.kafka.committer import Committer
from headrace.log.kafka.follower import Follower
from headrace.log.kafka.settings import KafkaSettings
from headrace.log.kafka.topics import Topics

log_ = structlog.get_logger("headrace.log")


class Snapshots:
    """Sees to it that no more than so many entries are in no snapshot."""

    def __init__(self, settings: KafkaSettings, topics: Topics, follower: Follower, committer: Committer) -> None:
        self._settings = settings
        self._topics = topics
        self._follower = follower
        self._committer = committer
        self._newest = follower.snapshot_entries
        self._due = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="headrace-log-snapshots", daemon=True)
        self._thread.start()
        self.look()

    def look(self) -> None:
        """Have a snapshot written if one is due."""
        if self._follower.entries - self._newest >= self._settings.snapshot_entries:
            self._due.set()

    def close(self) -> None:
        self._closed = True
        self._due.set()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            self._due.wait()
            self._due.clear()
            if self._closed:
                return
            try:
                with unharmed("writing a snapshot", self._settings.name):
                    self._write()
            except Exception as error:  # the thread must not end: the journal would grow for ever
                log_.error("defect", doing="writing a snapshot", log=self._settings.name, exc_info=error)
                self._newest = self._follower.entries  # after as many entries again, not after each

    def _write(self) -> None:
        before = self._follower.snapshots()  # another process may have written one
        self._newest = before[-1].entries if before else 0
        if self._follower.entries - self._newest < self._settings.snapshot_entries:
            return
        entries, records = self._follower.lately(lambda total: (total.entries, snapshots.written(total)))
        self._committer.send(self._topics.snapshots, records)
        self._newest = entries
        # Not all at once: whoever is behind is to read of its own entries before they are deleted.
        old = [one for one in before if one.time <= before[-1].time - self._settings.snapshot_age]
        if old:
            cut = {(self._topics.snapshots, 0): old[-1].offset, (self._topics.journal, 0): old[-1].journal_next}
            self._topics.forget_records(cut)


@contextmanager
def unharmed(doing: str, log: str) -> Iterator[None]:
    """What fails inside is told in the node's log, and tried again another time."""
    try:
        yield
    except LogError as error:
        log_.warning("the log is not kept short", doing=doing, log=log, why=error.what)
