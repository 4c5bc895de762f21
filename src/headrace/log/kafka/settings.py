"""Where the broker is, and how the log is laid out on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True)
class KafkaSettings:
    """How to reach a broker, and the names below which a log lives there.

    Attributes:
        servers: where to begin, ``host:port`` with commas between.
        name: what the log's topics begin with.
        client: further settings of the client, such as ``security.protocol`` and ``sasl.password``, by librdkafka's names.
        partitions: of a stream's topic, when it is made.
        replicas: copies of every topic, when it is made. With one, the broker is told to flush each record to its disk.
        patience: how long a call waits for the broker before it gives up.
        batch_bytes: Arrow bytes in one record at most (a longer single row apart).
        snapshot_entries: after how many entries the state is written down again.
        snapshot_age: how old a snapshot is, by the broker's clock, before the entries that it has are deleted: a process that
            stood still for longer begins again from it, and does not hear what became of its appends.
    """

    servers: str
    name: str
    client: Mapping[str, str] = field(default_factory=dict, repr=False)
    partitions: int = 2
    replicas: int = 1
    patience: timedelta = timedelta(seconds=30)
    batch_bytes: int = 4 * 1024 * 1024
    snapshot_entries: int = 10_000
    snapshot_age: timedelta = timedelta(minutes=5)

    @property
    def seconds(self) -> float:
        return self.patience.total_seconds()
