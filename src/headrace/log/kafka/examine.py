"""Whether a broker would do, before a node depends on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from confluent_kafka.admin import AdminClient

from headrace.errors import LogError
from headrace.log.kafka.broker import Broker
from headrace.log.kafka.settings import KafkaSettings
from headrace.log.kafka.topics import Topics, described

PATIENCE = timedelta(seconds=10)


def examine(settings: KafkaSettings) -> str:
    """What there is, in a few words. Changes nothing.

    Raises:
        LogError: the broker does not answer (HR-515) or refuses us (HR-516); there are fewer brokers than copies wanted (HR-520);
            topics of the log are set to let go of what they hold (HR-517).
    """
    settings = replace(settings, patience=min(settings.patience, PATIENCE))
    broker = Broker(settings)
    admin = broker.made(AdminClient, {})
    found = broker.ask(lambda: admin.list_topics(timeout=settings.seconds), lambda: admin.poll(0))
    brokers = len(found.brokers)
    if brokers < settings.replicas:
        raise LogError(
            f"{settings.replicas} copies of each topic are wanted, and there are {brokers} brokers.",
            code="HR-520",
            where=broker.where,
            state="Nothing was changed.",
            fix="Lower `replicas` of the target's log, or add brokers.",
        )
    own = [topic for topic in found.topics if Topics(settings, broker).owns(topic)]
    for topic in own:
        _check_kept(admin, broker, topic, settings.seconds)
    several = "1 broker" if brokers == 1 else f"{brokers} brokers"
    return f"{several}, {f'{len(own)} topics of this log' if own else 'no topic of this log yet'}"


def _check_kept(admin: AdminClient, broker: Broker, topic: str, seconds: float) -> None:
    said = broker.ask(lambda: described(admin, [topic], seconds), lambda: admin.poll(0))[topic]
    for name in ("retention.ms", "retention.bytes"):
        if said[name].value != "-1":
            raise broker.let_go(topic, name, said[name].value)
