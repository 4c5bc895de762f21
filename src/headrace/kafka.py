"""What the errors of a Kafka client mean, for the log and for sources alike. Needs the extra ``kafka``."""

from __future__ import annotations

import re
from enum import Enum, auto

from confluent_kafka import KafkaError


class Meaning(Enum):
    """What is to be made of an error."""

    SILENT = auto()
    """The broker does not answer, or has not got what it takes to."""
    MOVING = auto()
    """A topic is being made, or its leader moves; or there is no such topic."""
    FORBIDDEN = auto()
    """Who we are is not known, or may not do that."""
    TOO_LARGE = auto()
    """A record is larger than the broker or the topic takes."""
    GONE = auto()
    """The records asked for are no longer there, or not yet."""
    DISK = auto()
    """The broker cannot write."""
    OTHER = auto()
    """Anything else."""


_MEANINGS = {
    KafkaError._TRANSPORT: Meaning.SILENT,
    KafkaError._ALL_BROKERS_DOWN: Meaning.SILENT,
    KafkaError._TIMED_OUT: Meaning.SILENT,
    KafkaError._MSG_TIMED_OUT: Meaning.SILENT,
    KafkaError._TIMED_OUT_QUEUE: Meaning.SILENT,
    KafkaError._RESOLVE: Meaning.SILENT,
    KafkaError._WAIT_COORD: Meaning.SILENT,
    KafkaError._DESTROY_BROKER: Meaning.SILENT,
    KafkaError.REQUEST_TIMED_OUT: Meaning.SILENT,
    KafkaError.BROKER_NOT_AVAILABLE: Meaning.SILENT,
    KafkaError.NOT_ENOUGH_REPLICAS: Meaning.SILENT,
    KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND: Meaning.SILENT,
    KafkaError.NETWORK_EXCEPTION: Meaning.SILENT,
    KafkaError.LEADER_NOT_AVAILABLE: Meaning.MOVING,
    KafkaError.NOT_LEADER_FOR_PARTITION: Meaning.MOVING,
    KafkaError.UNKNOWN_TOPIC_OR_PART: Meaning.MOVING,
    KafkaError._UNKNOWN_TOPIC: Meaning.MOVING,
    KafkaError._UNKNOWN_PARTITION: Meaning.MOVING,
    KafkaError._AUTHENTICATION: Meaning.FORBIDDEN,
    KafkaError._SSL: Meaning.FORBIDDEN,
    KafkaError.SASL_AUTHENTICATION_FAILED: Meaning.FORBIDDEN,
    KafkaError.TOPIC_AUTHORIZATION_FAILED: Meaning.FORBIDDEN,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: Meaning.FORBIDDEN,
    KafkaError.GROUP_AUTHORIZATION_FAILED: Meaning.FORBIDDEN,
    KafkaError.MSG_SIZE_TOO_LARGE: Meaning.TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE: Meaning.TOO_LARGE,
    KafkaError.OFFSET_OUT_OF_RANGE: Meaning.GONE,
    KafkaError._AUTO_OFFSET_RESET: Meaning.GONE,
    KafkaError.KAFKA_STORAGE_ERROR: Meaning.DISK,
}


def meaning(error: KafkaError) -> Meaning:
    """What to make of an error."""
    return _MEANINGS.get(error.code(), Meaning.OTHER)


def setting(error: KafkaError) -> str:
    """The name of the setting that a client does not like; empty if it names none. Its value may be a secret."""
    named = re.search(r'propert(?:y|ies)[: ]+[`"]?([\w.]+)', error.str())
    return named[1] if named else ""


def telling(known: KafkaError | None, error: KafkaError) -> KafkaError:
    """Which of a client's complaints to keep: that no broker is left follows from each failure, and would hide why."""
    return error if known is None or error.code() != KafkaError._ALL_BROKERS_DOWN else known


def passing(error: KafkaError) -> bool:
    """True for what the client mends by itself: it reconnects, and looks for the leader again."""
    return error.retriable() or meaning(error) in (Meaning.SILENT, Meaning.MOVING)
