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
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
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


def service(port: int = PORT, controller: int = CONTROLLER, within: Path | None = None) -> Service:
    """A broker on these ports of loopback."""
    return Service("kafka", port, partial(_command, port, controller), within=within)


def _command(port: int, controller: int, folder: Path) -> Sequence[str]:
    jars = maven.fetch(cache() / "kafka" / VERSION, ARTIFACTS, Path(__file__).with_name("kafka.lock"))
    java = ["java", "-Xms256m", "-Xmx768m", "-XX:+UseG1GC", "-cp", f"{jars}/*"]
    settings = folder / "server.properties"
    settings.write_text(SETTINGS.format(data=folder / "data", port=port, controller=controller))
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
