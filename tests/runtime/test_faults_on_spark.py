"""A project on Spark, Kafka and S3 while workers, the driver, the broker and the stores die at random: afterwards every row counts once."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from headrace.cli.reach import data_dir
from headrace.cli.running import RunningNode
from headrace.errors import HeadraceError
from headrace.runtime.services import SILENT
from services import kafka, minio, postgres, spark
from tests.services import Service, need_kafka, need_s3, path

from .cluster import Services, expected, project, write
from .test_on_services import CRASH
from .test_on_spark import need_spark

pytestmark = [pytest.mark.xdist_group("broker"), pytest.mark.timeout(1500)]

HEADRACE = Path(sys.executable).with_name("headrace")
NEWEST = "SELECT by_k.k, by_k.n, ev.id FROM by_k JOIN ev ON ev.id = by_k.newest"
FAULTS = int(os.environ.get("HEADRACE_FAULTS", "5"))
"""How many there are: HEADRACE_FAULTS=20 takes eleven minutes."""
EACH = ("worker", "driver", "kafka", "minio")
LONG = 20.0
"""Seconds that the S3 server is away once."""
PATIENCE = 240.0
"""Seconds that a node may take to start, or to run an epoch."""
OPEN = "runs; ask it with"
"""What a node says once it has opened everything."""


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Service]]:
    """A broker, stores and a Spark of the test's own, by name."""
    need_spark()
    need_kafka()
    need_s3()
    # Java processes that live for seconds are done sooner without the second compiler.
    monkeypatch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        within = Path(folder)
        within.chmod(0o755)  # PostgreSQL does not run as root
        stores = [kafka.service(28092, 28093, within), minio.service(28100, within), postgres.service(28432, within)]
        everyone = [*stores, *spark.services(within, 28077, (28078, 28079))]
        try:
            for service in everyone:
                service.up()
            yield {service.name: service for service in everyone}
        finally:
            for service in reversed(everyone):
                service.down(CRASH.get(service.name, signal.SIGKILL))


def run(at: Path, log: Path, *more: str) -> subprocess.Popen[bytes]:
    command = [HEADRACE, "run", at, "--target", "cluster", "--no-serve", *more]
    with log.open("wb") as said:
        return subprocess.Popen(command, stdout=said, stderr=said)


class Kept:
    """A node's process, Spark's driver within it; started again whenever it has ended, as a service manager does."""

    def __init__(self, at: Path) -> None:
        self._at = at
        self._data = data_dir(at, None, "cluster")
        self._turn = threading.Lock()
        self._end = threading.Event()
        self._keeper = threading.Thread(target=self._keep)
        self._logs: list[Path] = []
        self._process = self._started()
        self.gave_up: list[str] = []
        """What each node said that ended by itself."""

    def __enter__(self) -> Kept:
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._let_be()
        self._process.kill()
        self._process.wait()

    def kill(self) -> None:
        with self._turn:
            self._process.kill()
            self._process.wait()
            self._process = self._started()

    def stop(self) -> int:
        """End it in order; its exit code."""
        self._let_be()
        self._process.terminate()
        return self._process.wait(PATIENCE)

    def runs(self) -> bool:
        """Whether it can be asked."""
        return self._data.busy and self._data.socket() is not None

    @contextmanager
    def asked(self) -> Iterator[RunningNode]:
        deadline = time.monotonic() + PATIENCE
        while not self.runs():
            assert time.monotonic() < deadline
            time.sleep(0.2)
        socket = self._data.socket()
        assert socket is not None
        with RunningNode(socket, self._data.root) as node:
            yield node

    def beyond(self, epoch: int) -> int:
        """Wait for a later epoch; which it then is."""
        deadline = time.monotonic() + PATIENCE
        while (now := self._epoch()) <= epoch:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        return now

    def _epoch(self) -> int:
        try:
            with self.asked() as node:
                return int(node.status()["epoch"])
        except HeadraceError as error:
            if error.code not in SILENT:
                raise AssertionError(self._logs[-1].read_text(errors="replace")[-20_000:]) from error
            return 0  # it cannot say: the broker is not back yet

    def _started(self) -> subprocess.Popen[bytes]:
        self._logs.append(self._at / f"node-{len(self._logs)}.log")
        return run(self._at, self._logs[-1])

    def _keep(self) -> None:
        while not self._end.wait(0.2):
            with self._turn:
                if self._process.poll() is not None:
                    self.gave_up.append(self._logs[-1].read_text(errors="replace"))
                    self._process = self._started()

    def _let_be(self) -> None:
        self._end.set()
        self._keeper.join()


class Writer:
    """Appends some rows to the source's file, all the time."""

    def __init__(self, at: Path, chance: random.Random) -> None:
        self.written = 0
        self._at = at
        self._chance = chance
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _write(self) -> None:
        while not self._end.wait(self._chance.uniform(0, 0.3)):
            rows = range(self.written, self.written + self._chance.randrange(1, 60))
            write(self._at, rows)
            self.written = rows.stop


def faults(chance: random.Random) -> list[tuple[str, float]]:
    """Who dies, and for how many seconds: each once, twice if there are to be ten, and anybody once more if there are to be more."""
    kinds = [*EACH, "postgres"] * min(2, max(1, FAULTS // 5))
    while len(kinds) < FAULTS:
        kinds.append(chance.choice(EACH))
    chance.shuffle(kinds)
    away = [chance.uniform(0, 3) if kind == "worker" else chance.uniform(0.5, 5) for kind in kinds]
    away[chance.choice([n for n, kind in enumerate(kinds) if kind == "minio"])] = LONG
    return list(zip(kinds, away, strict=True))


def test_faults_at_random_points_leave_every_row_counted_once(own: dict[str, Service], tmp_path: Path) -> None:
    chance = random.Random(10)
    target = Services(own["kafka"].address, own["minio"].port, own["postgres"].port).target("faults")
    target["engine"] = {"kind": "spark", "master": f"spark://{own['spark-master'].address}"}
    # Every second what came is moved to the lake.
    at = project(tmp_path / "p", target, lake={"commit_age": "1 second"})
    (at / "models" / "newest.sql").write_text(NEWEST)
    epoch = hit = 0
    with Kept(at) as node:
        with Writer(at, random.Random(11)) as writer:
            for n, (kind, away) in enumerate(faults(chance)):
                if n % 3 == 0:  # the others hit whatever goes on then, a start too
                    epoch = node.beyond(epoch)
                if n == 0:
                    no_secret_is_in_a_command_line()
                time.sleep(chance.uniform(0, 5))
                hit += node.runs()
                if kind == "driver":
                    node.kill()
                    continue
                service = own[kind if kind in own else chance.choice(("spark-worker-1", "spark-worker-2"))]
                service.down(CRASH.get(kind, signal.SIGKILL))
                time.sleep(away)
                service.up()
            node.beyond(epoch)
        assert node.stop() == 0
    assert hit >= 0.6 * FAULTS
    for said in node.gave_up:  # only while it opened, and for a service that was away just then
        assert OPEN not in said
        assert set(re.findall(r"HR-\d+", said)) & SILENT, said

    last_run = run(at, at / "caught-up.log", "--until-caught-up")
    try:
        assert last_run.wait(PATIENCE) == 0
    finally:
        last_run.kill()
    with Kept(at) as node, node.asked() as asked:
        n = writer.written
        assert by_key(asked, "SELECT k, n, total, newest FROM by_k") == expected(n)
        last = {k: (count, newest) for k, (count, _, newest) in expected(n).items()}
        assert by_key(asked, "SELECT k, n, id FROM newest") == last
        (source,) = asked.status()["sources"]
        counts = [source[name] for name in ("read", "kept", "rejected", "late", "lag_rows")]
        assert counts == [n, n, 0, 0, 0]
        assert [receipt["equal"] for receipt in asked.parity([])["models"]] == [True, True]


def by_key(node: RunningNode, sql: str) -> dict[str, tuple[int, ...]]:
    _, rows = node.rows(sql, None, 10)
    assert len(rows) == 3
    return {key: tuple(map(int, rest)) for key, *rest in rows}


def no_secret_is_in_a_command_line() -> None:
    secrets = [path(name).read_text().strip().encode() for name in ("s3", "postgres")]
    commands = [line.read_bytes() for line in Path("/proc").glob("[0-9]*/cmdline") if line.exists()]
    assert not [line for line in commands for secret in secrets if secret in line]
