"""Where a lake is: in a folder of this machine, or on S3 with a catalog in PostgreSQL or behind Iceberg's REST interface."""

from __future__ import annotations

from dataclasses import dataclass, field

S3_CONNECT_SECONDS = 10.0
S3_REQUEST_SECONDS = 60.0


@dataclass(frozen=True)
class S3:
    """How to reach an S3 server.

    Attributes:
        endpoint: ``http://host:port`` or ``https://host``; ``None`` for Amazon's own.
        path_style: the bucket is in the path, as MinIO has it, not in the host's name.
    """

    key: str
    secret: str = field(repr=False)
    endpoint: str | None = None
    region: str = "us-east-1"
    path_style: bool = True


@dataclass(frozen=True)
class Postgres:
    """A catalog in the tables that pyiceberg's SQL catalog and Spark's JDBC catalog share.

    Attributes:
        options: further settings of the connection by libpq's names, such as ``sslmode``.
    """

    host: str
    database: str
    user: str
    password: str = field(repr=False)
    port: int = 5432
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Rest:
    """A catalog behind Iceberg's REST interface.

    Attributes:
        settings: of the client by pyiceberg's names, such as ``warehouse``, ``credential`` and ``token``.
    """

    uri: str
    settings: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class LakeElsewhere:
    """A lake on S3.

    Attributes:
        name: of the catalog; several lakes share a database under different names.
        warehouse: ``s3://bucket/prefix``, below which the tables are.
    """

    name: str
    warehouse: str
    s3: S3
    catalog: Postgres | Rest
