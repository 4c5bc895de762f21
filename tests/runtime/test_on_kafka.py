"""A project whose log is on Kafka: the same answers, and nothing lost or doubled when the broker goes away."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headrace.log.kafka import KafkaSettings, delete_kafka
from headrace.project import load
from headrace.runtime.datadir import DataDir
from headrace.runtime.node import Node, Settings
from headrace.security import Principal
from tests.services import KAFKA, Service, broker, need_kafka

pytestmark = pytest.mark.xdist_group("broker")

HEADRACE = Path(sys.executable).with_name("headrace")
LOCAL = Principal("local", admin=True)
FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
MODEL = "SELECT k, count(*) AS n, sum(id) AS total, max(id) AS newest FROM ev GROUP BY k"


def project(folder: Path, servers: str, name: str) -> Path:
    for inside in ("sources", "models", "data"):
        (folder / inside).mkdir(parents=True)
    (folder / "headrace.yaml").write_text(
        f"name: {name}\ntargets:\n  cluster:\n    log: {{kind: kafka, servers: '{servers}'}}\n"
    )
    (folder / "sources" / "ev.yaml").write_text(
        "kind: file\npath: data/*.ndjson\nformat: ndjson\nschema: {id: BIGINT, k: VARCHAR}\n"
    )
    (folder / "models" / "by_k.sql").write_text(MODEL)
    return folder


def write(folder: Path, ids: range) -> None:
    with (folder / "data" / "ev.ndjson").open("a") as file:
        file.writelines(json.dumps({"id": n, "k": f"k{n % 3}"}) + "\n" for n in ids)


def expected(count: int) -> dict[str, tuple[int, int, int]]:
    return {f"k{k}": (len(ids), sum(ids), max(ids)) for k in range(3) if (ids := range(k, count, 3))}


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Path]:
    need_kafka()
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield project(tmp_path / "p", KAFKA, name)
    delete_kafka(KafkaSettings(KAFKA, name))


def headrace(*words: str) -> str:
    done = subprocess.run([HEADRACE, *words], check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_project_runs_on_its_target_as_it_does_on_its_own(at: Path) -> None:
    def caught_up() -> dict[str, tuple[int, int, int]]:
        headrace("run", str(at), "--target", "cluster", "--until-caught-up", "--no-serve")
        told = headrace("query", "SELECT * FROM by_k", "--format", "json", "--project", str(at), "--target", "cluster")
        return {row["k"]: (row["n"], int(row["total"]), row["newest"]) for row in json.loads(told)}

    write(at, range(1000))
    assert caught_up() == expected(1000)
    write(at, range(1000, 1500))
    assert caught_up() == expected(1500)
    data = at / ".headrace" / "targets" / "cluster"
    assert not (data / "log.sqlite").exists()
    shutil.rmtree(data)  # the log has it all
    assert caught_up() == expected(1500)
    status = json.loads(headrace("status", "--json", "--project", str(at), "--target", "cluster"))
    assert [(s["read"], s["kept"], s["lag_rows"]) for s in status["sources"]] == [(1500, 1500, 0)]
    receipts = json.loads(headrace("parity", "--json", "--project", str(at), "--target", "cluster"))
    assert [r["equal"] for r in receipts["models"]] == [True]


def test_the_flights_year_comes_out_as_on_this_machine_alone(tmp_path: Path) -> None:
    """Every model of the example, after all of its rows, from SQLite and from Kafka."""
    need_kafka()
    name = f"test-{uuid.uuid4().hex[:12]}"
    at = tmp_path / "flights"
    shutil.copytree(FLIGHTS, at, ignore=shutil.ignore_patterns(".headrace"))
    settings = (at / "headrace.yaml").read_text()
    (at / "headrace.yaml").write_text(settings.replace("{kind: kafka,", f"{{kind: kafka, name: {name},"))
    try:
        for target in ((), ("--target", "cluster")):
            headrace("run", str(at), "--until-caught-up", "--no-serve", *target)
        own = contents(at, DataDir(at / ".headrace"))
        elsewhere = contents(at, DataDir(at / ".headrace" / "targets" / "cluster", "cluster"))
    finally:
        delete_kafka(KafkaSettings(KAFKA, name))
    assert own.keys() == elsewhere.keys()
    for model, rows in own.items():
        assert elsewhere[model] == rows, model


def contents(at: Path, data: DataDir) -> dict[str, list[str]]:
    """Each model's rows, with nine digits of what is not exact."""
    declared = load(at)
    node = Node(declared, data, Settings(intake=False), lambda: datetime.now(UTC))
    node.open()
    try:
        tables = {name: node.query(f"SELECT * FROM {name}", LOCAL).table for name in declared.models}
    finally:
        node.close()
    return {name: sorted(map(rounded, table.to_pylist())) for name, table in tables.items()}


def rounded(row: dict[str, Any]) -> str:
    return repr([float(f"{value:.9g}") if isinstance(value, float) else value for value in row.values()])


def test_a_target_that_is_not_there_is_named(at: Path) -> None:
    done = subprocess.run([HEADRACE, "run", at, "--target", "clutser"], check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "HR-114" in done.stderr
    assert "cluster" in done.stderr


def test_a_broker_that_is_not_there_stops_the_start_with_its_reason(tmp_path: Path) -> None:
    at = project(tmp_path / "p", "127.0.0.1:9", "nobody")
    started = time.monotonic()
    done = subprocess.run(
        [HEADRACE, "run", at, "--target", "cluster", "--no-serve"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "HR-515" in done.stderr
    assert "127.0.0.1:9" in done.stderr
    assert time.monotonic() - started < 60


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Service]:
    yield from broker(tmp_path)


@pytest.mark.parametrize("away", [0.5, 12])
def test_a_node_goes_on_when_its_broker_comes_back(own_broker: Service, tmp_path: Path, away: float) -> None:
    at = project(tmp_path / "p", own_broker.address, "shop")
    write(at, range(300))
    node = Node(load(at), DataDir(tmp_path / "data", "cluster"), Settings(), lambda: datetime.now(UTC))
    node.open()
    written = 300
    done = threading.Event()

    def grow() -> None:
        nonlocal written
        while not done.wait(0.05):
            write(at, range(written, written + 20))
            written += 20

    writer = threading.Thread(target=grow)
    try:
        node.start()
        until(lambda: counted(node) >= 300)
        writer.start()
        for _ in range(2):
            goes_on(node)
            own_broker.down(signal.SIGKILL)
            time.sleep(away)
            own_broker.up()
            goes_on(node)
        done.set()
        writer.join()
        until(lambda: counted(node) == written)
        node.check()
        told = node.query("SELECT * FROM by_k", LOCAL).table.to_pylist()
        assert {row["k"]: (row["n"], int(row["total"]), row["newest"]) for row in told} == expected(written)
        assert [receipt["equal"] for receipt in node.parity()["models"]] == [True]
        source: dict[str, Any] = node.status()["sources"][0]
        assert (source["read"], source["kept"], source["rejected"]) == (written, written, 0)
    finally:
        done.set()
        node.close()


def counted(node: Node) -> int:
    node.check()
    return int(node.query("SELECT coalesce(sum(n), 0) AS n FROM by_k", LOCAL).table["n"][0].as_py())


def goes_on(node: Node) -> None:
    before = counted(node)
    until(lambda: counted(node) > before)


def until(condition: Callable[[], bool]) -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=100)
    while not condition():
        assert datetime.now(UTC) < deadline
        time.sleep(0.1)
