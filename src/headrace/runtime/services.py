"""Which log and which lake a node keeps, and what is done while they do not answer."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from headrace.engine import DuckDBEngine, Engine
from headrace.errors import HeadraceError, LogError, Place, UsageError
from headrace.lake import S3, Lake, LakeElsewhere, Postgres, Rest, open_lake, open_lake_elsewhere
from headrace.log import Log, open_sqlite
from headrace.project import KafkaLog, Project, S3Lake, SparkCluster, Target
from headrace.project.secret import resolved
from headrace.runtime.datadir import DataDir
from headrace.runtime.defects import as_ours
from headrace.sql import nearest

if TYPE_CHECKING:
    from headrace.engine.spark.session import SparkPlace
    from headrace.log.kafka import KafkaSettings, Published, Publisher

log_ = structlog.get_logger("headrace.services")

SILENT = frozenset({"HR-511", "HR-515", "HR-610", "HR-613", "HR-617", "HR-715"})
"""What heals by itself: log, lake or Spark do not answer, and what was asked of them was not done, or may yet come to have been."""


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


def open_publisher(project: Project, data: DataDir, clock: Callable[[], datetime]) -> Publisher | None:
    """What publishes a project's models on the target of its data directory; None: they are not published.

    Raises:
        LogError: the broker does not answer, or refuses us.
    """
    declared = target_of(project, data.target).log
    if declared is None or not declared.publish:
        return None
    from headrace.log.kafka import open_publisher as open_there  # noqa: PLC0415 - an optional extra

    return open_there(kafka_settings(project, declared), clock=clock)


def open_published(project: Project, data: DataDir, clock: Callable[[], datetime]) -> Published:
    """What is published of a project's models on the target of its data directory.

    Raises:
        UsageError: HR-115, nothing is published there. LogError: the broker does not answer, or refuses us.
    """
    settings = kafka_settings(project, published_log(project, data.target))
    from headrace.log.kafka import open_published as open_there  # noqa: PLC0415 - an optional extra

    return open_there(settings, project.models, clock=clock)


def published_log(project: Project, target: str | None) -> KafkaLog:
    """The log on whose broker a target's models are published.

    Raises:
        UsageError: HR-115, they are not; HR-114, there is no such target.
    """
    declared = target_of(project, target).log
    if declared is None or not declared.publish:
        where = "without a target" if target is None else f"on target {target!r}"
        raise UsageError(
            f"no models are published {where}",
            code="HR-115",
            where=Place(project.root / "headrace.yaml"),
            state="nothing was started",
            fix="name a target whose log is on Kafka and not `publish: false`; without one, `headrace run` serves by itself",
        )
    return declared


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


def open_engine(project: Project, data: DataDir, lake: Lake) -> Engine:
    """What keeps a project's models on the target of its data directory, and answers from them.

    Raises:
        EngineError: it cannot be opened; LakeError: HR-717; SourceError: HR-418; UsageError: HR-114.
    """

    def embedded() -> DuckDBEngine:
        return DuckDBEngine(data.state, lake.readable, project.functions, preparation=lake.preparation)

    target = target_of(project, data.target)
    if target.engine is None or target.lake is None:
        return embedded()
    from headrace.engine.cluster import ClusterEngine  # noqa: PLC0415 - an optional extra
    from headrace.engine.spark.engine import SparkEngine  # noqa: PLC0415
    from headrace.engine.spark.session import open_session, stopped  # noqa: PLC0415

    place = spark_place(project, target.engine, target.lake)
    session = open_session(place, data.root / "spark.log")
    try:
        return ClusterEngine(SparkEngine(session, place.name), data.state, embedded, lambda: stopped(session))
    except BaseException:
        stopped(session)
        raise


def spark_place(project: Project, declared: SparkCluster, lake: S3Lake) -> SparkPlace:
    """Where Spark runs that a target declares, and where it keeps state: below the lake's warehouse, in a catalog of its own.

    Raises:
        SourceError: HR-418, a secret is not there.
    """
    from headrace.engine.spark.session import SparkPlace  # noqa: PLC0415 - an optional extra

    there = lake_place(project, lake)
    s3 = {
        "io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        "s3.access-key-id": there.s3.key,
        "s3.secret-access-key": there.s3.secret,
        "s3.path-style-access": str(there.s3.path_style).lower(),
        "client.region": there.s3.region,
        **({"s3.endpoint": there.s3.endpoint} if there.s3.endpoint else {}),
    }
    if isinstance(there.catalog, Rest):
        listed = {"type": "rest", "uri": there.catalog.uri, **dict(there.catalog.settings)}
    else:
        database = there.catalog
        listed = {
            "type": "jdbc",
            "uri": f"jdbc:postgresql://{database.host}:{database.port}/{database.database}",
            "jdbc.user": database.user,
            "jdbc.password": database.password,
            "jdbc.schema-version": "V1",
            **{f"jdbc.{name}": value for name, value in database.options},
        }
    plain = {name: value for name, value in declared.client.items() if isinstance(value, str)}
    secrets = resolved(
        {name: value for name, value in declared.client.items() if name not in plain}, project.root / "headrace.yaml"
    )
    # A catalog's name is part of Spark's names of settings.
    name = f"{re.sub('[^a-zA-Z0-9_]', '_', there.name)}_state"
    # Behind REST a warehouse is a name that the server knows.
    catalog = {**s3, "warehouse": f"{there.warehouse}/state", **listed}
    return SparkPlace(declared.master, name, catalog, plain, secrets)


def regularly(
    who: str,
    doing: str,
    seconds: float,
    end: threading.Event,
    step: Callable[[], None],
    failed: Callable[[HeadraceError], None],
    waits: Waits,
) -> None:
    """Do it every so many seconds until the end; longer while something does not answer. Any other failure is told, and ends it."""
    silence = Backoff(who, end, waits)
    try:
        while not end.wait(seconds):
            try:
                step()
            except HeadraceError as error:
                if error.code not in SILENT:
                    raise
                silence.wait(error)
            else:
                silence.reset()
    except Exception as error:  # noqa: BLE001 - a thread must not end in silence
        failed(as_ours(error, doing))


class Waits:
    """Who waits for log, lake or Spark, which do not answer, and since when."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[datetime, HeadraceError]] = {}

    def begin(self, who: str, error: HeadraceError) -> None:
        self._held.setdefault(who, (datetime.now(UTC), error))

    def end(self, who: str) -> None:
        self._held.pop(who, None)

    def of(self, kind: type[HeadraceError]) -> bool:
        """Whether anybody waits after such an error."""
        return any(isinstance(error, kind) for _, error in list(self._held.values()))

    def told(self) -> list[dict[str, str]]:
        """For the status: who, since (UTC, ISO 8601), and the error's code and text."""
        return [
            {"who": who, "since": since.isoformat(), "code": error.code, "why": error.what}
            for who, (since, error) in list(self._held.items())
        ]


class Backoff:
    """Waits, longer each time, while something does not answer."""

    def __init__(self, who: str, end: threading.Event, waits: Waits, first: float = 0.1, most: float = 5.0) -> None:
        self._who = who
        self._end = end
        self._waits = waits
        self._first = self._next = first
        self._most = most

    def wait(self, error: HeadraceError) -> None:
        """Before the next try; less if it is to end."""
        if self._next == self._first:
            log_.warning("waiting for an answer", who=self._who, why=error.what)
        self._waits.begin(self._who, error)
        self._end.wait(self._next)
        self._next = min(self._most, self._next * 2)

    def reset(self) -> None:
        """It answers."""
        if self._next != self._first:
            log_.info("answers again", who=self._who)
            self._waits.end(self._who)
        self._next = self._first
