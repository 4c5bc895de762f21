"""Writes rows, and the entries that make them count.

First the rows, each batch a record of its stream's topic. Once the broker has acknowledged them, the entry: one record of
the journal, which names theirs. It is whole or it is not there, so an append is too, over however many streams. Rows
whose entry never comes are of no append; they leave the topic with those around them.

Appends that wait while others are on their way are written together, so that they share the two round trips. What
becomes of each is not decided here: it is read back from the journal, in which others' entries may have come first.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from headrace.errors import LogError
from headrace.log.draft import Block, Draft
from headrace.log.kafka.broker import Broker
from headrace.log.kafka.entries import (
    HEADERS,
    Appended,
    BlockPlaced,
    Columns,
    Entry,
    Headers,
    Placed,
    Recorded,
    Trimmed,
    Voided,
    encode,
)
from headrace.log.kafka.follower import Follower
from headrace.log.kafka.settings import KafkaSettings
from headrace.log.kafka.state import GRACE, Outcome, columns_name
from headrace.log.kafka.topics import MESSAGE_BYTES, Topics
from headrace.log.refusals import NOTHING_KEPT

GROUP_BYTES = 32 * 1024 * 1024
"""Rows written together at most (a larger single append apart)."""

FLIGHT_BYTES = 16 * 1024 * 1024
"""Rows on their way at once at most (a larger single record apart): patience is for the broker, not for those that queue."""

LONGEST = timedelta(microseconds=GRACE) / 2
"""How long the rows of one append may take: later, they may be deleted before the entry that names them is there."""


@dataclass
class _Sending:
    """A record on its way: where it arrived, or why it did not."""

    fatal: list[KafkaError]
    size: int = 0
    offset: int | None = None
    error: KafkaError | None = None

    @property
    def ended(self) -> bool:
        return self.offset is not None or self.error is not None

    def delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            self.offset = message.offset()
        else:
            self.failed(error)

    def failed(self, error: KafkaError) -> None:
        self.error = error
        if error.fatal():
            self.fatal.append(error)


@dataclass(frozen=True)
class _Append:
    draft: Draft
    doing: str
    outcome: Future[Outcome] = field(default_factory=Future)


GLANCE_SECONDS = 0.25
"""How long an outcome is waited for before it is looked whether it can still come."""

_AGAIN: dict[type, str] = {
    Appended: "Append again with the same idempotency key, which is safe in either case.",
    Recorded: "Once the broker answers, last_epoch() says whether it was recorded.",
    Trimmed: "Trim again once the broker answers.",
}


@contextmanager
def _answering(request: _Append) -> Iterator[None]:
    """What fails inside is the answer to this request, and to no other."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  # whatever it is, it is for the caller to hear
        request.outcome.set_exception(error)


class Committer:
    """Commits appends, in a thread of its own; other entries in their callers'."""

    def __init__(
        self, settings: KafkaSettings, broker: Broker, topics: Topics, follower: Follower, clock: Callable[[], int]
    ) -> None:
        self._settings = settings
        self._broker = broker
        self._topics = topics
        self._follower = follower
        self._clock = clock
        self._fatal: list[KafkaError] = []
        self._unsettled: list[Appended] = []
        self._settling = threading.Lock()
        self._producer = self._connect()
        self._turn = count()
        self._waiting: deque[_Append] = deque()
        self._arrival = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name="headrace-log-committer", daemon=True)
        self._thread.start()

    def append(self, draft: Draft, doing: str) -> Outcome:
        """Write a draft; returns what became of it once that is durable."""
        request = _Append(draft, doing)
        with self._arrival:
            if self._closed:
                raise self._broker.closed()
            self._waiting.append(request)
            self._arrival.notify()
        return request.outcome.result()

    def enter(self, entry: Entry, doing: str) -> Outcome:
        """Write an entry that names no rows; returns what became of it."""
        with self._arrival:
            if self._closed:
                raise self._broker.closed()
        future, sending = self._entered(entry)
        self._flush()
        return self._became(entry, future, sending, doing, time.monotonic() + self._settings.seconds)

    def send(self, topic: str, records: Sequence[tuple[bytes, Headers]]) -> list[int]:
        """Write records to a topic's only partition; returns their offsets."""
        sendings = [self._send(topic, 0, value, headers) for value, headers in records]
        self._flush()
        offsets = []
        for sending in sendings:
            if sending.offset is None:
                raise self._undelivered(sending, f"Writing to {topic}")
            offsets.append(sending.offset)
        return offsets

    def settle(self) -> None:
        """Have it decided what became of appends that ended uncertain: by notes that they are void, as after any other.

        From then on what the log says of them is final.
        """
        with self._settling:
            left = list(self._unsettled)
            if not left:
                return
            voids = [self._void(entry) for entry in left]
            self._flush()
            deadline = time.monotonic() + self._settings.seconds
            for entry, (future, sending, id) in zip(left, voids, strict=True):
                try:
                    if sending.offset is None:
                        raise self._undelivered(sending, "Settling an append")
                    self._read_back(entry, future, sending.offset, "Settling an append", deadline)
                finally:
                    self._follower.unawaited(id)
                self._unsettled.remove(entry)

    def close(self) -> None:
        """Finish what was begun."""
        with self._arrival:
            self._closed = True
            self._arrival.notify()
        self._thread.join()
        self._producer.flush(self._settings.seconds)

    def _connect(self) -> Producer:
        patience = round(self._settings.seconds * 1000)
        settings = {
            "enable.idempotence": True,  # and so acks=all, and the order kept over retries
            "linger.ms": 0,
            "message.max.bytes": MESSAGE_BYTES,
            "delivery.timeout.ms": patience,
            "request.timeout.ms": min(patience, 10_000),
            "retry.backoff.ms": 50,
        }
        return self._broker.made(Producer, settings)

    def _serve(self) -> None:
        while group := self._gather():
            try:
                self._commit(group)
            except Exception as error:  # noqa: BLE001  # whatever it is, it is for the callers to hear
                for request in group:
                    if not request.outcome.done():
                        request.outcome.set_exception(error)

    def _gather(self) -> list[_Append]:
        """What is to be written together next; nothing when closed and all is done."""
        with self._arrival:
            self._arrival.wait_for(lambda: self._waiting or self._closed)
            group: list[_Append] = []
            size = 0
            while self._waiting and (not group or size + self._waiting[0].draft.size <= GROUP_BYTES):
                group.append(self._waiting.popleft())
                size += group[-1].draft.size
            return group

    def _commit(self, group: list[_Append]) -> None:
        started = time.monotonic()
        writing = []
        flight: list[_Sending] = []
        for request in group:
            with _answering(request):
                if not self._answered(request):
                    writing.append((request, self._rows(request, flight)))
        self._flush()
        entering = []
        for request, batches in writing:
            with _answering(request):
                entry = self._entry(request, batches, started)
                entering.append((request, entry, *self._entered(entry)))
        self._flush()
        voids = {entry.id: self._void(entry) for _, entry, _, sending in entering if sending.offset is None}
        if voids:
            self._flush()
        deadline = time.monotonic() + self._settings.seconds
        for request, entry, future, sending in entering:
            with _answering(request):
                request.outcome.set_result(
                    self._became(entry, future, sending, request.doing, deadline, voids.get(entry.id))
                )

    def _answered(self, request: _Append) -> bool:
        """True if the append need not be written: its key is known already, or its columns are refused."""
        draft = request.draft
        known = self._follower.lately(lambda total: total.state.known(draft.source, draft.key))
        if known is not None:
            request.outcome.set_result(known)
            return True
        why = self._follower.lately(lambda total: total.state.refuses([(b.stream, b.schema) for b in draft.blocks]))
        if why is not None:
            request.outcome.set_exception(why)
        return why is not None

    def _rows(self, request: _Append, flight: list[_Sending]) -> list[tuple[Block, list[tuple[int, _Sending]]]]:
        """Send the rows of an append, after those in flight."""
        sent = []
        for block in request.draft.blocks:
            partitions = self._topics.partitions(block.stream) if block.batches else 1
            topic = self._topics.rows(block.stream)
            records = []
            for batch in block.batches:
                partition = next(self._turn) % partitions
                self._make_room(batch.blob.size, flight)
                flight.append(self._send(topic, partition, batch.blob.to_pybytes(), HEADERS))
                records.append((partition, flight[-1]))
            sent.append((block, records))
        return sent

    def _entry(
        self, request: _Append, sent: list[tuple[Block, list[tuple[int, _Sending]]]], started: float
    ) -> Appended:
        """The entry of an append whose rows have arrived; raises if one has not."""
        if time.monotonic() - started > LONGEST.total_seconds():
            raise self._broker.too_slow(request.doing, LONGEST)
        blocks = []
        known = self._follower.lately(lambda total: set(total.state.schemas))
        for block, records in sent:
            batches = []
            for (partition, sending), batch in zip(records, block.batches, strict=True):
                if sending.offset is None:
                    raise self._undelivered(sending, request.doing)
                batches.append(Placed(partition, sending.offset, batch.rows, batch.blob.size, batch.crc))
            name = columns_name(block.schema)
            columns = Columns(name, None if name in known else block.schema)
            blocks.append(BlockPlaced(block.stream, columns, batches))
        draft = request.draft
        return Appended(uuid.uuid4().hex, self._clock(), draft.source, draft.position, draft.key, blocks)

    def _entered(self, entry: Entry) -> tuple[Future[Outcome], _Sending]:
        topic = self._topics.ledger if isinstance(entry, Recorded) else self._topics.journal
        future = self._follower.awaited(entry.id)
        return future, self._send(topic, 0, encode(entry), HEADERS)

    def _became(
        self,
        entry: Entry,
        future: Future[Outcome],
        sending: _Sending,
        doing: str,
        deadline: float,
        void: tuple[Future[Outcome], _Sending, str] | None = None,
    ) -> Outcome:
        """What became of an entry: what the journal, read back, says.

        An entry that was not acknowledged may be in the journal all the same. Whichever comes first there, it or the note that it is void,
        is what everybody goes by.
        """
        try:
            if sending.offset is not None:
                outcome = self._read_back(entry, future, sending.offset, doing, deadline)
            else:
                cause = self._undelivered(sending, doing)
                if void is None or void[1].offset is None:
                    if isinstance(entry, Appended):
                        self._unsettled.append(entry)
                    raise self._broker.uncertain(doing, cause, _AGAIN[type(entry)])
                self._read_back(entry, void[0], void[1].offset, doing, deadline)
                if not future.done():
                    raise cause
                outcome = future.result()
        finally:
            self._follower.unawaited(entry.id)
            if void is not None:
                self._follower.unawaited(void[2])
        if isinstance(outcome, LogError):
            raise outcome
        return outcome

    def _read_back(self, entry: Entry, future: Future[Outcome], offset: int, doing: str, deadline: float) -> Outcome:
        """Wait for what the journal says of a record of ours that is at that offset."""
        while True:
            passed = self._follower.passed(entry, offset)
            try:
                return future.result(GLANCE_SECONDS)
            except Late:
                # Passed, and nothing heard: we were so far behind that we began again from a snapshot, which has it.
                if passed or time.monotonic() > deadline:
                    raise self._broker.uncertain(doing, self._broker.silent(doing), _AGAIN[type(entry)]) from None

    def _void(self, entry: Entry) -> tuple[Future[Outcome], _Sending, str]:
        """Note that an append must not count, should its entry come after the note."""
        void = Voided(uuid.uuid4().hex, entry.id)
        return (*self._entered(void), void.id)

    def _undelivered(self, sending: _Sending, doing: str) -> LogError:
        if sending.error is None:
            return self._broker.silent(doing, NOTHING_KEPT)
        return self._broker.explained(sending.error, doing, NOTHING_KEPT)

    def _send(self, topic: str, partition: int, value: bytes, headers: Headers) -> _Sending:
        sending = _Sending(self._fatal, len(value))
        while True:
            try:
                self._producer.produce(
                    topic, value, partition=partition, headers=headers, on_delivery=sending.delivered
                )
            except BufferError:  # the client's queue is full: let some of it go
                self._producer.poll(0.1)
            except KafkaException as error:
                sending.failed(error.args[0])
                return sending
            else:
                return sending

    def _make_room(self, size: int, flight: list[_Sending]) -> None:
        """Wait until so many bytes may join those on their way, each of which arrives or fails within our patience."""
        while flight and size + sum(one.size for one in flight) > FLIGHT_BYTES:
            self._producer.poll(0.1)
            flight[:] = [one for one in flight if not one.ended]

    def _flush(self) -> None:
        """Wait until each record sent has arrived or failed: the client gives up after our patience."""
        self._producer.flush(self._settings.seconds + 5)
        if self._fatal:  # the client can no longer tell what arrived in which order; a new one begins anew
            self._fatal.clear()
            self._producer = self._connect()
