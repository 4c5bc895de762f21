"""The jars that Spark needs beside its own: ``python -m headrace.engine.spark.jars`` fetches them from Maven Central, once.

With Ivy, which pyspark brings; the hash of what came is checked before it is put where sessions look for it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import EngineError

# Iceberg's runtime is made for one minor version of Spark: the newest that has one.
ICEBERG = "1.12.0"


@dataclass(frozen=True)
class Jar:
    """One file, by its Maven coordinates."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"

    @property
    def path(self) -> Path:
        """Where it is kept."""
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return cache / "headrace" / "spark" / self.name

    def checked(self) -> Path:
        """Its path, if it is the one that was tried.

        Raises:
            EngineError: HR-612, it has other bytes.
        """
        if hashlib.sha256(self.path.read_bytes()).hexdigest() != self.sha256:
            raise EngineError(
                f"{self.path} is not the {self.name} that is expected: its hash differs",
                code="HR-612",
                state="Spark was not started",
                fix=f"delete {self.path} and run python -m headrace.engine.spark.jars",
            )
        return self.path


RUNTIME = Jar(
    "org.apache.iceberg",
    "iceberg-spark-runtime-4.1_2.13",
    ICEBERG,
    "3123c3798af642dd537230923548e013ef41cc28b6626e5225808cf5670a0f82",
)
# What reaches S3, and a catalog in PostgreSQL.
AWS = Jar(
    "org.apache.iceberg",
    "iceberg-aws-bundle",
    ICEBERG,
    "dd7e49ffa4ac9b215bed846581991259e3aec9bb2fa08d6cec029c46cd66d957",
)
POSTGRES = Jar(
    "org.postgresql", "postgresql", "42.7.11", "1981b31d3993c58702783c1cddf10a34e48c1f413d70ff1cb6def0a143484647"
)
JARS = (RUNTIME, AWS, POSTGRES)


def fetch(jar: Jar) -> Path:
    """The jar's path, once it is there."""
    if jar.path.exists():
        return jar.checked()
    jar.path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=jar.path.parent) as folder:
        done = subprocess.run(_ivy(jar, Path(folder)), check=False, capture_output=True, text=True)
        came = Path(folder) / jar.name
        if not came.exists():
            sys.exit(f"{jar.name} was not fetched:\n{done.stdout}{done.stderr}")
        came.replace(jar.path)
    return jar.checked()


def _ivy(jar: Jar, folder: Path) -> list[str]:
    import pyspark  # noqa: PLC0415 - an optional extra

    (ivy,) = (Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar")
    artifact = ["-dependency", jar.group, jar.artifact, jar.version, "-types", "jar", "-confs", "default"]
    place = ["-cache", str(folder / "cache"), "-retrieve", f"{folder}/[artifact]-[revision].[ext]"]
    return ["java", "-cp", str(ivy), "org.apache.ivy.Main", "-warn", "-notransitive", *artifact, *place]


if __name__ == "__main__":
    for jar in JARS:
        print(fetch(jar))
