"""A source of a Kafka topic: all of its partitions, each from where it was left.

What others write is read as it was committed; where to go on is kept with the rows, and never with the broker. Needs the extra ``kafka``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from headrace.errors import Place, SourceError
from headrace.ingest.chunk import Chunk
from headrace.ingest.shape import Shape
from headrace.ingest.values import Decode, Record
from headrace.kafka import Meaning, meaning, passing, setting, telling
from headrace.project import KafkaSource
from headrace.project.secret import resolved

log_ = structlog.get_logger("headrace.ingest")

PATIENCE = 30.0
"""Seconds for which a topic that has to be read to its end may not answer."""
ASK_SECONDS = 5.0
LOOK_SECONDS = 30.0
"""How often it is looked whether the topic has more partitions."""
POLL_SECONDS = 0.05


class TopicReader:
    """Reads a topic on from ``position``: JSON, for each partition the offset of the next record.

    While the broker cannot be reached, ``poll`` gives nothing, and tries again: ``caught_up`` is false then. Where the topic has to be
    read to its end, that is an error after ``PATIENCE`` seconds.

    Args:
        hurry: whether somebody waits for the topic's end.
        clock: monotonic seconds.
        decode: what makes rows of records.

    Raises:
        SourceError: the position is none of ours, or a secret is not there. ``poll`` raises it when records that were not read are
            gone, the topic is shorter than what was read of it, or the broker refuses us.
    """

    def __init__(
        self,
        source: KafkaSource,
        shape: Shape,
        position: str | None,
        *,
        hurry: bool,
        clock: Callable[[], float],
        decode: Decode,
    ) -> None:
        self.columns: Mapping[str, str] = shape.columns
        self.changelog = source.changes
        self.bounded = source.bounded
        self._source = source
        self._decode = decode
        self._topic_id, self._next = _left(position, source)
        self._hurry = hurry or source.bounded
        self._clock = clock
        self._stops: dict[int, int] = {}
        self._at_end: set[int] = set()
        self._look_at = clock()
        self._silent_since: float | None = None
        self._heard: KafkaError | None = None
        self._consumer, self._admin = self._connected()

    @property
    def done(self) -> bool:
        """The end that a bounded source had when it was opened was reached."""
        return self.bounded and self._begun and self._at_end >= self._stops.keys()

    @property
    def caught_up(self) -> bool:
        """All that was there a moment ago has been given."""
        return self._begun and self._silent_since is None and self._at_end >= self._stops.keys()

    def poll(self, max_rows: int) -> Chunk | None:
        if self.done or not self._look():
            return None
        before = dict(self._next)
        records = list(self._records(max_rows))
        if records:
            return self._decode(records).chunk(self._source.name, self._position())
        # Past the marks of transactions, which are no records: else they would be missed once the topic has let go of them.
        return Chunk(None, None, self._position(), 0, 0) if self._next != before else None

    def close(self) -> None:
        self._consumer.close()

    def _position(self) -> str:
        return json.dumps({"topic": self._topic_id, "partitions": {str(p): o for p, o in self._next.items()}})

    # -- the topic

    @property
    def _begun(self) -> bool:
        return bool(self._stops)

    def _look(self) -> bool:
        """Find the partitions, now and then again; false while the broker cannot be reached."""
        now = self._clock()
        if now < self._look_at:
            return self._begun
        with self._reaching() as reached:
            topic = self._consumer.list_topics(self._source.topic, timeout=ASK_SECONDS).topics[self._source.topic]
            if topic.error is not None:
                raise KafkaException(topic.error)
            if not self._begun:
                self._know(self._asked_id())
            new = [partition for partition in sorted(topic.partitions) if partition not in self._stops]
            begin = {partition: self._begin(partition) for partition in new}
            if begin:
                self._stops |= {partition: stop for partition, (_, stop) in begin.items()}
                self._next |= {partition: start for partition, (start, _) in begin.items()}
                self._assign()
        self._look_at = now + (LOOK_SECONDS if reached else 1.0)
        return self._begun

    def _asked_id(self) -> str:
        """What the broker knows the topic by, whatever it is called."""
        asked = self._admin.describe_topics(TopicCollection([self._source.topic]), request_timeout=ASK_SECONDS)
        return str(asked[self._source.topic].result().topic_id)

    def _know(self, topic_id: str) -> None:
        if self._topic_id and self._topic_id != topic_id:
            raise self._other(f"it was made anew ({self._topic_id} before, {topic_id} now)")
        self._topic_id = topic_id

    def _begin(self, partition: int) -> tuple[int, int]:
        """Where to read on in a partition, and where it ends now."""
        place = TopicPartition(self._source.topic, partition)
        found = self._consumer.get_watermark_offsets(place, timeout=ASK_SECONDS, cached=False)
        if found is None:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        low, high = found
        start = self._next.get(partition, low)
        if start < low:
            raise self._gone(
                f"partition {partition} begins at offset {low}, and was read up to {start}: {low - start} records"
            )
        if start > high:
            raise self._other(f"partition {partition} ends at offset {high}, and was read up to {start}")
        if start == high:
            self._at_end.add(partition)
        return start, high

    def _assign(self) -> None:
        self._consumer.assign(
            [TopicPartition(self._source.topic, p, o) for p, o in self._next.items() if p in self._stops]
        )

    def _records(self, most: int) -> Iterator[Record]:
        left = most
        wait = POLL_SECONDS
        while left > 0 and not self.done:
            message = self._consumer.poll(wait)
            if message is None:
                self._answered()
                return
            wait = 0.0
            if (error := message.error()) is not None:
                self._meet(error, message)
                continue
            partition, offset = message.partition(), message.offset()
            assert partition is not None
            assert offset is not None
            if self.bounded and offset >= self._stops[partition]:
                self._at_end.add(partition)
                continue
            self._at_end.discard(partition)
            self._next[partition] = offset + 1
            self._silent_since = None
            left -= 1
            yield Record(f"{self._source.topic}/{partition}:{offset}", _bytes(message.key()), _bytes(message.value()))

    def _meet(self, error: KafkaError, message: Message) -> None:
        """What the client says in place of a record."""
        partition = message.partition()
        if error.code() == KafkaError._PARTITION_EOF:
            assert partition is not None
            self._next[partition] = max(self._next[partition], message.offset() or 0)
            self._at_end.add(partition)
            self._silent_since = None
        elif meaning(error) is Meaning.GONE:
            raise self._gone(f"of partition {partition} the records from offset {self._next.get(partition or 0)} on")
        elif passing(error):
            self._waits(error)
        else:
            raise self._refused(error)

    # -- a broker that does not answer

    @contextmanager
    def _reaching(self) -> Iterator[list[bool]]:
        """Note that the broker does not answer, where what is done inside fails for that; true in the list if it did."""
        reached: list[bool] = []
        try:
            yield reached
        except KafkaException as error:
            self._consumer.poll(0)  # it may know more
            heard = self._heard
            if heard is not None and meaning(heard) is Meaning.FORBIDDEN:
                raise self._refused(heard) from error
            if not passing(error.args[0]):
                raise self._refused(error.args[0]) from error
            self._waits(error.args[0])
        else:
            reached.append(True)
            self._silent_since = None

    def _answered(self) -> None:
        """Nothing came: either there is nothing, or nobody answers."""
        if self._heard is not None:
            self._waits(self._heard)
            self._heard = None

    def _waits(self, error: KafkaError) -> None:
        now = self._clock()
        self._look_at = min(self._look_at, now + 1.0)
        if self._silent_since is None:
            self._silent_since = now
            log_.warning("source waits", source=self._source.name, topic=self._source.topic, why=error.str())
        elif self._hurry and now - self._silent_since > PATIENCE:
            raise SourceError(
                f"Topic {self._source.topic} of source {self._source.name} cannot be read: no answer from Kafka at "
                f"{self._source.servers} for {PATIENCE:g} seconds ({error.str()})",
                code="HR-416",
                where=Place(self._source.file),
                state="what was read before is kept, with the place to go on",
                fix="see that the broker runs and that the topic exists, and correct `servers` or `topic`; then start again",
            )

    def _connected(self) -> tuple[Consumer, AdminClient]:
        """Clients; what they do not like of their settings is told without the values, one of which may be a secret."""
        try:
            return Consumer(self._settings()), AdminClient(self._given())
        except KafkaException as error:
            named = setting(error.args[0])
            raise SourceError(
                f"The client settings of source {self._source.name} are refused{f': see {named}' if named else ''}",
                code="HR-416",
                where=Place(self._source.file),
                state="nothing was read",
                fix="correct it under `client`, by librdkafka's names and values",
            ) from None

    def _complains(self, error: KafkaError) -> None:
        self._heard = telling(self._heard, error)

    # -- errors that do not heal

    def _gone(self, what: str) -> SourceError:
        return SourceError(
            f"Topic {self._source.topic} of source {self._source.name} no longer has what was not read yet: {what}",
            code="HR-417",
            where=Place(self._source.file),
            state="what was read before is kept; nothing was read since, so that no gap is passed over in silence",
            fix="restore the records; or, to go on without them, give the source a new name, which is read from what is there; "
            "lengthen the topic's retention beyond what a stop of this node may take",
        )

    def _other(self, what: str) -> SourceError:
        return SourceError(
            f"Topic {self._source.topic} of source {self._source.name} is not the one that was read before: {what}",
            code="HR-405",
            where=Place(self._source.file),
            state="what was read before is kept; nothing was read since, so nothing is counted twice or left out",
            fix="if the topic was made anew, give the source a new name, or use a new data directory",
        )

    def _refused(self, error: KafkaError) -> SourceError:
        return SourceError(
            f"Topic {self._source.topic} of source {self._source.name} cannot be read: Kafka at {self._source.servers} says: {error.str()}",
            code="HR-416",
            where=Place(self._source.file),
            state="what was read before is kept, with the place to go on",
            fix="correct `client`, or give its user the right to read the topic",
        )

    def _given(self) -> dict[str, Any]:
        return {
            "bootstrap.servers": self._source.servers,
            "client.id": "headrace",
            "log_level": 0,  # what is said there is said in errors
            "reconnect.backoff.max.ms": 2000,
            **resolved(self._source.client, self._source.file),
        }

    def _settings(self) -> dict[str, Any]:
        return {
            **self._given(),
            "group.id": f"headrace-{self._source.name}",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "isolation.level": "read_committed",
            "check.crcs": True,
            "enable.partition.eof": True,
            "queued.max.messages.kbytes": 64 * 1024,
            "error_cb": self._complains,
        }


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value


def _left(position: str | None, source: KafkaSource) -> tuple[str, dict[int, int]]:
    """The topic that was read, and where in each partition to go on."""
    if position is None:
        return "", {}
    try:
        said = json.loads(position)
        return str(said["topic"]), {int(partition): int(offset) for partition, offset in said["partitions"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"The stored position of source {source.name} is not one of a Kafka topic: {position[:80]}",
            code="HR-409",
            where=Place(source.file),
            state="nothing was read",
            fix="if the source was of another kind before, give it a new name, or use a new data directory",
        ) from error
