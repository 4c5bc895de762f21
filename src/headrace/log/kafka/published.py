"""Reads what is published of models: their records, and the markers that say up to where an epoch goes.

Which records count is told by a marker alone. A compacted topic may have lost what a record beyond the marker replaced; so a marker is
only taken while nothing is beyond it, or while what is beyond cannot have been compacted yet.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa
from confluent_kafka import KafkaError, Message, TopicPartition

from headrace.errors import LogError
from headrace.kafka import passing
from headrace.log.kafka.broker import Broker
from headrace.log.kafka.fetch import available, consumer
from headrace.log.kafka.markers import BUILD_KEY, MARKER_KEY, RECEIPTS_KEY, Build, Marker
from headrace.log.kafka.settings import KafkaSettings
from headrace.log.kafka.topics import COMPACTION_LAG, TOMBSTONE_LIFE, Topics
from headrace.log.protocol import Clock
from headrace.log.refusals import stood_still

RECORDS = pa.schema({"key": pa.string(), "value": pa.string(), "number": pa.int64()})
"""Of a model: a record without a value says that its key is gone; of two with one key the one with the greater number counts."""

_CHUNK = 20_000
_LOOK_SECONDS = 60.0
"""After so long without a record it is seen whether there is one."""


@dataclass
class _Partition:
    """What was read of one partition and no marker has claimed yet."""

    next: int = 0
    offsets: list[int] = field(default_factory=list)
    keys: list[bytes] = field(default_factory=list)
    values: list[bytes | None] = field(default_factory=list)
    chunks: list[pa.Table] = field(default_factory=list)

    def add(self, offset: int, key: bytes, value: bytes | None) -> None:
        self.offsets.append(offset)
        self.keys.append(key)
        self.values.append(value)
        self.next = offset + 1
        if len(self.offsets) >= _CHUNK:
            self.pack()

    def pack(self) -> None:
        """Texts as Arrow has them take a fraction of the memory."""
        if self.offsets:
            columns = [pa.array(self.keys, pa.binary()), pa.array(self.values, pa.binary())]
            texts = [column.cast(pa.string()) for column in columns]
            self.chunks.append(pa.Table.from_arrays([*texts, pa.array(self.offsets, pa.int64())], schema=RECORDS))
            self.offsets, self.keys, self.values = [], [], []

    def upto(self, end: int) -> pa.Table:
        """Take out what is below that offset."""
        self.pack()
        all_ = pa.concat_tables(self.chunks) if self.chunks else RECORDS.empty_table()
        numbers = all_["number"]
        count = sum(pa.compute.sum(pa.compute.less(chunk, end)).as_py() or 0 for chunk in numbers.chunks)
        self.chunks = [all_.slice(count)] if count < all_.num_rows else []
        return all_.slice(0, count)


class Published:
    """Reads the published models of one log, from their beginning on. Not for several threads.

    Args:
        models: those to read.
    """

    def __init__(self, settings: KafkaSettings, broker: Broker, topics: Topics, models: Iterable[str], clock: Clock):
        self._settings = settings
        self._broker = broker
        self._topics = topics
        self._clock = clock
        self._models = {topics.model(model): model for model in models}
        self._reader = consumer(broker, {"enable.partition.eof": True, "fetch.wait.max.ms": 100})
        self._partitions: dict[tuple[str, int], _Partition] = {}
        self._markers: list[Marker] = []
        self._early: list[Message] = []
        self._in_touch = clock()
        self._looked = time.monotonic()
        self.where = broker.where
        self.build: Build | None = None
        """What the rows are made by, as last heard."""
        self.receipts: bytes = b"{}"
        """The newest proofs, as last heard."""
        self.taken = 0
        """How many records have been read."""
        self._until: int | None = None
        try:
            self._assign()
        except BaseException:
            self.close()
            raise

    def newest(self, timeout: float) -> Marker | None:
        """The newest marker up to which all has been read; None: in the given seconds there was none beyond the last.

        Markers before it are passed over; what they claimed is claimed by it.

        Raises:
            LogError: HR-515, HR-516, …; HR-523, this process stood still for so long that records are missing.
        """
        deadline = time.monotonic() + timeout
        while True:
            self._keep_in_touch()
            if self._caught_up() and (found := self._complete()) is not None and self._sure(self._markers[found]):
                marker = self._markers[found]
                del self._markers[: found + 1]
                return marker
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._take(self._available(min(left, 0.2)))

    def records(self, marker: Marker) -> dict[str, pa.Table]:
        """What changed up to a marker that :meth:`newest` gave, since the one before, by model; see ``RECORDS``."""
        found: dict[str, pa.Table] = {}
        for topic, model in self._models.items():
            parts = [self._partitions[topic, n].upto(end) for n, end in enumerate(marker.ends.get(model, ()))]
            rows = pa.concat_tables(parts) if parts else RECORDS.empty_table()
            if rows.num_rows:
                found[model] = rows
        return found

    def last_marker(self, timeout: float) -> Marker | None:
        """The newest marker there is, whatever has been read of its records.

        Raises:
            LogError: HR-515, they could not be read in the given seconds.
        """
        self._read(self._caught_up, timeout)
        return self._markers[-1] if self._markers else None

    def everything(self, timeout: float) -> pa.Table:
        """Every record that there is of all the models, whether a marker claims it or not.

        Raises:
            LogError: HR-515, none came for the given seconds.
        """
        ends = {place: end for place, end in self._ends().items() if place[0] in self._models}
        self._read(lambda: all(self._partitions[place].next >= end for place, end in ends.items()), timeout)
        parts = [self._partitions[place].upto(end) for place, end in ends.items()]
        return pa.concat_tables(parts) if parts else RECORDS.empty_table()

    def standing(self) -> dict[str, tuple[int, ...]]:
        """The offset after the last record of each model, by partition, as the broker has it now."""
        found: dict[str, list[int]] = defaultdict(list)
        for (topic, partition), end in self._ends().items():
            if topic in self._models:
                assert partition == len(found[self._models[topic]])
                found[self._models[topic]].append(end)
        return {model: tuple(ends) for model, ends in found.items()}

    def close(self) -> None:
        self._reader.close()

    # -- inside

    def _assign(self) -> None:
        """Read each topic that is there, from where we are in it."""
        there = self._broker.ask(lambda: self._reader.list_topics(timeout=self._settings.seconds)).topics
        wanted = [self._topics.published, *self._models]
        for topic in wanted:
            for partition in sorted(there[topic].partitions) if topic in there else ():
                self._partitions.setdefault((topic, partition), _Partition())
        if self._until is None and (self._topics.published, 0) in self._partitions:
            self._until = self._ends()[self._topics.published, 0]
        if self._partitions:
            places = [TopicPartition(*place, one.next) for place, one in self._partitions.items()]
            self._broker.ask(lambda: self._reader.assign(places))
            self._early.clear()  # which is read again
        self._missing = any(topic not in there for topic in wanted)  # now that those that are there are read

    def _keep_in_touch(self) -> None:
        """See from time to time whether we still hear everything, and whether topics are there that were not.

        Raises:
            LogError: HR-523, for so long that what left the models may be forgotten.
        """
        if self._clock() - self._in_touch > TOMBSTONE_LIFE / 2:
            raise stood_still(self.where, "what left the models meanwhile may be forgotten")
        if time.monotonic() - self._looked < (1.0 if self._missing else _LOOK_SECONDS):
            return
        if self._missing:
            self._assign()
        if all(self._partitions[place].next >= end for place, end in self._ends().items()):
            self._in_touch = self._clock()
        self._looked = time.monotonic()

    def _read(self, enough: Callable[[], bool], timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not enough():
            if taken := self._available(0.2):
                deadline = time.monotonic() + timeout
                self._take(taken)
            elif time.monotonic() > deadline:
                raise self._broker.silent("Reading the published models")

    def _ends(self) -> dict[tuple[str, int], int]:
        found = {}
        for topic, partition in self._partitions:
            place = TopicPartition(topic, partition)
            bounds = self._broker.ask(
                lambda place=place: self._reader.get_watermark_offsets(  # type: ignore[misc]
                    place, timeout=self._settings.seconds, cached=False
                ),
                self._serve,
            )
            if bounds is None:
                raise self._broker.silent(f"Asking for the end of {topic}")
            found[topic, partition] = bounds[1]
        return found

    def _caught_up(self) -> bool:
        """All markers have been heard that there were when we began."""
        published = self._partitions.get((self._topics.published, 0))
        return published is None or self._until is None or published.next >= self._until

    def _complete(self) -> int | None:
        """Which is the newest marker whose records have all been read."""
        found = (n for n in range(len(self._markers) - 1, -1, -1) if self._has(self._markers[n]))
        return next(found, None)

    def _has(self, marker: Marker) -> bool:
        return all(
            (there := self._partitions.get((topic, partition))) is not None and there.next >= end
            for topic, model in self._models.items()
            for partition, end in enumerate(marker.ends.get(model, ()))
        )

    def _sure(self, marker: Marker) -> bool:
        """No record below the marker's ends can have been compacted away."""
        if marker.written is not None and self._clock() - marker.written < COMPACTION_LAG / 2:
            return True
        standing = self.standing()
        return all(standing[model] == ends for model, ends in marker.ends.items() if model in standing)

    def _serve(self) -> None:
        """Let the client tell what it has to complain of; a message that it gives with that is kept."""
        if (message := self._reader.poll(0)) is not None:
            self._early.append(message)

    def _available(self, timeout: float) -> list[Message]:
        early, self._early = self._early, []
        return early or available(self._reader, timeout)

    def _take(self, messages: list[Message]) -> None:
        """Take all of them, and raise afterwards: the client does not give again what it has given."""
        failed: list[LogError] = []
        for message in messages:
            if (error := message.error()) is not None:
                failed += self._note(error, message)
                continue
            topic, partition, offset = message.topic(), message.partition(), message.offset()
            assert topic is not None and partition is not None and offset is not None  # noqa: PT018
            self._in_touch, self._looked = self._clock(), time.monotonic()
            self.taken += 1
            there = self._partitions[topic, partition]
            if topic == self._topics.published:
                there.next = offset + 1
                self._hear(message)
            else:
                there.add(offset, message.key() or b"", message.value())
        if failed:
            raise min(failed, key=lambda error: error.code == "HR-515")  # what does not heal by itself is told first

    def _note(self, error: KafkaError, message: Message) -> list[LogError]:
        """What is to be told of it: nothing, if the client mends it by itself."""
        if error.code() == KafkaError._PARTITION_EOF:
            topic, partition, offset = message.topic(), message.partition(), message.offset()
            assert topic is not None and partition is not None and offset is not None  # noqa: PT018
            there = self._partitions[topic, partition]
            there.next = max(there.next, offset)  # records before it may have been compacted away
            return []
        return [] if passing(error) else [self._broker.explained(error, "Reading the published models")]

    def _hear(self, message: Message) -> None:
        key, value = message.key(), message.value() or b""
        try:
            if key == MARKER_KEY:
                if not self._caught_up():
                    self._markers.clear()  # of those that there were when we began the last will do
                self._markers.append(Marker.decode(value, _written(message)))
            elif key == BUILD_KEY:
                self.build = Build.decode(value)
                self._markers.clear()  # what was published before is made by something else
            elif key == RECEIPTS_KEY:
                self.receipts = value
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._broker.foreign(
                f"Record {message.offset()} of {self._topics.published} is not what a node publishes: {error!r}."
            ) from error


def _written(message: Message) -> datetime | None:
    kind, milliseconds = message.timestamp()
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if kind and milliseconds > 0 else None
