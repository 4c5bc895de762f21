"""Models published on the broker that has the log: opened for writing by the node that keeps them, for reading by those that serve."""

from __future__ import annotations

from collections.abc import Iterable

from headrace.log.kafka.broker import Broker
from headrace.log.kafka.published import Published
from headrace.log.kafka.publisher import Publisher
from headrace.log.kafka.settings import KafkaSettings
from headrace.log.kafka.topics import Topics
from headrace.log.protocol import Clock


def open_publisher(settings: KafkaSettings, *, clock: Clock) -> Publisher:
    """Publish the models of that log.

    Raises:
        LogError: HR-515, the broker does not answer; HR-516, it refuses us.
    """
    broker = Broker(settings)
    with broker.placed():
        return Publisher(settings, broker, Topics(settings, broker), clock)


def open_published(settings: KafkaSettings, models: Iterable[str], *, clock: Clock) -> Published:
    """Read the published models of that log.

    Raises:
        LogError: HR-515, the broker does not answer; HR-516, it refuses us; HR-521, nothing has been published.
    """
    broker = Broker(settings)
    with broker.placed():
        return Published(settings, broker, Topics(settings, broker), models, clock)
