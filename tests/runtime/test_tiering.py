"""History in the lake: every type comes back as it was, files stay few, and proof goes on over what was moved and merged."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from headrace.project.load import load
from headrace.runtime.datadir import DataDir
from headrace.runtime.node import Node, Settings
from headrace.runtime.tiering import TIDY_AFTER
from headrace.security import Principal
from tests.sampling import in_ci

COLUMNS = {
    "id": "BIGINT",
    "at": "TIMETZ",
    "who": "UUID",
    "size": "ENUM('s', 'm', 'l')",
    "bits": "BIT",
    "big": "HUGEINT",
    "nested": "STRUCT(a INTEGER, b VARCHAR[])",
}
ROW = {
    "at": "10:00:00+05:30",
    "who": "00000000-0000-0000-0000-00000000002a",
    "size": "m",
    "bits": "10110",
    "big": "170141183460469231731",
    "nested": {"a": 1, "b": ["x", None]},
}
READER = Principal("reader")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "p"
    for folder in ("sources", "models"):
        (root / folder).mkdir(parents=True)
    (root / "headrace.yaml").write_text("name: p\nlake: {commit_rows: 1, commit_age: 1 hour}\n")
    (root / "sources" / "odd.yaml").write_text(json.dumps({"kind": "push", "schema": COLUMNS}))
    (root / "models" / "by_size.sql").write_text(
        'SELECT size, who, "at", bits, sum(big) AS total, count(*) AS n FROM odd GROUP BY ALL'
    )
    return root


def opened(project: Path) -> Node:
    data = DataDir(project / ".headrace")
    node = Node(load(project), data, Settings(), lambda: datetime.now(UTC))
    node.open()
    return node


@pytest.fixture
def node(project: Path) -> Iterator[Node]:
    node = opened(project)
    node.start()
    yield node
    node.close()


def push(node: Node, number: int) -> None:
    answer = node.push("odd", json.dumps({"id": number, **ROW}).encode(), "application/x-ndjson", None)
    assert (answer["kept"], answer["rejected"]) == (1, 0), answer


def taken(node: Node, rows: int) -> None:
    deadline = time.monotonic() + 20
    while node.status()["sources"][0]["offset"] < rows:
        node.check()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_types_come_back_from_the_lake_as_they_were(node: Node) -> None:
    push(node, 1)
    taken(node, 1)
    exact = "SELECT id, typeof(\"at\") AS t, \"at\"::VARCHAR AS \"at\", who::VARCHAR AS who, size::VARCHAR AS size, bits::VARCHAR AS bits, big::VARCHAR AS big, nested.b[1] AS b FROM odd"  # fmt: skip
    hot = node.query(exact, READER).table.to_pylist()
    node._tiering.flush()
    assert node._lake.covered("raw.odd") == 1
    assert node.query("SELECT count(*) AS n FROM odd", READER).table.to_pylist() == [{"n": 1}]
    assert node.query(exact, READER).table.to_pylist() == hot
    assert hot == [
        {"id": 1, "t": "TIME WITH TIME ZONE", "at": "10:00:00+05:30", "who": ROW["who"], "size": "m", "bits": "10110",
         "big": ROW["big"], "b": "x"}
    ]  # fmt: skip
    assert [r["equal"] for r in node.parity()["models"]] == [True]


def test_many_small_commits_leave_few_files(node: Node) -> None:
    rows = TIDY_AFTER + 3
    for number in range(rows):
        push(node, number)
        taken(node, number + 1)
        node._tiering.flush()
    assert len(node._lake.files("raw.odd")) < TIDY_AFTER
    assert node._lake.covered("raw.odd") == rows
    found = node.query("SELECT count(*) AS n, count(DISTINCT id) AS ids FROM odd", READER).table.to_pylist()
    assert found == [{"n": rows, "ids": rows}]
    assert [r["equal"] for r in node.parity()["models"]] == [True]


@in_ci
def test_proof_while_rows_move_to_the_lake(node: Node) -> None:
    """A recompute reads each row once, whether it moves before, while or after it is read."""
    end = threading.Event()
    verdicts: list[bool] = []

    def prove() -> None:
        while not end.is_set():
            verdicts.extend(r["equal"] for r in node.parity()["models"])

    prover = threading.Thread(target=prove)
    prover.start()
    for number in range(25):
        push(node, number)
        taken(node, number + 1)
        node._tiering.flush()
    end.set()
    prover.join()
    assert len(verdicts) > 3
    assert all(verdicts)


def test_a_lost_state_file_is_rebuilt_from_lake_and_log(project: Path) -> None:
    node = opened(project)
    node.start()
    for number in range(3):
        push(node, number)
    taken(node, 3)
    node._tiering.flush()
    push(node, 3)
    taken(node, 4)
    before = node.query("SELECT * FROM by_size", READER).table.to_pylist()
    epoch = node.status()["epoch"]
    node.close()
    (project / ".headrace" / "state.duckdb").unlink()
    node = opened(project)
    assert node.status()["epoch"] == epoch
    assert node.query("SELECT * FROM by_size", READER).table.to_pylist() == before
    assert [r["equal"] for r in node.parity()["models"]] == [True]
    node.close()


def test_a_model_built_after_a_crash_counts_rows_once_that_lake_and_state_both_have(project: Path) -> None:
    node = opened(project)
    node.start()
    for number in range(5):
        push(node, number)
    taken(node, 5)
    node._engine.checkpoint()
    state = project / ".headrace" / "state.duckdb"
    before_tiering = state.read_bytes()
    node._tiering.flush()
    assert node._lake.covered("raw.odd") == 5
    node.close()
    state.write_bytes(before_tiering)  # as a kill leaves it: the lake has the rows, and so has the state file
    (project / "models" / "by_size.sql").write_text("SELECT size, count(*) AS n FROM odd GROUP BY ALL")
    node = opened(project)
    assert node.built == ("by_size",)
    assert node.query("SELECT * FROM by_size", READER).table.to_pylist() == [{"size": "m", "n": 5}]
    assert [r["equal"] for r in node.parity()["models"]] == [True]
    node.close()
