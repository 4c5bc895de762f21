"""A lake, and Spark's state, whose tables are listed behind Iceberg's REST interface: a server of the test's own."""

from __future__ import annotations

import json
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from services.process import ServiceError

from headrace.errors import LakeError
from headrace.lake import LakeElsewhere, Rest, open_lake_elsewhere
from headrace.log.kafka import KafkaSettings, delete_kafka
from services import nessie
from tests.sampling import CI
from tests.services import BUCKET, KAFKA, forget_lake, missing_service, need_s3, s3

from .cluster import Services, expected, on_cluster, project, write
from .test_on_services import headrace

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.timeout(900)]
PORT, MANAGEMENT = 19195, 19196


@pytest.fixture
def rest(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Where it answers, and its warehouse."""
    need_s3()
    if not nessie.fetched() and not CI:
        missing_service("no catalog behind REST: in a checkout, scripts/cluster up --rest")
    name = f"test-{uuid.uuid4().hex[:12]}"
    own = nessie.service(PORT, MANAGEMENT, tmp_path, f"{BUCKET}/{name}")
    try:
        own.up()
    except ServiceError as why:
        missing_service(str(why))
    yield nessie.uri(PORT), f"{BUCKET}/{name}"
    own.down(signal.SIGKILL)
    forget_lake(name)


@contextmanager
def on(rest: tuple[str, str]) -> Iterator[dict[str, Any]]:
    """A target with that catalog."""
    uri, warehouse = rest
    with on_cluster(Services(rest=uri)) as (name, target):
        target["lake"]["warehouse"] = warehouse  # type: ignore[index]
        yield target
    delete_kafka(KafkaSettings(KAFKA, name))


@pytest.mark.parametrize("engine", [None, {"kind": "spark", "master": "local[2]"}], ids=["duckdb", "spark"])
def test_a_project_runs_with_it(tmp_path: Path, rest: tuple[str, str], engine: dict[str, str] | None) -> None:
    with on(rest) as target:
        at = project(tmp_path / "p", {**target, **({"engine": engine} if engine else {})}, lake={"commit_rows": 100})
        here = ("--project", str(at), "--target", "cluster")
        for ids in (range(1000), range(1000, 1500)):
            write(at, ids)
            headrace("run", str(at), "--target", "cluster", "--until-caught-up", "--no-serve")
        receipts = json.loads(headrace("parity", "--json", *here))
        assert [receipt["equal"] for receipt in receipts["models"]] == [True]
        # The models, or the copy of them: nobody has it open now.
        with duckdb.connect() as connection:
            connection.execute(f"ATTACH '{at}/.headrace/targets/cluster/state.duckdb' AS node (READ_ONLY); USE node")
            told = connection.execute("SELECT k, n, total, newest FROM by_k").fetchall()
        assert {k: (n, total, newest) for k, n, total, newest in told} == expected(1500)


def test_doctor_finds_it(tmp_path: Path, rest: tuple[str, str]) -> None:
    with on(rest) as target:
        at = project(tmp_path / "p", target)
        assert rest[0] in headrace("doctor", str(at), "--target", "cluster")


def rows(start: int, stop: int) -> pa.Table:
    return pa.table({"id": range(start, stop), "__offset": pa.array(range(start, stop), pa.int64())})


def test_history_is_written_merged_expired_and_swept(rest: tuple[str, str]) -> None:
    place = LakeElsewhere("shop", rest[1], s3(), Rest(rest[0], (("warehouse", nessie.WAREHOUSE),)))
    with open_lake_elsewhere(place) as lake:
        for start in range(0, 60, 10):
            lake.append("raw.ev", rows(start, start + 10), start=start, stop=start + 10, epoch=start // 10 + 1)
        lake.compact("raw.ev")
        lake.expire("raw.ev", keep=1)
        lake.sweep(before=datetime.now(UTC) + timedelta(minutes=1))
        assert lake.covered("raw.ev") == 60
    with open_lake_elsewhere(place) as again, duckdb.connect() as connection:
        for statement in again.preparation:
            connection.execute(statement)
        assert connection.execute(f"SELECT count(*), sum(id) FROM ({again.select('raw.ev')})").fetchall() == [
            (60, 1770)
        ]


def test_tables_outside_of_the_warehouse_are_refused(rest: tuple[str, str]) -> None:
    place = LakeElsewhere("shop", f"{rest[1]}/below", s3(), Rest(rest[0], (("warehouse", nessie.WAREHOUSE),)))
    with open_lake_elsewhere(place) as lake, pytest.raises(LakeError, match=f"not below {place.warehouse}") as refused:
        lake.append("raw.ev", rows(0, 1), start=0, stop=1, epoch=1)
    assert refused.value.code == "HR-719"
