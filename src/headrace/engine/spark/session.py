"""The Spark session: which version, which jar, and the settings that its answers rest on."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.errors import EngineError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Iceberg's runtime is made for one minor version of Spark: the newest that has one.
SPARK = "4.1.4"
ICEBERG = "1.12.0"
JAR = f"iceberg-spark-runtime-4.1_2.13-{ICEBERG}.jar"
JAR_SHA256 = "3123c3798af642dd537230923548e013ef41cc28b6626e5225808cf5670a0f82"
CATALOG = "headrace"

MEANING: Mapping[str, str] = {
    # What overflows or does not fit fails, as in DuckDB.
    "spark.sql.ansi.enabled": "true",
    # DECIMAL arithmetic is exact, or fails.
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "false",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    # A snapshot that a statement reads is never another's result, kept.
    f"spark.sql.catalog.{CATALOG}.cache-enabled": "false",
}


def jar_path() -> Path:
    """Where ``scripts/spark-jars`` puts Iceberg's runtime."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "headrace" / "spark" / JAR


def missing() -> str:
    """Why Spark cannot run here, and what to do about it; empty if it can."""
    if shutil.which("java") is None:
        return "no java: install a JDK 17 or newer"
    try:
        import pyspark  # noqa: PLC0415 - an optional extra
    except ImportError:
        return "no pyspark: pip install 'headrace[spark]'"
    if pyspark.__version__ != SPARK:
        return f"pyspark {pyspark.__version__} is not {SPARK}: pip install 'headrace[spark]'"
    if not jar_path().exists():
        return f"no {JAR}: python -m headrace.engine.spark.jars"
    return ""


def checked(jar: Path) -> Path:
    """The jar, if it is the one that was tried.

    Raises:
        EngineError: HR-612, it has other bytes.
    """
    if hashlib.sha256(jar.read_bytes()).hexdigest() != JAR_SHA256:
        raise EngineError(
            f"{jar} is not the {JAR} that is expected: its hash differs",
            code="HR-612",
            state="Spark was not started",
            fix=f"delete {jar} and run python -m headrace.engine.spark.jars",
        )
    return jar


def open_session(warehouse: Path, settings: Mapping[str, str] | None = None) -> SparkSession:
    """A session on this machine, with Iceberg tables below ``warehouse``.

    Args:
        settings: beside those that the answers rest on: the master, memory, another catalog.

    Raises:
        EngineError: HR-611, something is not installed; HR-612.
    """
    if why := missing():
        raise EngineError(f"Spark cannot run: {why}", code="HR-611", state="nothing was started", fix=why)
    from pyspark.sql import SparkSession  # noqa: PLC0415 - an optional extra

    builder = SparkSession.builder.appName("headrace")
    for name, value in {**_local(warehouse), **(settings or {}), **MEANING}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _local(warehouse: Path) -> dict[str, str]:
    catalog = f"spark.sql.catalog.{CATALOG}"
    return {
        "spark.master": "local[2]",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
        # Epochs are small: planning a query anew while it runs takes longer than it saves.
        "spark.sql.adaptive.enabled": "false",
        "spark.jars": str(checked(jar_path())),
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        catalog: "org.apache.iceberg.spark.SparkCatalog",
        f"{catalog}.type": "hadoop",
        f"{catalog}.warehouse": str(warehouse.resolve()),
    }
