"""A small project whose log is on Kafka, whose history is on S3, and whose catalog is in PostgreSQL."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from headrace.log.kafka import KafkaSettings, delete_kafka
from headrace.security import Principal
from services import minio, nessie, postgres
from tests.services import KAFKA, forget_lake, need_kafka, need_s3, path

LOCAL = Principal("local", admin=True)
MODEL = "SELECT k, count(*) AS n, sum(id) AS total, max(id) AS newest FROM ev GROUP BY k"


@dataclass(frozen=True)
class Services:
    """Where they are.

    Attributes:
        rest: of a catalog behind Iceberg's REST interface, in place of the database.
    """

    kafka: str = KAFKA
    s3_port: int = minio.PORT
    postgres_port: int = postgres.PORT
    rest: str | None = None

    def target(self, name: str) -> dict[str, object]:
        """As a project declares them."""
        database = {
            "host": "127.0.0.1",
            "port": self.postgres_port,
            "database": postgres.DATABASE,
            "user": postgres.USER,
            "password": {"file": str(path("postgres"))},
        }
        rest = {"uri": self.rest, "client": {"warehouse": nessie.WAREHOUSE}}
        return {
            "log": {"kind": "kafka", "servers": self.kafka, "name": name},
            "lake": {
                "kind": "s3",
                "name": name,
                "warehouse": f"s3://{minio.BUCKET}/{name}",
                "endpoint": f"http://127.0.0.1:{self.s3_port}",
                "key": minio.KEY,
                "secret": {"file": str(path("s3"))},
                "catalog": {"rest": rest} if self.rest else {"postgres": database},
            },
        }


@contextmanager
def on_cluster(services: Services | None = None) -> Iterator[tuple[str, dict[str, object]]]:
    """A name for a log and a lake, and the target with them; with the services of everybody nothing is left at the end."""
    need_kafka()
    need_s3()
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield name, (services or Services()).target(name)
    if services is None:
        delete_kafka(KafkaSettings(KAFKA, name))
        forget_lake(name)


def project(folder: Path, target: dict[str, object], **settings: object) -> Path:
    """Counts what is appended to a file."""
    for inside in ("sources", "models", "data"):
        (folder / inside).mkdir(parents=True)
    said = {"name": "shop", "targets": {"cluster": target}, **settings}
    (folder / "headrace.yaml").write_text(yaml.safe_dump(said))
    (folder / "sources" / "ev.yaml").write_text(
        "kind: file\npath: data/*.ndjson\nformat: ndjson\nschema: {id: BIGINT, k: VARCHAR}\n"
    )
    (folder / "models" / "by_k.sql").write_text(MODEL)
    return folder


def write(folder: Path, ids: range) -> None:
    with (folder / "data" / "ev.ndjson").open("a") as file:
        file.writelines(json.dumps({"id": n, "k": f"k{n % 3}"}) + "\n" for n in ids)


def expected(count: int) -> dict[str, tuple[int, int, int]]:
    return {f"k{k}": (len(ids), sum(ids), max(ids)) for k in range(3) if (ids := range(k, count, 3))}
