"""Reads journal and ledger as they grow, and adds them up."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import TypeVar

import structlog
from confluent_kafka import Message

from headrace.errors import LogError
from headrace.kafka import Meaning, meaning, passing
from headrace.log.kafka import snapshots
from headrace.log.kafka.broker import Broker
from headrace.log.kafka.entries import FORMAT, Entry, Recorded, decode
from headrace.log.kafka.fetch import Fetcher, available, consumer, headers
from headrace.log.kafka.ledger import Mark, counted
from headrace.log.kafka.settings import KafkaSettings
from headrace.log.kafka.snapshots import Found, Sum
from headrace.log.kafka.state import Outcome
from headrace.log.kafka.topics import Topics, whole
from headrace.log.order import microseconds
from headrace.log.protocol import Epoch, as_utc

T = TypeVar("T")

log_ = structlog.get_logger("headrace.log")

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds before reading goes on after the broker did not answer; each time twice as long."""


class Follower:
    """Keeps the sum of journal and ledger, and tells what became of entries.

    One thread of its own adds; any thread may ask. Whoever asks is first told of everything that was durable when it asked.
    """

    def __init__(self, settings: KafkaSettings, broker: Broker, topics: Topics) -> None:
        self._settings = settings
        self._broker = broker
        self._topics = topics
        self._change = threading.Condition()
        self._closed = False
        self._failure: LogError | None = None
        self._awaited: dict[str, Future[Outcome]] = {}
        self._journal = Fetcher(topics.journal, settings, broker)
        self._ledger = Fetcher(topics.ledger, settings, broker)
        self._snapshots = Fetcher(topics.snapshots, settings, broker)
        self._reader = consumer(broker)
        self._sum = Sum()
        self.snapshot_entries = 0
        """How many entries the snapshot has that was begun from."""
        try:
            self._begin()
        except BaseException:
            self._disconnect()
            raise
        self._thread = threading.Thread(target=self._follow, name="headrace-log-follower", daemon=True)
        self._thread.start()

    # -- asking

    def now(self, ask: Callable[[Sum], T]) -> T:
        """What ``ask`` finds in a sum that has everything that was durable when this was called."""
        self._catch_up()
        with self._change:
            return ask(self._sum)

    @property
    def entries(self) -> int:
        """How many entries the sum has."""
        with self._change:
            return self._sum.entries

    def lately(self, ask: Callable[[Sum], T]) -> T:
        """What ``ask`` finds in the sum as it is; something durable may be missing yet."""
        with self._change:
            self._check()
            return ask(self._sum)

    def wait(self, condition: Callable[[Sum], bool], timeout: float) -> bool:
        """True as soon as the condition holds; false after ``timeout`` seconds, or when closed."""
        with self._change:
            self._check()
            self._change.wait_for(lambda: self._closed or self._failure or condition(self._sum), timeout)
            return not self._closed and condition(self._sum)

    def passed(self, entry: object, offset: int) -> bool:
        """Whether the sum has what was at that offset of the entry's topic."""
        with self._change:
            return offset < (self._sum.ledger_next if isinstance(entry, Recorded) else self._sum.journal_next)

    def awaited(self, id: str) -> Future[Outcome]:
        """What will have become of the entry of that id, which is about to be written."""
        future: Future[Outcome] = Future()
        with self._change:
            self._awaited[id] = future
        return future

    def unawaited(self, id: str) -> None:
        """Nobody waits for that entry any more."""
        with self._change:
            self._awaited.pop(id, None)

    def epochs(self, after: int) -> list[Epoch]:
        """The epochs beyond ``after``, in order, from the topic where they are no longer in memory."""
        mark, recent, stop = self.now(
            lambda total: (total.ledger.before(max(after, 0) + 1), list(total.ledger.recent), total.ledger_next)
        )
        if not recent or recent[0].id <= after + 1 or mark is None:
            return [epoch for epoch in recent if epoch.id > after]
        return [epoch for epoch in self._counted(mark.offset, stop) if epoch.id > after]

    def _older(self, mark: Mark, stop: int) -> list[Epoch]:
        """The epochs from a mark to the next, or to the ledger's end."""
        return self._counted(mark.offset, self.lately(lambda total: total.ledger.following(mark, stop)))

    def _counted(self, start: int, stop: int) -> list[Epoch]:
        """The epochs of a part of the ledger's topic that begins with one that counts."""
        entries = map(self._entry, self._ledger.until(start, stop))
        return counted(entry for entry in entries if isinstance(entry, Recorded))

    def epoch(self, id: int) -> Epoch | None:
        """The epoch of that id."""
        mark, held, stop = self.now(
            lambda total: (total.ledger.before(id), total.ledger.in_memory(id), total.ledger_next)
        )
        if held is not None or mark is None:
            return held
        return next((epoch for epoch in self._older(mark, stop) if epoch.id == id), None)

    def epoch_at(self, time: datetime) -> Epoch | None:
        """The newest epoch whose time is not after ``time``."""
        at = as_utc(time)
        mark, recent, stop = self.now(
            lambda total: (total.ledger.by(microseconds(at)), list(total.ledger.recent), total.ledger_next)
        )
        if recent and recent[0].time <= at:
            return recent[bisect_right(recent, at, key=lambda epoch: epoch.time) - 1]
        if mark is None:
            return None
        return [epoch for epoch in self._older(mark, stop) if epoch.time <= at][-1]

    def snapshots(self) -> list[Found]:
        """The snapshots there are, the one to begin from last."""
        for last in (False, False, False, False, True):
            try:
                records = self._snapshots.until(*self._snapshots.bounds())
            except LogError as error:
                if error.code != "HR-517" or last:  # they were deleted meanwhile, as there are newer ones
                    raise
                continue
            for record in records:
                self._check_format(record)
            try:
                return snapshots.found(records)
            except (KeyError, ValueError) as error:
                raise self._broker.foreign(
                    f"{self._topics.snapshots} has a record that is of no snapshot: {error!r}."
                ) from error
        return []

    # -- ending

    def close(self) -> None:
        with self._change:
            self._closed = True
            self._change.notify_all()
        self._thread.join()
        self._disconnect()

    def _disconnect(self) -> None:
        for fetcher in (self._journal, self._ledger, self._snapshots):
            fetcher.close()
        self._reader.close()

    # -- following

    def _begin(self) -> None:
        """Take the newest snapshot, and read on from there."""
        found = self.snapshots()
        total = found[-1].total() if found else Sum()
        if total.journal_next < (first := self._journal.bounds()[0]):
            raise self._broker.shortened(f"Entries {total.journal_next} to {first} of {self._topics.journal}")
        with self._change:
            self._sum = total
            self.snapshot_entries = found[-1].entries if found else 0
            self._change.notify_all()
        self._read_on()

    def _read_on(self) -> None:
        """Read what comes after the sum."""
        journal, ledger = self._sum.journal_next, self._sum.ledger_next
        places = whole(self._topics.journal, journal) + whole(self._topics.ledger, ledger)
        self._broker.ask(lambda: self._reader.assign(places))

    def _recover(self) -> None:
        """Go on once the broker answers. The client may be beyond entries that were not added."""
        if self._sum.journal_next < self._journal.bounds()[0]:
            self._begin()
        else:
            self._read_on()  # from the sum as it is: who waits for an entry that a snapshot has would not hear of it

    def _catch_up(self) -> None:
        with self._change:
            self._check()
        journal, ledger = self._journal.bounds()[1], self._ledger.bounds()[1]
        deadline = time.monotonic() + self._settings.seconds
        with self._change:
            self._change.wait_for(
                lambda: self._closed or self._failure or self._has(journal, ledger), deadline - time.monotonic()
            )
            self._check()
            if not self._has(journal, ledger):
                raise self._broker.silent("Reading the journal")

    def _has(self, journal: int, ledger: int) -> bool:
        return self._sum.journal_next >= journal and self._sum.ledger_next >= ledger

    def _check(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._closed:
            raise self._broker.closed()

    def _follow(self) -> None:
        """Add what arrives. What heals by itself is waited for; after any other failure nothing is added any more."""
        lost, pause = False, FIRST_PAUSE
        while not self._closed:
            try:
                if lost:
                    self._recover()
                    lost = False
                if records := available(self._reader, 0.2):
                    self._take(records)
                    pause = FIRST_PAUSE
            except LogError as failure:
                if failure.code != "HR-515":
                    self._fail(failure)
                    return
                if not lost:
                    log_.warning("the journal is waited for", log=self._settings.name, why=failure.what)
                self._rest(pause)
                lost, pause = True, min(2 * pause, LONGEST_PAUSE)
            except Exception as error:  # noqa: BLE001  # the thread must not end in silence
                self._fail(self._broker.damaged(f"The journal cannot be read: {error!r}."))
                return

    def _rest(self, seconds: float) -> None:
        """Wait; less when closed."""
        with self._change:
            self._change.wait_for(lambda: self._closed, seconds)

    def _take(self, records: list[Message]) -> None:
        for record in records:
            if (error := record.error()) is None:
                continue
            if meaning(error) is Meaning.GONE:
                self._begin()  # we are so far behind that the entries are in a snapshot only
                return
            if not passing(error):
                raise self._broker.explained(error, "Reading the journal")
        done: list[tuple[Future[Outcome], Outcome]] = []
        with self._change:
            for record in records:
                if record.error() is None:
                    done += self._add(record)
            self._change.notify_all()
        for future, outcome in done:
            future.set_result(outcome)

    def _add(self, record: Message) -> list[tuple[Future[Outcome], Outcome]]:
        entry, offset = self._entry(record), record.offset()
        assert offset is not None
        outcome: Outcome
        if isinstance(entry, Recorded):
            outcome = self._sum.ledger.add(entry, offset)
            self._sum.ledger_next = offset + 1
        else:
            outcome = self._sum.state.add(entry)
            self._sum.journal_next = offset + 1
        future = self._awaited.pop(entry.id, None)
        return [] if future is None else [(future, outcome)]

    def _entry(self, record: Message) -> Entry:
        self._check_format(record)
        try:
            return decode(record.value() or b"")
        except Exception as error:
            what = f"Record {record.offset()} of {record.topic()} is not an entry that can be read: {error!r}."
            raise self._broker.damaged(what) from error

    def _check_format(self, record: Message) -> None:
        format = headers(record).get("headrace")
        if format is None:
            raise self._broker.foreign(f"Record {record.offset()} of {record.topic()} is none of a log of Headrace.")
        if format != FORMAT:
            raise self._broker.other_format(format)

    def _fail(self, failure: LogError) -> None:
        with self._change:
            self._failure = failure
            awaited, self._awaited = self._awaited, {}
            self._change.notify_all()
        for future in awaited.values():
            future.set_exception(failure)
