"""Records by their offsets."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from confluent_kafka import Consumer, Message, TopicPartition

from headrace.kafka import passing
from headrace.log.kafka.broker import Broker
from headrace.log.kafka.settings import KafkaSettings

MANY = 1000
"""Records taken from the client at a time."""


def consumer(broker: Broker, more: Mapping[str, object] | None = None) -> Consumer:
    """A consumer that belongs to no group and stores no offsets: what to read is for its caller to say."""
    return broker.made(
        Consumer,
        {
            "group.id": "headrace",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "check.crcs": True,
            "isolation.level": "read_uncommitted",  # nothing of ours is in a transaction
            "fetch.error.backoff.ms": 50,
            "queued.max.messages.kbytes": 32 * 1024,
            **(more or {}),
        },
    )


class Fetcher:
    """Reads one topic; one call at a time."""

    def __init__(self, topic: str, settings: KafkaSettings, broker: Broker) -> None:
        self._topic = topic
        self._settings = settings
        self._broker = broker
        # Between calls nothing is assigned. A fetch still on its way from the call before holds up the next for so long.
        self._consumer = consumer(broker, {"fetch.wait.max.ms": 5})
        self._turn = threading.Lock()

    def records(self, wanted: Mapping[int, Sequence[int]]) -> dict[tuple[int, int], Message]:
        """The records of those offsets, by partition.

        Raises:
            LogError: the broker does not answer (HR-515), or no longer has them (HR-517).
        """
        left = {partition: set(offsets) for partition, offsets in wanted.items() if offsets}
        found: dict[tuple[int, int], Message] = {}
        with self._turn, self._reading({partition: min(offsets) for partition, offsets in left.items()}) as arriving:
            while any(left.values()):
                message = next(arriving)
                partition, offset = _place(message)
                missing = left[partition]
                if offset in missing:
                    found[partition, offset] = message
                    missing.discard(offset)
                if missing and min(missing) < offset:
                    raise self._broker.shortened(f"Record {min(missing)} of {self._topic}, partition {partition},")
        return found

    def until(self, start: int, stop: int) -> list[Message]:
        """What is there of ``[start, stop)`` in the topic's only partition; all of it is durable."""
        found: list[Message] = []
        if start >= stop:
            return found
        with self._turn, self._reading({0: start}) as arriving:
            offset = start - 1
            while offset < stop - 1:
                message = next(arriving)
                _, offset = _place(message)
                if offset < stop:
                    found.append(message)
        return found

    def bounds(self) -> tuple[int, int]:
        """The first offset of the topic's only partition, and the one after its last."""
        place = TopicPartition(self._topic, 0)
        found = self._broker.ask(
            lambda: self._consumer.get_watermark_offsets(place, timeout=self._settings.seconds, cached=False),
            self._serve,
        )
        if found is None:
            raise self._broker.silent(f"Asking for the end of {self._topic}")
        return found

    def close(self) -> None:
        with self._turn:
            self._consumer.close()

    def _serve(self) -> None:
        """Let the client tell what it has to complain of. While somebody reads it does so anyway, and a message would be theirs."""
        if self._turn.acquire(blocking=False):
            try:
                self._consumer.poll(0)
            finally:
                self._turn.release()

    @contextmanager
    def _reading(self, starts: Mapping[int, int]) -> Iterator[Iterator[Message]]:
        """The messages of these partitions from there on, as they arrive."""
        places = [TopicPartition(self._topic, partition, start) for partition, start in starts.items()]
        self._broker.ask(lambda: self._consumer.assign(places))
        try:
            yield self._arriving()
        finally:
            self._consumer.unassign()

    def _arriving(self) -> Iterator[Message]:
        """Messages as they arrive; raises when none does for the whole of our patience."""
        deadline = time.monotonic() + self._settings.seconds
        while time.monotonic() < deadline:
            for message in available(self._consumer, 0.2):
                if (error := message.error()) is None:
                    deadline = time.monotonic() + self._settings.seconds
                    yield message
                elif not passing(error):
                    raise self._broker.explained(error, f"Reading {self._topic}")
        raise self._broker.silent(f"Reading {self._topic}")


def available(reader: Consumer, timeout: float) -> list[Message]:
    """What the client has, as soon as it has something."""
    first = reader.poll(timeout)
    return [] if first is None else [first, *reader.consume(MANY, 0)]


def headers(message: Message) -> dict[str, bytes]:
    """A record's headers."""
    said = message.headers() or []
    assert isinstance(said, list)  # the client's types also have what producers may give
    return {name: value for name, value in said if isinstance(value, bytes)}


def _place(message: Message) -> tuple[int, int]:
    partition, offset = message.partition(), message.offset()
    assert partition is not None
    assert offset is not None
    return partition, offset
