"""The Spark session: which version, which jar, and the settings that its answers rest on."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.engine.spark.jars import JARS, RUNTIME, Jar
from headrace.errors import EngineError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SPARK = "4.1.4"
CATALOG = "headrace"
_PARTITIONS = "spark.sql.shuffle.partitions"

MEANING: Mapping[str, str] = {
    # What overflows or does not fit fails, as in DuckDB.
    "spark.sql.ansi.enabled": "true",
    # DECIMAL arithmetic is exact, or fails.
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "false",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
}


def missing(jars: Sequence[Jar] = (RUNTIME,)) -> str:
    """Why Spark cannot run here, and what to do about it; empty if it can."""
    if shutil.which("java") is None:
        return "no java: install a JDK 17 or newer"
    try:
        import pyspark  # noqa: PLC0415 - an optional extra
    except ImportError:
        return "no pyspark: pip install 'headrace[spark]'"
    if pyspark.__version__ != SPARK:
        return f"pyspark {pyspark.__version__} is not {SPARK}: pip install 'headrace[spark]'"
    absent = [jar.name for jar in jars if not jar.path.exists()]
    return f"no {', '.join(absent)}: python -m headrace.engine.spark.jars" if absent else ""


@dataclass(frozen=True)
class SparkPlace:
    """Where Spark runs, and where the tables of a project's state are.

    Attributes:
        master: ``local[2]``, or ``spark://host:port``.
        name: of Iceberg's catalog.
        catalog: its settings by Iceberg's names, without the prefix that Spark wants. They may be secrets, and are in no command line.
        settings: further ones of the session by Spark's names. Those that are secrets are in ``secrets``.
        jars: what it takes.
    """

    master: str
    name: str
    catalog: Mapping[str, str] = field(repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    jars: tuple[Jar, ...] = JARS


def on_this_machine(warehouse: Path, settings: Mapping[str, str] | None = None) -> SparkPlace:
    """Spark in this process, with tables in a folder."""
    catalog = {"type": "hadoop", "warehouse": str(warehouse.resolve())}
    return SparkPlace("local[2]", CATALOG, catalog, settings or {}, jars=(RUNTIME,))


def open_session(place: SparkPlace, log: Path | None = None) -> SparkSession:
    """A session there. A process has one at a time.

    Args:
        log: a file for all that Spark's Java process has to say; without one it goes where ours does.

    Raises:
        EngineError: HR-611, something is not installed, or Spark does not start; HR-612.
    """
    if why := missing(place.jars):
        raise EngineError(f"Spark cannot run: {why}", code="HR-611", state="nothing was started", fix=why)
    from pyspark import SparkContext  # noqa: PLC0415 - an optional extra
    from pyspark.sql import SparkSession  # noqa: PLC0415

    prefix = f"spark.sql.catalog.{place.name}"
    catalog = {f"{prefix}.{name}": value for name, value in place.catalog.items()}
    # A snapshot that a statement reads is never another's result, kept.
    own = {prefix: "org.apache.iceberg.spark.SparkCatalog", f"{prefix}.cache-enabled": "false"}
    # Workers have the Python that we have, unless it is said which.
    os.environ["PYSPARK_PYTHON"] = place.settings.get("spark.pyspark.python", sys.executable)
    plain = {**_usual(place), **place.settings, **MEANING, **own}
    try:
        with _saying_it_to(log) if log is not None else nullcontext():
            with _command_line(plain):
                # Starts the Java process, if it does not run yet. What the session is given afterwards is in no command line.
                SparkContext.setSystemProperty("spark.app.name", "headrace")
            builder = SparkSession.builder.appName("headrace")
            for name, value in {**plain, **catalog, **place.secrets}.items():
                builder = builder.config(name, value)
            return builder.getOrCreate()
    except Exception as error:
        raise EngineError(
            f"Spark at {place.master} does not start a session ({first_line(error)})",
            code="HR-611",
            state="nothing was started",
            fix=f"see that the master runs and can be reached from here, and that a worker is free{f'; {log} says more' if log else ''}",
        ) from error


def stopped(session: SparkSession) -> None:
    """End a session. If its Java process is gone already, there is nothing to end."""
    from py4j.protocol import Py4JError  # noqa: PLC0415 - an optional extra

    with suppress(Py4JError, ConnectionError):
        session.stop()


def follow_cores(spark: SparkSession) -> None:
    """Let as many tasks follow an exchange as the workers have cores now, unless the settings say how many."""
    context = spark.sparkContext
    if not context.getConf().contains(_PARTITIONS):
        spark.conf.set(_PARTITIONS, str(max(2, context.defaultParallelism)))


@contextmanager
def _command_line(settings: Mapping[str, str]) -> Iterator[None]:
    """What a Java process is started with meanwhile: memory, jars and the like have to be known then."""
    name = "PYSPARK_SUBMIT_ARGS"
    before = os.environ.get(name)
    words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    os.environ[name] = shlex.join([*words, "pyspark-shell"])
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@contextmanager
def _saying_it_to(log: Path) -> Iterator[None]:
    """Processes that are started meanwhile have the file as their standard output and error."""
    with log.open("ab") as file:
        kept = [(number, os.dup(number)) for number in (1, 2)]
        try:
            for number, _ in kept:
                os.dup2(file.fileno(), number)
            yield
        finally:
            for number, copy in kept:
                os.dup2(copy, number)
                os.close(copy)


def _usual(place: SparkPlace) -> dict[str, str]:
    return {
        "spark.master": place.master,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # Epochs are small: planning a query anew while it runs takes longer than it saves.
        "spark.sql.adaptive.enabled": "false",
        # What holds for all rows of a query is not looked for: it takes long, and fails for some that unite what was united before.
        "spark.sql.constraintPropagation.enabled": "false",
        # Both fail where a value that a correlated query gives stands over a union, without naming the column (SPARK-59042).
        "spark.sql.optimizer.excludedRules": ",".join(
            f"org.apache.spark.sql.catalyst.optimizer.{rule}"
            for rule in ("PushProjectionThroughUnion", "CombineUnions")
        ),
        # A task takes a fraction of the three seconds that it would wait for the worker that has its rows.
        "spark.locality.wait": "0s",
        "spark.jars": ",".join(str(jar.checked()) for jar in place.jars),
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    }


def first_line(error: BaseException) -> str:
    """The first line of a message; Java's go on for pages."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
