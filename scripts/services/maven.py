"""Jars from Maven Central, by Ivy, which pyspark brings. What came is checked by hash."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from services.process import ServiceError

_MODULE = """\
<ivy-module version="2.0" xmlns:m="http://ant.apache.org/ivy/maven">
  <info organisation="org.headrace" module="services"/>
  <configurations><conf name="default"/></configurations>
  <dependencies><dependency org="{}" name="{}" rev="{}" {}</dependency></dependencies>
</ivy-module>
"""
_WITH_OTHERS = 'conf="default->default">'
_WHOLE = 'conf="default->master" transitive="false"><artifact name="{}" type="jar" m:classifier="{}"/>'

Artifact = tuple[str, str, str] | tuple[str, str, str, str]
"""Organisation, name, version; and a classifier, of a jar that has in it all that it needs."""


def fetch(target: Path, artifacts: Sequence[Artifact], lock: Path) -> Path:
    """The folder ``target`` with exactly the jars that ``lock`` names (one ``sha256  name`` a line), fetched if it is not there.

    Args:
        artifacts: what they need comes with them.
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


def _retrieve(folder: Path, artifact: Artifact) -> None:
    import pyspark  # noqa: PLC0415  # an extra, which need not be there to know where the services are

    (ivy,) = (Path(pyspark.__file__).parent / "jars").glob("ivy-*.jar")
    module = folder / "ivy.xml"
    which = _WHOLE.format(artifact[1], artifact[3]) if len(artifact) > 3 else _WITH_OTHERS
    module.write_text(_MODULE.format(*artifact[:3], which))
    options = ["-types", "jar", "bundle", "-confs", "default", "-cache", str(folder / "cache")]
    command = ["java", "-cp", str(ivy), "org.apache.ivy.Main", "-warn", "-ivy", str(module), *options]
    done = subprocess.run(
        [*command, "-retrieve", f"{folder}/jars/[artifact]-[revision](-[classifier]).[ext]"],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0 or not (folder / "jars").is_dir():
        raise ServiceError(f"{':'.join(artifact)} was not fetched:\n{(done.stdout + done.stderr)[-2000:]}")
