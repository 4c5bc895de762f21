"""Where a project runs: on this machine alone, or on services that it names."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from headrace.project.declared import Count, Declared, Text
from headrace.project.secret import ClientSettings


class KafkaLog(Declared):
    """The durable log, on Kafka."""

    kind: Literal["kafka"] = Field(description="The log is kept on Kafka.")
    servers: Text = Field(description="Where to begin: `host:port`, with commas between several.")
    name: Annotated[str, StringConstraints(pattern="^[a-zA-Z0-9._-]{1,100}$")] | None = Field(
        default=None, description="What the log's topics begin with. Default: the project's name."
    )
    partitions: Annotated[Count, Field(ge=1)] = Field(default=2, description="Of a source's topic, when it is made.")
    replicas: Annotated[Count, Field(ge=1)] = Field(
        default=1,
        description="Copies of every topic, when it is made. With one, each record is flushed to the broker's disk.",
    )
    client: ClientSettings = Field(
        default={}, description="Further settings of the client by librdkafka's names; a secret is a reference."
    )


class Target(Declared):
    """Services in place of what a project has on its own."""

    log: KafkaLog | None = Field(default=None, description="The log. Default: SQLite in the data directory.")
