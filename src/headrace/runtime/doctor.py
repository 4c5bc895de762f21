"""Whether everything is there that a project needs on its target. Each part is tried; nothing of the project's is changed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from headrace.errors import HeadraceError, NodeError, Place, SourceError
from headrace.ingest import open_reader
from headrace.project import KafkaLog, KafkaSource, Project, S3Lake, SparkCluster
from headrace.runtime.datadir import DataDir
from headrace.runtime.defects import as_ours
from headrace.runtime.services import kafka_settings, lake_place, spark_place, target_of

LEAST_FREE = 1 << 30
"""Bytes of free disk below which a node would soon stop."""
SOURCE_SECONDS = 10.0


@dataclass(frozen=True)
class Part:
    """What is to be tried: its name, where it is, and the trial, which says what it found or raises."""

    name: str
    where: str
    trial: Callable[[], str]


@dataclass(frozen=True)
class Finding:
    """What came of a trial.

    Attributes:
        said: what was found; empty if it failed.
        error: why it failed.
    """

    part: str
    where: str
    said: str
    error: HeadraceError | None = None


def examined(project: Project, data: DataDir) -> Iterator[Finding]:
    """Each part, tried one after the other: one that does not answer takes some seconds.

    Raises:
        UsageError: HR-114, there is no such target.
    """
    for part in _parts(project, data):
        try:
            yield Finding(part.name, part.where, part.trial())
        except Exception as error:  # noqa: BLE001 - the other parts are tried all the same
            yield Finding(part.name, part.where, "", as_ours(error, f"examining {part.name}"))


def _parts(project: Project, data: DataDir) -> Iterator[Part]:
    target = target_of(project, data.target)
    yield Part("project", str(project.root), partial(_project, project))
    yield Part("data", str(data.root), partial(_disk, data.root))
    if target.log is None:
        yield Part("log", str(data.log), lambda: "SQLite, in the data directory")
    else:
        yield Part("log", f"Kafka at {target.log.servers}", partial(_log, project, target.log))
    if target.lake is None:
        yield Part("lake", str(data.lake), lambda: "files, in the data directory")
    else:
        yield from _lake(project, target.lake)
    if target.engine is not None and target.lake is not None:
        yield Part("engine", f"Spark at {target.engine.master}", partial(_spark, project, target.engine, target.lake))
    for source in project.sources.values():
        if isinstance(source, KafkaSource):
            yield Part(f"source {source.name}", f"{source.topic} at {source.servers}", partial(_topic, project, source))


def _project(project: Project) -> str:
    return f"{len(project.sources)} sources, {len(project.models)} models"


def _disk(folder: Path) -> str:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        raise NodeError(
            f"the data directory {folder} cannot be written",
            code="HR-803",
            state="nothing was changed",
            fix=f"make {there} writable for the user that runs Headrace, or choose another with --data DIR",
        )
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE:
        raise NodeError(
            f"{free / 1e9:.1f} GB are free on the disk of {folder}",
            code="HR-803",
            state="nothing was changed",
            fix="free space on that disk, or choose another with --data DIR",
        )
    return f"{free / 1e9:,.0f} GB free"


def _log(project: Project, declared: KafkaLog) -> str:
    settings = kafka_settings(project, declared)
    from headrace.log.kafka import examine  # noqa: PLC0415 - an optional extra

    return examine(settings)


def _lake(project: Project, declared: S3Lake) -> Iterator[Part]:
    from headrace.lake import elsewhere  # noqa: PLC0415 - its clients take a while to load

    database, rest = declared.catalog.postgres, declared.catalog.rest
    catalog = f"PostgreSQL at {database.host}:{database.port}" if database else f"{rest.uri if rest else ''}"
    storage = f"{declared.warehouse} at {declared.endpoint or 'Amazon'}"
    yield Part("storage", storage, lambda: elsewhere.examine_storage(lake_place(project, declared)))
    yield Part("catalog", catalog, lambda: elsewhere.examine_catalog(lake_place(project, declared)))


def _spark(project: Project, declared: SparkCluster, lake: S3Lake) -> str:
    from headrace.engine.spark.examine import examine  # noqa: PLC0415 - an optional extra

    place = spark_place(project, declared, lake)
    with TemporaryDirectory(prefix="headrace-") as folder:
        return examine(place, Path(folder) / "spark.log")


def _topic(project: Project, source: KafkaSource) -> str:
    reader = open_reader(source, project.root, position=None, full_speed=True, clock=time.monotonic)
    try:
        deadline = time.monotonic() + SOURCE_SECONDS
        while not reader.caught_up and time.monotonic() < deadline:
            if (chunk := reader.poll(1)) is not None and chunk.read:
                return "records can be read"
        if reader.caught_up:
            return "no records yet"
        raise SourceError(
            f"topic {source.topic} of source {source.name} cannot be read: no answer from Kafka at {source.servers} within "
            f"{SOURCE_SECONDS:g} seconds, or it has no such topic",
            code="HR-416",
            where=Place(source.file),
            state="nothing was changed",
            fix="see that the broker runs and that the topic exists, and correct `servers` or `topic`",
        )
    finally:
        reader.close()
