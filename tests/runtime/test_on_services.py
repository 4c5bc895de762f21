"""A project on Kafka, S3 and PostgreSQL: the same answers, and nothing lost or doubled when one of them goes away."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from headrace.project import load
from headrace.runtime.datadir import DataDir
from headrace.runtime.node import Node, Settings
from services import kafka, minio, postgres
from tests.services import Service, broker, path

from .cluster import LOCAL, Services, expected, on_cluster, project, write

pytestmark = [pytest.mark.xdist_group("broker"), pytest.mark.timeout(900)]

HEADRACE = Path(sys.executable).with_name("headrace")
FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
GUARDED = 19194


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Path]:
    with on_cluster() as (_, target):
        yield project(tmp_path / "p", target)


def headrace(*words: str, seconds: float = 240) -> str:
    done = subprocess.run([HEADRACE, *words], check=False, capture_output=True, text=True, timeout=seconds)
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
    assert not (data / "lake").exists()
    shutil.rmtree(data)  # log and lake have it all
    assert caught_up() == expected(1500)
    status = json.loads(headrace("status", "--json", "--project", str(at), "--target", "cluster"))
    assert [(s["read"], s["kept"], s["lag_rows"]) for s in status["sources"]] == [(1500, 1500, 0)]
    receipts = json.loads(headrace("parity", "--json", "--project", str(at), "--target", "cluster"))
    assert [r["equal"] for r in receipts["models"]] == [True]


def test_flights_come_out_as_on_this_machine_alone(tmp_path: Path) -> None:
    """Every model of the example, after two months of rows, from SQLite and local files, and from Kafka and S3."""
    comes_out_alike(tmp_path / "flights", "cluster", seconds=240, months=2)


def comes_out_alike(at: Path, chosen: str, seconds: float, months: int = 12) -> None:
    shutil.copytree(FLIGHTS, at, ignore=shutil.ignore_patterns(".headrace"))
    events = at / "sources" / "flights_events.sql"
    text, joined = events.read_text(), "JOIN zones AS z ON z.faa = f.dest\n"
    assert text.count(joined) == 1
    events.write_text(text.replace(joined, f"{joined}    WHERE f.month <= {months}\n"))
    settings = yaml.safe_load((at / "headrace.yaml").read_text())
    with on_cluster() as (name, target):
        # The example's own targets are for the services of `scripts/cluster up`, as this one is, under another name.
        own = settings["targets"][chosen]
        own["log"]["name"] = own["lake"]["name"] = name
        own["lake"]["warehouse"] = f"s3://{minio.BUCKET}/{name}"
        assert own["log"] == target["log"]
        (at / "headrace.yaml").write_text(yaml.safe_dump(settings))
        headrace("run", str(at), "--until-caught-up", "--no-serve")
        headrace("run", str(at), "--until-caught-up", "--no-serve", "--target", chosen, seconds=seconds)
        here, there = contents(at), contents(at, chosen)
        receipts = json.loads(headrace("parity", "--json", "--project", str(at), "--target", chosen, seconds=seconds))
    assert all(receipt["equal"] for receipt in receipts["models"])
    assert here.keys() == there.keys() == {receipt["model"] for receipt in receipts["models"]}
    for model, rows in here.items():
        assert there[model] == rows, model


def contents(at: Path, *target: str) -> dict[str, list[str]]:
    """Each model's rows."""
    asked = [sys.executable, "-m", "tests.runtime.contents", at, *target]
    done = subprocess.run(asked, check=False, capture_output=True, text=True, cwd=FLIGHTS.parents[1], timeout=600)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_target_that_is_not_there_is_named(at: Path) -> None:
    done = subprocess.run([HEADRACE, "run", at, "--target", "clutser"], check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "HR-114" in done.stderr
    assert "cluster" in done.stderr


@pytest.mark.parametrize(
    ("services", "code", "said"),
    [
        (Services(kafka="127.0.0.1:9"), "HR-515", "127.0.0.1:9"),
        (Services(s3_port=9), "HR-715", "S3 at http://127.0.0.1:9"),
        (Services(postgres_port=9), "HR-715", "PostgreSQL at 127.0.0.1:9"),
    ],
    ids=["Kafka", "S3", "PostgreSQL"],
)
def test_a_service_that_is_not_there_stops_the_start_with_its_reason(
    tmp_path: Path, services: Services, code: str, said: str
) -> None:
    with on_cluster(services) as (_, target):
        at = project(tmp_path / "p", target)
    started = time.monotonic()
    done = subprocess.run(
        [HEADRACE, "run", at, "--target", "cluster", "--no-serve"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert code in done.stderr
    assert said in done.stderr
    assert time.monotonic() - started < 60


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[str]:
    """Where a broker asks for a password."""
    for _ in broker(tmp_path, GUARDED):
        yield f"127.0.0.1:{GUARDED}"


def test_a_broker_takes_the_right_password_and_a_wrong_one_is_told(
    guarded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.username": kafka.USER}
    log = {"kind": "kafka", "servers": guarded, "client": {**said, "sasl.password": {"env": "KAFKA_PASSWORD"}}}
    at = project(tmp_path / "p", {"log": log})
    there = [str(at), "--target", "cluster"]
    write(at, range(100))
    monkeypatch.setenv("KAFKA_PASSWORD", path("kafka").read_text().strip())
    headrace("run", *there, "--until-caught-up", "--no-serve")
    headrace("doctor", *there)
    monkeypatch.setenv("KAFKA_PASSWORD", "not-this-one")
    for command, code in ((["run", "--no-serve"], 1), (["doctor"], 3)):
        started = time.monotonic()
        done = subprocess.run([HEADRACE, *command, *there], check=False, capture_output=True, text=True)
        told = done.stdout + done.stderr
        assert done.returncode == code, told
        assert "HR-516" in told
        assert f"Kafka at {guarded} refuses user 'headrace'" in " ".join(told.split())
        assert "not-this-one" not in told
        assert time.monotonic() - started < 60


@pytest.fixture
def own(tmp_path: Path) -> Iterator[dict[str, Service]]:
    """A broker, an S3 server and a database of the test's own, which it may kill."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL does not run as root
        stores = [minio.service(29100, Path(folder)), postgres.service(29532, Path(folder))]
        for broker_ in broker(tmp_path):
            for service in stores:
                service.up()
            yield {"kafka": broker_, **{service.name: service for service in stores}}
        for service in stores:
            service.down(CRASH[service.name])


AWAY = 12.0
"""Seconds that a service is away, one after the other."""
CRASH = {"kafka": signal.SIGKILL, "minio": signal.SIGKILL, "postgres": signal.SIGQUIT}
"""What ends a service as a crash does; PostgreSQL's children would outlive it otherwise."""


def test_a_node_goes_on_when_its_services_come_back(own: dict[str, Service], tmp_path: Path) -> None:
    services = Services(own["kafka"].address, own["minio"].port, own["postgres"].port)
    with on_cluster(services) as (_, target):
        # Every second what came is moved to the lake, and all of it recomputed from there.
        at = project(tmp_path / "p", target, lake={"commit_age": "1 second"}, parity={"every": "1 second"})
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
        for name in random.Random(12).sample(list(own), 3):
            goes_on(node)
            own[name].down(CRASH[name])
            time.sleep(AWAY)
            if name != "kafka":
                goes_on(node)  # rows are taken and models kept, without the lake
            else:
                until(lambda: not {"HR-511", "HR-515"}.isdisjoint(who["code"] for who in node.status()["waiting"]))
                assert node.status()["sources"][0]["kept"] > 300
            own[name].up()
            goes_on(node)
        done.set()
        writer.join()
        until(lambda: counted(node) == written)
        node.check()
        told = node.query("SELECT * FROM by_k", LOCAL).table.to_pylist()
        assert {row["k"]: (row["n"], int(row["total"]), row["newest"]) for row in told} == expected(written)
        until(lambda: node._tiering.covered("ev") == written)
        assert [receipt["equal"] for receipt in node.parity()["models"]] == [True]
        until(lambda: not node.status()["waiting"])
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
