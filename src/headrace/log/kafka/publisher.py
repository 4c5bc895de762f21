"""Writes what is published of models: their records, then the marker that makes them count.

A record says what is, not what changed, so to write one again changes nothing. An epoch whose publishing broke off is published again
from whatever was left of it: by what differs from what the topics have.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from headrace.log.kafka.broker import Broker
from headrace.log.kafka.markers import BUILD_KEY, MARKER_KEY, RECEIPTS_KEY, Build, Marker
from headrace.log.kafka.published import Published
from headrace.log.kafka.settings import KafkaSettings
from headrace.log.kafka.topics import MESSAGE_BYTES, Topics
from headrace.log.protocol import Clock

_AT_ONCE = 50_000
"""Records handed to the client before it is asked what became of them."""


@dataclass(frozen=True)
class Standing:
    """What was found of earlier publishing.

    Attributes:
        marker: the newest; None: nothing has been published yet.
        build: what was published is made by that.
        whole: nothing is beyond the marker, and nothing of it is missing.
    """

    marker: Marker | None
    build: Build | None
    whole: bool


class Publisher:
    """Publishes the models of one log. One thread at a time, and one process: the node that keeps the models."""

    def __init__(self, settings: KafkaSettings, broker: Broker, topics: Topics, clock: Clock) -> None:
        self._settings = settings
        self._broker = broker
        self._topics = topics
        self._clock = clock
        self._producer = self._connect()
        self._ends: dict[str, list[int]] = {}
        self._failed: list[KafkaError] = []
        self._unknown = 0
        self._given_up = threading.Event()

    def begin(self, models: Sequence[str]) -> Standing:
        """Make the topics of these models, see what they have, and delete those of models that are no more."""
        with self._broker.placed():
            partitions = self._topics.make_published(models)
            reader = Published(self._settings, self._broker, self._topics, models, self._clock)
            try:
                marker = reader.last_marker(self._settings.seconds)
                standing = reader.standing()
            finally:
                reader.close()
            self._ends = {
                model: list(standing.get(model, (0,) * partitions[self._topics.model(model)])) for model in models
            }
            if reader.build is not None:
                self._topics.delete_published(reader.build.versions.keys() - set(models))
            whole = marker is not None and dict(marker.ends) == standing
            return Standing(marker, reader.build, whole)

    def everything(self, model: str) -> pa.Table:
        """Every record of a model's topic, whether a marker claims it or not; see ``published.RECORDS``."""
        with self._broker.placed():
            reader = Published(self._settings, self._broker, self._topics, [model], self._clock)
            try:
                return reader.everything(self._settings.seconds)
            finally:
                reader.close()

    def put(self, model: str, keys: pa.ChunkedArray, values: pa.ChunkedArray) -> None:
        """Write records; without a value one says that its key is gone. They count from the next :meth:`mark` on."""
        topic = self._topics.model(model)
        for batch in pa.table({"key": keys, "value": values}).to_batches(max_chunksize=10_000):
            for key, value in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                self._send(topic, key.encode(), None if value is None else value.encode(), model)
            if self._unknown >= _AT_ONCE:
                self._settle()

    def mark(self, marker: Marker) -> None:
        """All that was put is of this epoch, whose ``ends`` are filled in here. Durable when it returns.

        Raises:
            LogError: HR-515, …; then nothing counts that was put since the last mark, and it has to be put again.
        """
        self._settle()
        ends = {model: tuple(offsets) for model, offsets in self._ends.items()}
        self._say(MARKER_KEY, replace(marker, ends=ends).encode())

    def build(self, build: Build) -> None:
        """What is published from now on is made by that."""
        self._say(BUILD_KEY, build.encode())

    def receipts(self, said: bytes) -> None:
        """The newest proofs."""
        self._say(RECEIPTS_KEY, said)

    def give_up(self) -> None:
        """Whoever waits for the broker in another thread is told at once that it is silent. What was put and not marked does not count."""
        self._given_up.set()
        self._producer.purge()

    def close(self) -> None:
        self._producer.flush(self._patience)

    # -- inside

    @property
    def _patience(self) -> float:
        """How long to wait for records, in seconds: the client gives up earlier."""
        return 0 if self._given_up.is_set() else self._settings.seconds + 5

    def _connect(self) -> Producer:
        settings = {
            "enable.idempotence": True,  # and so acks=all, and the order kept over retries
            "linger.ms": 5,
            "compression.type": "lz4",
            "partitioner": "murmur2_random",  # as Kafka's own clients choose it
            "message.max.bytes": MESSAGE_BYTES,
            "queue.buffering.max.messages": 2 * _AT_ONCE,
            "delivery.timeout.ms": round(self._settings.seconds * 1000),
            "request.timeout.ms": min(round(self._settings.seconds * 1000), 10_000),
            "retry.backoff.ms": 50,
        }
        return self._broker.made(Producer, settings)

    def _say(self, key: bytes, value: bytes) -> None:
        self._send(self._topics.published, key, value, None)
        self._settle()

    def _send(self, topic: str, key: bytes, value: bytes | None, model: str | None) -> None:
        def delivered(error: KafkaError | None, message: Message) -> None:
            self._unknown -= 1
            if error is not None:
                self._failed.append(error)
            elif model is not None:
                partition, offset = message.partition(), message.offset()
                assert partition is not None
                assert offset is not None
                ends = self._ends[model]
                ends[partition] = max(ends[partition], offset + 1)

        self._unknown += 1
        while True:
            try:
                self._producer.produce(topic, value, key, on_delivery=delivered)
            except BufferError:  # the client's queue is full: let some of it go
                self._producer.poll(0.1)
            except KafkaException as error:
                self._unknown -= 1
                self._failed.append(error.args[0])
                return
            else:
                return

    def _settle(self) -> None:
        """Wait until each record sent has arrived or failed."""
        self._producer.flush(self._patience)
        failed, self._failed = self._failed, []
        left, self._unknown = self._unknown, 0
        if not failed and not left:
            return
        self._producer.purge()
        self._producer = self._connect()  # one that lost the count of its records does not go on
        with self._broker.placed():
            told = bool(failed) and not self._given_up.is_set()
            raise self._broker.explained(failed[0], "Publishing") if told else self._broker.silent("Publishing")
