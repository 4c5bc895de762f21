"""A project whose models Spark keeps, on a master and two workers, with state on S3: the same rows, whoever dies."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from services.process import is_open
from services.spark import MASTER, services

from headrace.engine.spark.jars import JARS
from headrace.engine.spark.session import missing
from tests.services import missing_service, path

from .cluster import expected, on_cluster, project, write
from .test_on_services import comes_out_alike

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.timeout(1500)]

HEADRACE = Path(sys.executable).with_name("headrace")


def need_spark() -> None:
    """Go on if there is a Spark master."""
    if why := missing(JARS):
        missing_service(f"Spark cannot run: {why}; in a checkout, make cluster")
    if not is_open(MASTER):
        missing_service(f"no Spark master at 127.0.0.1:{MASTER}: in a checkout, make cluster")


def with_spark(target: dict[str, Any]) -> dict[str, Any]:
    return {**target, "engine": {"kind": "spark", "master": f"spark://127.0.0.1:{MASTER}"}}


def run(at: Path, *more: str) -> subprocess.Popen[str]:
    command = [HEADRACE, "run", at, "--target", "cluster", "--no-serve", *more]
    with (at / "node.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, text=True)


def asked(at: Path, *words: str) -> Any:
    done = subprocess.run(
        [HEADRACE, *words, "--project", at, "--target", "cluster"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def kept(at: Path) -> dict[str, tuple[int, int, int]]:
    rows = asked(at, "query", "SELECT * FROM by_k", "--format", "json")
    return {row["k"]: (row["n"], int(row["total"]), row["newest"]) for row in rows}


def until(at: Path, epoch: int) -> None:
    """Wait for the epoch of the running node."""
    deadline = time.monotonic() + 450
    while True:
        done = subprocess.run(
            [HEADRACE, "status", "--json", "--project", at, "--target", "cluster"],
            check=False, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode == 0 and (said := json.loads(done.stdout))["running"] and said["epoch"] >= epoch:
            return
        assert time.monotonic() < deadline, done.stderr
        time.sleep(0.5)


def test_whoever_dies_the_rows_are_exact(tmp_path: Path) -> None:
    need_spark()
    with on_cluster() as (_, target):
        at = project(tmp_path / "p", with_spark(target))
        write(at, range(300))
        node = run(at)
        try:
            until(at, 1)
            secrets = [path(name).read_text().strip().encode() for name in ("s3", "postgres")]
            commands = [line.read_bytes() for line in Path("/proc").glob("[0-9]*/cmdline") if line.exists()]
            assert not [line for line in commands for secret in secrets if secret in line], "a secret in a command line"

            worker = services()[1]
            write(at, range(300, 600))
            worker.down(signal.SIGKILL)
            write(at, range(600, 700))
            worker.up()
            until(at, 2)

            write(at, range(700, 900))
            time.sleep(1)
            node.kill()
            node.wait()
        finally:
            node.kill()
        write(at, range(900, 1000))
        assert run(at, "--until-caught-up").wait(450) == 0
        assert kept(at) == expected(1000)
        receipts = asked(at, "parity", "--json")
        assert [receipt["equal"] for receipt in receipts["models"]] == [True]


def test_the_flights_year_comes_out_as_in_one_process(tmp_path: Path) -> None:
    """Every model of the example, kept by Spark, against those that DuckDB keeps; and by Spark's own recompute."""
    need_spark()
    comes_out_alike(tmp_path / "flights", "spark", seconds=900)
