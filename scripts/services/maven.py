"""Jars from Maven Central, by Ivy, which pyspark brings. What came is checked by hash."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from services.process import ServiceError


def fetch(target: Path, artifacts: Sequence[tuple[str, str, str]], lock: Path) -> Path:
    """The folder ``target`` with exactly the jars that ``lock`` names (one ``sha256  name`` a line), fetched if it is not there.

    Args:
        artifacts: organisation, name, version; what they need comes with them.
    """
    wanted = dict(reversed(line.split()) for line in lock.read_text().splitlines())
    if target.is_dir() and {jar.name for jar in target.iterdir()} == set(wanted):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        for artifact in artifacts:
            _retrieve(Path(folder), artifact)
        jars = Path(folder) / "jars"
        found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in jars.iterdir()}
        if found != wanted:
            unlike = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
            raise ServiceError(f"{target.name}: not what {lock} names: {', '.join(unlike)}")
        jars.rename(target)
    return target


def _retrieve(folder: Path, artifact: tuple[str, str, str]) -> None:
    import pyspark  # noqa: PLC0415  # an extra, which need not be there to know where the services are

    (ivy,) = (Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar")
    options = ["-types", "jar", "bundle", "-confs", "default", "-cache", str(folder / "cache")]
    command = ["java", "-cp", str(ivy), "org.apache.ivy.Main", "-warn", "-dependency", *artifact, *options]
    done = subprocess.run(
        [*command, "-retrieve", f"{folder}/jars/[artifact]-[revision].[ext]"],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0 or not (folder / "jars").is_dir():
        raise ServiceError(f"{':'.join(artifact)} was not fetched:\n{done.stdout}{done.stderr}")
