"""Flink and Spark, each in an environment of its own, made once from PyPI and Maven Central in a cache folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "headrace-nexmark"
FLINK, SPARK = "2.3.0", "4.3.0"
# What reading Parquet takes in Flink.
JARS = (
    ("org.apache.flink", "flink-sql-parquet", FLINK),
    ("org.apache.hadoop", "hadoop-client-api", "3.4.1"),
    ("org.apache.hadoop", "hadoop-client-runtime", "3.4.1"),
)
_GET = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get"
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"


def missing() -> str:
    """Why neither can run here; empty if they can."""
    return ", ".join(f"no {tool}" for tool in ("java", "mvn") if shutil.which(tool) is None)


def python(package: str, version: str) -> Path:
    """The Python of an environment with the package."""
    folder = CACHE / f"{package}-{version}"
    interpreter = folder / "bin" / "python"
    if not (folder / ".ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([interpreter, "-m", "pip", "install", "--quiet", f"{package}=={version}"], check=True)
        (folder / ".ready").touch()
    return interpreter


def flink_jars() -> Path:
    """A folder with the jars that Flink wants besides its own."""
    folder = CACHE / f"flink-jars-{FLINK}"
    for group, name, version in JARS:
        if not (folder / f"{name}-{version}.jar").exists():
            artifact = f"-Dartifact={group}:{name}:{version}"
            subprocess.run(["mvn", "-q", _GET, artifact, "-Dtransitive=false"], check=True)
            subprocess.run(["mvn", "-q", _COPY, artifact, f"-DoutputDirectory={folder}"], check=True)
    return folder
