"""A source that sets late rows aside: what is final moves to the lake, what came too late is counted and kept, and the proof holds."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headrace.engine import duckdb as engine_module
from headrace.errors import HeadraceError
from headrace.project.load import load
from headrace.runtime.datadir import DataDir
from headrace.runtime.node import Node, Settings
from headrace.security import Principal
from tests.sampling import in_ci

READER = Principal("reader")
SOURCE = {
    "kind": "push",
    "event_time": "ts",
    "lateness": "10 seconds",
    "late": "ledger",
    "schema": {"id": "BIGINT", "ts": "TIMESTAMP", "k": "VARCHAR"},
}
MODELS = {
    "per_minute": "SELECT window_start, k, count(*) AS n FROM TUMBLE(clicks, ts, INTERVAL 1 MINUTE) GROUP BY ALL",
    "per_hour": "SELECT date_trunc('hour', window_start) AS h, sum(n) AS n FROM per_minute GROUP BY 1",
    "passed": "SELECT id, ts FROM clicks WHERE k = 'x'",
}
START = datetime(2024, 5, 1, 12)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(engine_module, "FORGET_EPOCHS", 1)
    root = tmp_path / "p"
    for folder in ("sources", "models"):
        (root / folder).mkdir(parents=True)
    (root / "headrace.yaml").write_text("name: p\nlake: {commit_rows: 1, commit_age: 1 hour}\n")
    (root / "sources" / "clicks.yaml").write_text(json.dumps(SOURCE))
    for name, sql in MODELS.items():
        (root / "models" / f"{name}.sql").write_text(sql)
    return root


class Running:
    """A node, and what was pushed to it."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.pushed = 0
        self.open()

    def open(self) -> None:
        self.node = Node(load(self.project), DataDir(self.project / ".headrace"), Settings(), lambda: datetime.now(UTC))
        self.node.open()
        self.node.start()

    def again(self) -> None:
        self.node.close()
        self.open()

    def push(self, *seconds: float) -> None:
        """Rows that happened so many seconds after the start, in one epoch."""
        rows = [
            {"id": self.pushed + i, "ts": str(START + timedelta(seconds=s)), "k": "xy"[i % 2]}
            for i, s in enumerate(seconds)
        ]
        self.node.push("clicks", "\n".join(map(json.dumps, rows)).encode(), "application/x-ndjson", None)
        self.pushed += len(rows)
        deadline = time.monotonic() + 20
        while self.source()["offset"] < self.pushed:
            self.node.check()
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def source(self) -> dict[str, Any]:
        return next(s for s in self.node.status()["sources"] if s["name"] == "clicks")

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return self.node.query(sql, READER).table.to_pylist()

    def proven(self) -> bool:
        return all(receipt["equal"] for receipt in self.node.parity()["models"])


@pytest.fixture
def running(project: Path) -> Any:
    running = Running(project)
    for minute in range(12):
        running.push(*(minute * 60 + s for s in (1, 20, 40)), max(0, minute * 60 - 45))
    yield running
    running.node.close()


def test_late_rows_are_counted_and_can_be_read(running: Running) -> None:
    source = running.source()
    assert (source["read"], source["kept"], source["late"], source["rejected"]) == (48, 37, 11, 0)
    (ledger,) = running.rows(
        "SELECT count(*) AS n, min(watermark - event_time) AS least, count(DISTINCT position) AS positions FROM headrace_late"
    )
    assert (ledger["n"], ledger["positions"]) == (11, 11)
    (one,) = running.rows("SELECT source, raw->>'k' AS k FROM headrace_late ORDER BY position LIMIT 1")
    assert one == {"source": "clicks", "k": "y"}
    assert running.rows("SELECT count(*) AS n FROM clicks") == [{"n": 37}]
    assert running.proven()


def test_final_rows_leave_the_state_and_are_all_there(running: Running) -> None:
    before = running.rows("SELECT * FROM per_minute ORDER BY ALL")
    running.node._tiering.flush()
    status = running.node.status()
    assert status["state_rows"]["state.per_minute.s0"] < 8
    assert next(m["rows"] for m in status["models"] if m["name"] == "per_minute") == len(before) == 24
    assert running.rows("SELECT * FROM per_minute ORDER BY ALL") == before
    assert running.node._lake.covered("models.per_minute", generation=_generation(running)) >= 16
    assert running.proven()


def test_it_goes_on_after_a_restart_and_after_a_lost_state_file(running: Running) -> None:
    known = 11
    for lose in (False, True, False):
        running.node._tiering.flush()
        running.node.close()
        if lose:
            (running.project / ".headrace" / "state.duckdb").unlink()
        running.open()
        assert running.source()["late"] == known
        running.push(800 + running.pushed, 805, 0)
        known += 1 + (running.pushed > 51)
        assert running.source()["late"] == known
        assert running.proven()
        running.node._tiering.flush()
        assert running.proven()


def test_a_changed_model_starts_its_final_rows_anew(running: Running) -> None:
    running.node._tiering.flush()
    generation = _generation(running)
    changed = MODELS["per_minute"].replace("1 MINUTE", "2 MINUTE")
    (running.project / "models" / "per_minute.sql").write_text(changed)
    running.again()
    assert _generation(running) != generation
    running.push(900)
    running.node._tiering.flush()
    assert len(running.rows("SELECT DISTINCT window_start FROM per_minute")) == 7
    assert running.proven()


@in_ci
def test_accepting_late_rows_after_all_counts_those_that_were_set_aside(running: Running) -> None:
    running.node._tiering.flush()
    (running.project / "sources" / "clicks.yaml").write_text(json.dumps({**SOURCE, "late": "accept"}))
    running.again()
    assert running.rows("SELECT count(*) AS n FROM clicks") == [{"n": 48}]
    assert running.rows("SELECT sum(n) AS n FROM per_hour") == [{"n": 48}]
    assert running.proven()
    (running.project / "sources" / "clicks.yaml").write_text(json.dumps(SOURCE))
    running.again()
    running.push(910, 0)
    assert running.proven()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"event_time": None, "lateness": None}, "`late: ledger` says nothing without `event_time`"),
        ({"key": ["id"]}, "none of them is ever final"),
    ],
)
def test_a_ledger_that_makes_no_sense_is_refused(project: Path, change: dict[str, Any], told: str) -> None:
    declared = {key: value for key, value in {**SOURCE, **change}.items() if value is not None}
    (project / "sources" / "clicks.yaml").write_text(json.dumps(declared))
    with pytest.raises(HeadraceError, match=told):
        load(project)


def _generation(running: Running) -> str:
    return running.node._engine.generation("per_minute") or ""
