"""Fetches Iceberg's runtime for Spark from Maven Central, once: ``python -m headrace.engine.spark.jars``.

With Ivy, which pyspark brings; the hash of what came is checked before it is put where sessions look for it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from headrace.engine.spark.session import ICEBERG, JAR, checked, jar_path


def fetch() -> Path:
    """The jar's path."""
    target = jar_path()
    if target.exists():
        return checked(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        done = subprocess.run(_ivy(Path(folder)), check=False, capture_output=True, text=True)
        if not (Path(folder) / JAR).exists():
            sys.exit(f"{JAR} was not fetched:\n{done.stdout}{done.stderr}")
        checked(Path(folder) / JAR).replace(target)
    return target


def _ivy(folder: Path) -> list[str]:
    import pyspark  # noqa: PLC0415 - an optional extra

    (ivy,) = (Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar")
    name = JAR.removesuffix(f"-{ICEBERG}.jar")
    artifact = ["-dependency", "org.apache.iceberg", name, ICEBERG, "-types", "jar", "-confs", "default"]
    place = ["-cache", str(folder / "cache"), "-retrieve", f"{folder}/[artifact]-[revision].[ext]"]
    return ["java", "-cp", str(ivy), "org.apache.ivy.Main", "-warn", "-notransitive", *artifact, *place]


if __name__ == "__main__":
    print(fetch())
