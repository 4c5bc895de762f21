"""``compose.yaml`` beside what ``scripts/cluster`` starts and what a node has: the same ports, and in Spark's workers the same versions."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from services import kafka, minio, postgres, spark

ROOT = Path(__file__).parents[1]
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]


def test_workers_have_the_versions_of_a_node() -> None:
    pinned = dict(
        re.findall(r"^(\S+)==(\S+)", "".join(p.read_text() for p in ROOT.glob("constraints*.txt")), re.MULTILINE)
    )
    installed = re.findall(r"(\S+)==(\S+)", SERVICES["spark-worker-1"]["build"]["dockerfile_inline"])
    assert {name for name, _ in installed} == {"pyspark", "pyarrow", "duckdb"}
    assert installed == [(name, pinned[name]) for name, _ in installed]


def test_services_are_where_the_examples_look_for_them() -> None:
    ports = {name: service["ports"][0].split(":")[1] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"kafka": str(kafka.PORT), "minio": str(minio.PORT), "postgres": str(postgres.PORT)}
    assert f"--port {spark.MASTER} " in SERVICES["spark-master"]["command"]
    for number, port in enumerate(spark.WORKERS, start=1):
        command = SERVICES[f"spark-worker-{number}"]["command"]
        assert f"--port {port} " in command
        assert command.endswith(f"spark://127.0.0.1:{spark.MASTER}")
