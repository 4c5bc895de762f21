"""Spark standalone, pyspark's: a master and two workers of one core each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from services.process import Service

MASTER = 19077
WORKERS = (19078, 19079)

_SPEC = find_spec("pyspark")
# An extra, which need not be there to know where the services are.
_HOME = Path(_SPEC.origin).parent if _SPEC is not None and _SPEC.origin else Path("pyspark")
_ENVIRONMENT = {"SPARK_HOME": str(_HOME), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_SCALA_VERSION": "2.13"}


def services(within: Path | None = None, master: int = MASTER, workers: Sequence[int] = WORKERS) -> tuple[Service, ...]:
    """The master first."""
    first = Service("spark-master", master, partial(_master, master), _ENVIRONMENT, within=within)
    others = [
        Service(f"spark-worker-{n}", port, partial(_worker, master, port), _ENVIRONMENT, within=within)
        for n, port in enumerate(workers, start=1)
    ]
    return (first, *others)


def _master(port: int, folder: Path) -> Sequence[str]:  # noqa: ARG001 - it keeps nothing
    return [*_java("master.Master", "128m"), "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"]


def _worker(master: int, port: int, folder: Path) -> Sequence[str]:
    work = folder / "work"
    work.mkdir(exist_ok=True)
    where = ["--host", "127.0.0.1", "--port", str(port), "--webui-port", "0", "--work-dir", str(work)]
    return [*_java("worker.Worker", "128m"), *where, "--cores", "1", "--memory", "2g", f"spark://127.0.0.1:{master}"]


def _java(main: str, memory: str) -> list[str]:
    # What Spark's own scripts add for Java 17 and newer.
    opened = [
        "java.base/java.lang",
        "java.base/java.lang.invoke",
        "java.base/java.io",
        "java.base/java.net",
        "java.base/java.nio",
        "java.base/java.util",
        "java.base/java.util.concurrent",
        "java.base/sun.nio.ch",
        "java.base/sun.nio.cs",
        "java.base/sun.security.action",
        "java.base/sun.util.calendar",
    ]
    flags = [f"--add-opens={package}=ALL-UNNAMED" for package in opened]
    binary = str(Path(os.environ["JAVA_HOME"]) / "bin" / "java") if "JAVA_HOME" in os.environ else "java"
    loopback = ["-Djava.net.preferIPv4Stack=true"]
    return [binary, f"-Xmx{memory}", *flags, *loopback, "-cp", f"{_HOME}/jars/*", f"org.apache.spark.deploy.{main}"]
