"""The broker: one node in KRaft mode, on loopback, its topics' replicas one."""

from __future__ import annotations

import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from services import maven
from services.process import Service, ServiceError, cache
from services.secret import secret

VERSION = "4.4.0"
ARTIFACTS = (
    ("org.apache.kafka", "kafka_2.13", VERSION),
    ("org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.5"),
)
PORT = 19092
CONTROLLER = 19093

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners={listeners}
advertised.listeners={listeners}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
# A topic takes little room before it holds anything, and what is deleted is gone soon.
log.index.size.max.bytes=65536
log.segment.delete.delay.ms=1000
log.dirs={data}
"""
GUARDED = """\
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\
  user_{user}="{password}";
"""
"""Who may come in where a password is asked for."""
USER = "headrace"


def service(
    port: int = PORT, controller: int = CONTROLLER, within: Path | None = None, guarded: int | None = None
) -> Service:
    """A broker on these ports of loopback; on the port ``guarded`` it asks for the user ``headrace`` and a password."""
    return Service("kafka", port, partial(_command, port, controller, guarded), within=within)


def _command(port: int, controller: int, guarded: int | None, folder: Path) -> Sequence[str]:
    jars = maven.fetch(cache() / "kafka" / VERSION, ARTIFACTS, Path(__file__).with_name("kafka.lock"))
    java = ["java", "-Xms256m", "-Xmx768m", "-XX:+UseG1GC", "-cp", f"{jars}/*"]
    settings = folder / "server.properties"
    settings.touch(mode=0o600)
    settings.write_text(_settings(port, controller, guarded, folder / "data"))
    if not (folder / "data" / "meta.properties").exists():
        name = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        format_ = [
            *java,
            "kafka.tools.StorageTool",
            "format",
            "-t",
            f"c{name[1:]}",
            "-c",
            str(settings),
            "--standalone",
        ]
        done = subprocess.run(format_, check=False, capture_output=True, text=True)
        if done.returncode != 0:
            raise ServiceError(f"kafka's folder cannot be prepared:\n{done.stdout}{done.stderr}")
    return [*java, "kafka.Kafka", str(settings)]


def _settings(port: int, controller: int, guarded: int | None, data: Path) -> str:
    at = {"PLAINTEXT": port, "CONTROLLER": controller, **({"SASL_PLAINTEXT": guarded} if guarded else {})}
    listeners = ",".join(f"{name}://127.0.0.1:{number}" for name, number in at.items())
    plain = SETTINGS.format(data=data, controller=controller, listeners=listeners)
    return plain + (GUARDED.format(user=USER, password=secret("kafka")) if guarded else "")
