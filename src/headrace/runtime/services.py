"""Which log and which lake a node keeps, and what is done while they do not answer."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from headrace.errors import HeadraceError, LogError, Place, UsageError
from headrace.lake import S3, Lake, LakeElsewhere, Postgres, Rest, open_lake, open_lake_elsewhere
from headrace.log import Log, open_sqlite
from headrace.project import KafkaLog, Project, S3Lake, Target
from headrace.project.secret import resolved
from headrace.runtime.datadir import DataDir
from headrace.sql import nearest

if TYPE_CHECKING:
    from headrace.log.kafka import KafkaSettings

log_ = structlog.get_logger("headrace.services")

SILENT = frozenset({"HR-511", "HR-515", "HR-610", "HR-715"})
"""What heals by itself: log or lake do not answer, and what was asked of them was not done, or may yet come to have been."""


def target_of(project: Project, name: str | None) -> Target:
    """What the project declares under that name; without one, nothing is elsewhere.

    Raises:
        UsageError: HR-114, there is no such target.
    """
    if name is None:
        return Target()
    if name not in project.targets:
        near = nearest(name, project.targets)
        raise UsageError(
            f"there is no target {name!r}",
            code="HR-114",
            where=Place(project.root / "headrace.yaml"),
            state="nothing was started",
            fix=f"did you mean {near}?"
            if near
            else f"targets: {', '.join(project.targets) or 'none; declare one under `targets`'}",
        )
    return project.targets[name]


def open_log(project: Project, data: DataDir, clock: Callable[[], datetime]) -> Log:
    """The log of a project on the target of its data directory.

    Raises:
        LogError: it cannot be opened; UsageError: HR-114.
    """
    declared = target_of(project, data.target).log
    if declared is None:
        return open_sqlite(data.log, clock=clock)
    settings = kafka_settings(project, declared)
    from headrace.log.kafka import open_kafka  # noqa: PLC0415 - an optional extra

    return open_kafka(settings, clock=clock)


def kafka_settings(project: Project, declared: KafkaLog) -> KafkaSettings:
    """How to reach the log that a target declares.

    Raises:
        LogError: HR-519, the client is not installed; SourceError: HR-418, a secret is not there.
    """
    place = project.root / "headrace.yaml"
    try:
        from headrace.log.kafka import KafkaSettings  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise LogError(
            f"the log is on Kafka, whose client is not installed ({error})",
            code="HR-519",
            where=Place(place),
            state="nothing was started",
            fix="pip install 'headrace[kafka]'",
        ) from error
    return KafkaSettings(
        declared.servers,
        declared.name or re.sub("[^a-zA-Z0-9-]", "-", project.name)[:100],
        resolved(declared.client, place),
        declared.partitions,
        declared.replicas,
    )


def open_history(project: Project, data: DataDir) -> Lake:
    """The lake of a project on the target of its data directory.

    Raises:
        LakeError: it cannot be opened; SourceError: HR-418, a secret is not there; UsageError: HR-114.
    """
    declared = target_of(project, data.target).lake
    return open_lake(data.lake) if declared is None else open_lake_elsewhere(lake_place(project, declared))


def lake_place(project: Project, declared: S3Lake) -> LakeElsewhere:
    """Where the lake is that a target declares.

    Raises:
        SourceError: HR-418, a secret is not there.
    """
    place = project.root / "headrace.yaml"
    database, rest = declared.catalog.postgres, declared.catalog.rest
    catalog: Postgres | Rest
    if database is not None:
        password = database.password.value("password", place)
        options = tuple(resolved(database.client, place).items())
        catalog = Postgres(database.host, database.database, database.user, password, database.port, options)
    else:
        assert rest is not None  # one of the two, as the project was read
        catalog = Rest(rest.uri, tuple(resolved(rest.client, place).items()))
    secret = declared.secret.value("secret", place)
    name = declared.name or re.sub("[^a-zA-Z0-9_-]", "-", project.name)[:100]
    server = S3(declared.key, secret, declared.endpoint, declared.region, declared.path_style)
    return LakeElsewhere(name, declared.warehouse, server, catalog)


class Backoff:
    """Waits, longer each time, while something does not answer."""

    def __init__(self, who: str, end: threading.Event, first: float = 0.1, most: float = 5.0) -> None:
        self._who = who
        self._end = end
        self._first = self._next = first
        self._most = most

    def wait(self, error: HeadraceError) -> None:
        """Before the next try; less if it is to end."""
        if self._next == self._first:
            log_.warning("waiting for an answer", who=self._who, why=error.what)
        self._end.wait(self._next)
        self._next = min(self._most, self._next * 2)

    def reset(self) -> None:
        """It answers."""
        if self._next != self._first:
            log_.info("answers again", who=self._who)
        self._next = self._first
