"""The log's topics.

``NAME.journal``       one partition; each record is one commit (``entries``)
``NAME.ledger``        one partition; the epochs
``NAME.snapshots``     one partition; the journal's state, written down from time to time
``NAME.rows.STREAM``   Arrow IPC batches, which count once an entry of the journal names them
``NAME.models.MODEL``  compacted; the model's rows as JSON, by key, for serving nodes and other applications
``NAME.published``     one partition, compacted; up to where in the models' topics each epoch goes

None expires by time or size: rows leave when they are trimmed, entries of the journal when a snapshot has them. Of a compacted topic
the broker drops what a later record of the same key replaces, once that is older than ``COMPACTION_LAG``.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from datetime import timedelta
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource  # type: ignore[attr-defined]
from confluent_kafka.cimpl import NewTopic

from headrace.log.kafka.broker import Broker
from headrace.log.kafka.settings import KafkaSettings

T = TypeVar("T")

MESSAGE_BYTES = 64 * 1024 * 1024
"""The largest record that a topic of ours takes: a batch is cut at 4 MiB, but one row may be longer."""

COMPACTION_LAG = timedelta(hours=1)
"""So long a record of a compacted topic stays although a later one replaces it."""

TOMBSTONE_LIFE = timedelta(days=1)
"""So long the record that says that a key is gone stays, once the topic is compacted."""

_NAME_LENGTH = 249  # Kafka's limit


class Topics:
    """Names, makes and shortens the topics of one log."""

    def __init__(self, settings: KafkaSettings, broker: Broker) -> None:
        self.journal = f"{settings.name}.journal"
        self.ledger = f"{settings.name}.ledger"
        self.snapshots = f"{settings.name}.snapshots"
        self.published = f"{settings.name}.published"
        self._settings = settings
        self._broker = broker
        self._admin = broker.made(AdminClient, {})
        self._known: dict[str, int] = {}

    def rows(self, stream: str) -> str:
        """The topic of a stream. What a topic's name cannot hold is written as its code: ``é`` is ``_e9_``."""
        return self._spelled("rows", stream)

    def model(self, model: str) -> str:
        """The topic of a model's rows."""
        return self._spelled("models", model)

    def _spelled(self, kind: str, name: str) -> str:
        spelled = re.sub("[^a-zA-Z0-9-]", lambda found: f"_{ord(found[0]):x}_", name)
        topic = f"{self._settings.name}.{kind}.{spelled}"
        if len(topic) <= _NAME_LENGTH:
            return topic
        digest = hashlib.sha256(name.encode()).hexdigest()[:32]
        return f"{topic[: _NAME_LENGTH - 33]}-{digest}"

    def make(self) -> None:
        """Make the topics that the log itself needs, where they are not there."""
        self._make(dict.fromkeys((self.journal, self.ledger, self.snapshots), 1))

    def make_published(self, models: Iterable[str]) -> dict[str, int]:
        """Make the topics that models are published in, where they are not there; partitions by topic.

        Raises:
            LogError: HR-517, one that is there is not compacted.
        """
        wanted = {self.model(model): self._settings.partitions for model in models} | {self.published: 1}
        self._make(wanted, compacted=True)
        for topic, said in self._ask(lambda: described(self._admin, wanted, self._settings.seconds)).items():
            policy = said["cleanup.policy"].value
            if policy != "compact":
                raise self._broker.let_go(topic, "cleanup.policy", policy)
        return {topic: self._known[topic] for topic in wanted}

    def delete_published(self, models: Iterable[str]) -> None:
        """Delete the topics of models that are no more."""
        there = self._listed()
        self._delete([topic for topic in map(self.model, models) if topic in there])

    def partitions(self, stream: str) -> int:
        """How many partitions the stream's topic has; it is made if it is not there."""
        topic = self.rows(stream)
        if topic not in self._known:
            self._make({topic: self._settings.partitions})
        return self._known[topic]

    def forget_records(self, ends: Mapping[tuple[str, int], int]) -> None:
        """Delete the records below an offset, by topic and partition."""
        if not ends:
            return
        cuts = [TopicPartition(topic, partition, offset) for (topic, partition), offset in ends.items()]
        self._ask(lambda: _done(self._admin.delete_records(cuts, request_timeout=self._settings.seconds)))

    def owns(self, topic: str) -> bool:
        """Whether a topic is of this log."""
        named = (self.journal, self.ledger, self.snapshots, self.published)
        kinds = (f"{self._settings.name}.rows.", f"{self._settings.name}.models.")
        # What follows has no dot, as the topics have of a log whose name begins like that.
        return topic in named or any(topic.startswith(kind) and "." not in topic[len(kind) :] for kind in kinds)

    def delete(self) -> None:
        """Delete every topic of the log."""
        self._delete([topic for topic in self._listed() if self.owns(topic)])

    def _delete(self, topics: list[str]) -> None:
        def delete() -> None:
            # Those that are gone already went when it was asked before, or another process deleted them.
            asked = self._admin.delete_topics(topics, request_timeout=self._settings.seconds)
            _done(asked, but=KafkaError.UNKNOWN_TOPIC_OR_PART)

        if topics:
            self._ask(delete)

    def _make(self, wanted: Mapping[str, int], *, compacted: bool = False) -> None:
        there = self._listed()
        new = [self._new(topic, n, compacted=compacted) for topic, n in wanted.items() if topic not in there]

        def create() -> None:
            # Those that are there already were made when it was asked before, or another process made them first.
            asked = self._admin.create_topics(new, request_timeout=self._settings.seconds)
            _done(asked, but=KafkaError.TOPIC_ALREADY_EXISTS)

        if new:
            self._ask(create)
            there = self._await_listed([topic.topic for topic in new])
        # A topic that another process made has as many as its maker said.
        self._known |= {topic: len(there[topic].partitions) for topic in wanted}

    def _listed(self) -> Mapping[str, Any]:
        return self._ask(lambda: self._admin.list_topics(timeout=self._settings.seconds)).topics

    def _await_listed(self, topics: Sequence[str]) -> Mapping[str, Any]:
        """Every topic, these with the partitions that they were just made with."""
        deadline = time.monotonic() + self._settings.seconds
        while True:
            there = self._listed()
            if all(topic in there and there[topic].partitions for topic in topics):
                return there
            if time.monotonic() > deadline:
                raise self._broker.silent(f"Making {', '.join(topics)}")
            time.sleep(0.02)

    def _ask(self, call: Callable[[], T]) -> T:
        return self._broker.ask(call, lambda: self._admin.poll(0))

    def _new(self, topic: str, partitions: int, *, compacted: bool) -> NewTopic:
        copies = self._settings.replicas
        config = {
            "cleanup.policy": "delete",
            "retention.ms": "-1",
            "retention.bytes": "-1",
            "max.message.bytes": str(MESSAGE_BYTES),
            "min.insync.replicas": str(min(2, copies)),
            "message.timestamp.type": "LogAppendTime",  # the age of a snapshot, by one clock
        }
        if compacted:
            config |= {
                "cleanup.policy": "compact",
                "min.compaction.lag.ms": str(COMPACTION_LAG // timedelta(milliseconds=1)),
                "delete.retention.ms": str(TOMBSTONE_LIFE // timedelta(milliseconds=1)),
                "segment.ms": str(COMPACTION_LAG // timedelta(milliseconds=1)),
            }
        if copies == 1:
            config["flush.messages"] = "1"  # no second copy: what is acknowledged has to be on the disk
        return NewTopic(topic, partitions, copies, config=config)


def whole(topic: str, offset: int) -> list[TopicPartition]:
    """The only partition of a topic, from an offset on."""
    return [TopicPartition(topic, 0, offset)]


def described(admin: AdminClient, topics: Iterable[str], seconds: float) -> dict[str, Mapping[str, Any]]:
    """The settings of topics, by topic and name."""
    resources = [ConfigResource(ConfigResource.Type.TOPIC, topic) for topic in topics]
    asked = admin.describe_configs(resources, request_timeout=seconds)
    return {resource.name: said.result() for resource, said in asked.items()}


def _done(asked: Mapping[Any, Future[Any]], *, but: int | None = None) -> None:
    """Await all that was asked; an error of the code ``but`` is none."""
    for one in asked.values():
        try:
            one.result()
        except KafkaException as error:
            if error.args[0].code() != but:
                raise
