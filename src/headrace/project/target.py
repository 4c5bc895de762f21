"""Where a project runs: on this machine alone, or on services that it names."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from headrace.project.declared import Count, Declared, Flag, Text, refused
from headrace.project.secret import ClientSettings, Secret


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
    publish: Flag = Field(
        default=True,
        description="Each epoch's changes of the models go to compacted topics, for serving nodes and other applications.",
    )
    client: ClientSettings = Field(
        default={}, description="Further settings of the client by librdkafka's names; a secret is a reference."
    )

    @model_validator(mode="after")
    def _no_name_of_ours(self) -> KafkaLog:
        if self.name is not None and self.name.endswith((".rows", ".models")):
            raise refused(
                f"topics of a log called {self.name!r} could be those of another's streams or models",
                "choose a name that does not end in `.rows` or `.models`",
                at="name",
            )
        return self


Port = Annotated[Count, Field(ge=1, le=65535)]


class PostgresCatalog(Declared):
    """A catalog in PostgreSQL, in the tables that pyiceberg's SQL catalog and Spark's JDBC catalog share."""

    host: Text = Field(description="Where the server is.")
    port: Port = Field(default=5432, description="Its port.")
    database: Text = Field(description="The database; the tables are made in it.")
    user: Text = Field(description="Who connects.")
    password: Secret = Field(description="A reference to the password.")
    client: ClientSettings = Field(
        default={}, description="Further settings of the connection by libpq's names, such as `sslmode`."
    )


class RestCatalog(Declared):
    """A catalog behind Iceberg's REST interface."""

    uri: Text = Field(description="Where it answers, as `https://host/api/catalog`.")
    client: ClientSettings = Field(
        default={},
        description="Further settings by pyiceberg's names, such as `warehouse` and `credential`; a secret is a reference.",
    )


class Catalog(Declared):
    """Where the lake's tables are listed: one of the two."""

    postgres: PostgresCatalog | None = Field(default=None, description="In a database.")
    rest: RestCatalog | None = Field(default=None, description="Behind Iceberg's REST interface.")

    @model_validator(mode="after")
    def _one(self) -> Catalog:
        if (self.postgres is None) == (self.rest is None):
            raise refused("a lake has one catalog", "write `postgres: {…}` or `rest: {…}`")
        return self


class S3Lake(Declared):
    """History, on S3."""

    kind: Literal["s3"] = Field(description="The lake's files are on S3, Amazon's or another server that speaks it.")
    warehouse: Annotated[str, StringConstraints(pattern=r"^s3://[a-z0-9][a-z0-9.-]+(/[a-zA-Z0-9_.=-]+)*$")] = Field(
        description="Below which the tables are: `s3://bucket/prefix`. The bucket has to be there."
    )
    endpoint: Annotated[str, StringConstraints(pattern=r"^https?://[^/]+$")] | None = Field(
        default=None, description="The server, as `http://host:port`. Default: Amazon's."
    )
    region: Text = Field(default="us-east-1", description="The bucket's region.")
    path_style: Flag = Field(
        default=True, description="The bucket stands in the path, as MinIO has it, and not in the host's name."
    )
    key: Text = Field(description="The access key.")
    secret: Secret = Field(description="A reference to the secret key.")
    catalog: Catalog = Field(description="Where the tables are listed.")
    name: Annotated[str, StringConstraints(pattern="^[a-zA-Z0-9_-]{1,100}$")] | None = Field(
        default=None,
        description="The catalog's name, which tells lakes in one database apart. Default: the project's name.",
    )


class SparkCluster(Declared):
    """What keeps the models: Spark, with their state in Iceberg tables beside the lake's. Answers come from a copy in the node."""

    kind: Literal["spark"] = Field(description="Models are kept by Spark.")
    master: Text = Field(
        description="Spark's master: `spark://host:port`, or `local[2]` for two threads of the node's own."
    )
    client: ClientSettings = Field(
        default={}, description="Further settings of the session by Spark's names, such as `spark.executor.memory`."
    )


class Target(Declared):
    """Services in place of what a project has on its own."""

    log: KafkaLog | None = Field(default=None, description="The log. Default: SQLite in the data directory.")
    lake: S3Lake | None = Field(default=None, description="History. Default: files in the data directory.")
    engine: SparkCluster | None = Field(
        default=None,
        description="What keeps the models. Default: DuckDB in the node. Spark needs a `lake` of the target.",
    )

    @model_validator(mode="after")
    def _state_somewhere(self) -> Target:
        if self.engine is not None and self.lake is None:
            raise refused(
                "Spark keeps the models' state beside the lake, and this target has none",
                "write a `lake` too",
                at="engine",
            )
        return self
