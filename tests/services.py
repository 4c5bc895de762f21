"""The real services that some tests need: without one they are skipped, in CI they fail."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))  # for processes that are no pytest

from services.kafka import service
from services.process import Service, is_open
from services.secret import path

from headrace.lake import S3, Postgres
from headrace.lake.s3 import filesystem
from services import minio, postgres
from tests.sampling import CI

S3_PORT, BUCKET = minio.PORT, f"s3://{minio.BUCKET}"
KAFKA = os.environ.get("HEADRACE_TEST_KAFKA", "127.0.0.1:19092")


def need_kafka() -> None:
    """Go on if there is a broker."""
    host, port = KAFKA.split(",")[0].rsplit(":", 1)
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((host, int(port))) != 0:
            missing_service(f"no Kafka at {KAFKA}: in a checkout, make cluster")


def need_s3() -> None:
    """Go on if there is an S3 server, and a database for catalogs."""
    for what, port in (("S3 server", minio.PORT), ("PostgreSQL", postgres.PORT)):
        if not is_open(port):
            missing_service(f"no {what} at 127.0.0.1:{port}: in a checkout, make cluster")


def s3() -> S3:
    """The server that `make cluster` starts."""
    return S3(minio.KEY, path("s3").read_text().strip(), f"http://127.0.0.1:{minio.PORT}")


def database() -> Postgres:
    """The database that `make cluster` starts."""
    password = path("postgres").read_text().strip()
    return Postgres("127.0.0.1", postgres.DATABASE, postgres.USER, password, postgres.PORT)


def forget_lake(name: str) -> None:
    """Nothing of the lake of that name is left."""
    filesystem(s3()).delete_dir_contents(f"{minio.BUCKET}/{name}", missing_dir_ok=True)
    there = database()
    with psycopg.connect(
        host=there.host, port=there.port, dbname=there.database, user=there.user, password=there.password
    ) as connection:
        for table in ("iceberg_tables", "iceberg_namespace_properties"):
            if connection.execute("SELECT to_regclass(%s)", [table]).fetchone() != (None,):
                connection.execute(f"DELETE FROM {table} WHERE catalog_name = %s", [name])


def missing_service(why: str) -> None:
    """Fail in CI; elsewhere skip, saying how to get it."""
    if CI:
        pytest.fail(why)
    pytest.skip(why)


def broker(folder: Path, guarded: int | None = None) -> Iterator[Service]:
    """A broker of the test's own in that folder, which it may kill: for a fixture.

    Args:
        guarded: a further port, on which it asks for a password.
    """
    need_kafka()
    own = service(port=19192, controller=19193, within=folder, guarded=guarded)
    own.up()
    yield own
    own.down(signal.SIGKILL)
