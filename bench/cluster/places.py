"""A cluster of the benchmark's own: Spark's master and workers, MinIO and PostgreSQL, all on this machine, all gone afterwards."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import yaml

from headrace.engine.spark.session import SparkPlace
from headrace.project import load
from headrace.runtime.services import spark_place, target_of

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
from services.process import Service
from services.secret import path

from services import minio, postgres, spark

S3, DATABASE, MASTER, WORKERS = 18930, 18931, 18932, (18933, 18934)
# As much for everybody. A worker has two gigabytes to give.
MEMORY = {"spark.driver.memory": "2g", "spark.executor.memory": "2g"}


@contextmanager
def started(folder: Path) -> Iterator[list[Service]]:
    """All but the workers, which are given: to be started when they are wanted."""
    # PostgreSQL may run as another user, who has to come through.
    folder.chmod(0o711)
    master, *workers = spark.services(folder, MASTER, WORKERS)
    others = [minio.service(S3, folder), postgres.service(DATABASE, folder), master]
    try:
        for service in others:
            service.up()
        yield workers
    finally:
        for service in (*reversed(workers), *reversed(others)):
            service.down()


def declared(folder: Path, settings: Mapping[str, str] | None = None) -> SparkPlace:
    """Where a project in ``folder`` has Spark and its state, which says so in its target.

    Args:
        settings: further ones, by Spark's names.
    """
    database = {"host": "127.0.0.1", "port": DATABASE, "database": postgres.DATABASE, "user": postgres.USER}
    lake = {
        "kind": "s3",
        "name": "bench",
        "warehouse": f"s3://{minio.BUCKET}/bench",
        "endpoint": f"http://127.0.0.1:{S3}",
        "key": minio.KEY,
        "secret": {"file": str(path("s3"))},
        "catalog": {"postgres": {**database, "password": {"file": str(path("postgres"))}}},
    }
    engine = {"kind": "spark", "master": f"spark://127.0.0.1:{MASTER}", "client": {**MEMORY, **(settings or {})}}
    folder.mkdir(parents=True, exist_ok=True)
    said = {"name": "bench", "targets": {"cluster": {"lake": lake, "engine": engine}}}
    (folder / "headrace.yaml").write_text(yaml.safe_dump(said))
    project = load(folder)
    target = target_of(project, "cluster")
    assert target.engine is not None
    assert target.lake is not None
    return spark_place(project, target.engine, target.lake)


def named(place: SparkPlace, name: str) -> SparkPlace:
    """The same with a catalog of another name, in which there is nothing."""
    return replace(place, name=name, catalog={**place.catalog, "warehouse": f"s3://{minio.BUCKET}/{name}"})
