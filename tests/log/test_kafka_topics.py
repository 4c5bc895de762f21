"""Topics are asked for anew while a broker starts, or does not know them yet. Its client is a stand-in: no broker can be told to be that late."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, TypeVar

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import ConfigResource
from confluent_kafka.cimpl import NewTopic

from headrace.errors import LogError
from headrace.log.kafka import KafkaSettings, examine
from headrace.log.kafka.broker import Broker
from headrace.log.kafka.topics import Topics

Item = TypeVar("Item")

SETTINGS = KafkaSettings("127.0.0.1:9", "log", patience=timedelta(seconds=0.5))
LATE = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.LEADER_NOT_AVAILABLE)
STARTING = (KafkaError.INVALID_REPLICATION_FACTOR, KafkaError.NOT_CONTROLLER)


@dataclass
class Admin:
    """The client of a broker that has topics. Of each request the last part fails with the next of the errors, until there is none."""

    errors: list[int] = field(default_factory=list)
    there: dict[str, dict[str, str]] = field(default_factory=dict)
    cuts: list[tuple[str, int]] = field(default_factory=list)

    def create_topics(self, new: Sequence[NewTopic], **_: float) -> dict[NewTopic, Future[Any]]:
        return self._answers(new, self._create)

    def delete_topics(self, topics: Sequence[str], **_: float) -> dict[str, Future[Any]]:
        return self._answers(topics, self._delete)

    def delete_records(self, cuts: Sequence[TopicPartition], **_: float) -> dict[TopicPartition, Future[Any]]:
        return self._answers(cuts, lambda cut: self.cuts.append((cut.topic, cut.offset)))

    def describe_configs(self, resources: Sequence[ConfigResource], **_: float) -> dict[ConfigResource, Future[Any]]:
        return self._answers(
            resources, lambda one: {key: SimpleNamespace(value=value) for key, value in self.there[one.name].items()}
        )

    def list_topics(self, **_: float) -> object:
        topics = {topic: SimpleNamespace(partitions={0: None}) for topic in self.there}
        return SimpleNamespace(topics=topics, brokers={1: None})

    def poll(self, _: float) -> int:
        return 0

    def _create(self, new: NewTopic) -> None:
        if new.topic in self.there:
            raise KafkaException(KafkaError(KafkaError.TOPIC_ALREADY_EXISTS))
        self.there[new.topic] = {"cleanup.policy": "compact", "retention.ms": "-1", "retention.bytes": "-1"}

    def _delete(self, topic: str) -> None:
        if topic not in self.there:
            raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
        del self.there[topic]

    def _answers(self, items: Sequence[Item], act: Callable[[Item], object]) -> dict[Item, Future[Any]]:
        answers: dict[Item, Future[Any]] = {item: Future() for item in items}
        for item, answer in answers.items():
            try:
                if self.errors and item is items[-1]:
                    raise KafkaException(KafkaError(self.errors.pop(0)))
                answer.set_result(act(item))
            except KafkaException as error:
                answer.set_exception(error)
        return answers


def topics_of(admin: Admin) -> Topics:
    topics = Topics(SETTINGS, Broker(SETTINGS))
    topics._admin = admin
    return topics


def test_topics_are_published_in_though_their_settings_are_known_late() -> None:
    admin = Admin()
    topics = topics_of(admin)
    topics.make_published(["counts"])
    admin.errors += LATE
    assert topics.make_published(["counts"]) == {"log.models.counts": 1, "log.published": 1}
    assert admin.errors == []


def test_topics_are_made_though_the_broker_just_starts() -> None:
    admin = Admin([*STARTING, *LATE])
    topics_of(admin).make()
    assert admin.errors == []
    assert sorted(admin.there) == ["log.journal", "log.ledger", "log.snapshots"]


def test_more_copies_than_brokers_are_told_as_such_in_the_end() -> None:
    with pytest.raises(LogError, match="INVALID_REPLICATION_FACTOR") as caught:
        topics_of(Admin([KafkaError.INVALID_REPLICATION_FACTOR] * 1000)).make()
    assert caught.value.code == "HR-518"


def test_topics_are_deleted_though_some_went_when_it_was_asked_before() -> None:
    admin = Admin()
    topics = topics_of(admin)
    topics.make()
    admin.errors += STARTING
    topics.delete()
    assert (admin.there, admin.errors) == ({}, [])


def test_records_are_deleted_though_their_leader_moves() -> None:
    admin = Admin([KafkaError.NOT_LEADER_FOR_PARTITION])
    topics_of(admin).forget_records({("log.rows.s", 0): 5})
    assert (admin.cuts, admin.errors) == ([("log.rows.s", 5)], [])


def test_a_log_is_examined_though_its_settings_are_known_late(monkeypatch: pytest.MonkeyPatch) -> None:
    admin = Admin()
    topics_of(admin).make()
    admin.errors += LATE
    monkeypatch.setattr(Broker, "made", lambda *_: admin)
    assert examine(SETTINGS) == "1 broker, 3 topics of this log"
    assert admin.errors == []
