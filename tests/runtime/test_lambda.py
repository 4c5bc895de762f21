"""The lambda pattern on a node that runs: late rows are counted in beside the epochs, the lake follows, and whoever listens is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headrace.engine import Committed, Mark
from headrace.errors import EngineError, HeadraceError
from headrace.runtime.node import EpochResult, Node

from .test_late_rows import Running, _generation, project

assert project  # the fixture


@pytest.fixture
def running(project: Path) -> Any:
    settings = (project / "headrace.yaml").read_text()
    (project / "headrace.yaml").write_text(f"{settings}pattern: lambda\nparity: {{every: 1 hour}}\n")
    running = Running(project)
    for minute in range(12):
        running.push(*(minute * 60 + s for s in (1, 20, 40)), max(0, minute * 60 - 45))
    yield running
    running.node.close()


def test_a_reconcile_beside_the_epochs(running: Running) -> None:
    heard: list[EpochResult] = []
    running.node.watch(heard.append)
    found = running.node.reconcile()
    assert found["late"] == {"clicks": 11}
    assert all(receipt["equal"] for receipt in found["models"])
    assert found["changed"].keys() == {"per_minute", "per_hour"} | ({"passed"} & found["changed"].keys())
    assert heard[-1].changed >= {"clicks", "per_minute", "per_hour"}
    source = running.source()
    assert (source["read"], source["kept"], source["late"]) == (48, 48, 0)
    assert running.rows("SELECT sum(n) AS n FROM per_minute") == [{"n": 48}]
    running.push(800, 805, 0)  # and a later late row is late again
    assert running.source()["late"] == 1
    assert running.proven()
    running.again()
    assert running.source()["late"] == 1
    assert running.proven()


def test_the_lake_has_the_final_rows_of_this_build(running: Running) -> None:
    running.node._tiering.flush()
    before = _generation(running)
    running.node.reconcile()
    running.node._tiering.flush()
    generation = _generation(running)
    assert generation != before
    final = running.node._engine.final_rows("per_minute")
    assert running.node._lake.covered("models.per_minute", generation=generation) == final > 16
    assert running.proven()


def test_one_that_fails_is_told_and_the_node_goes_on(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(mark: Mark, *_: object) -> Committed:
        raise EngineError("no memory", code="HR-603")

    monkeypatch.setattr(running.node._engine, "reconcile", fails)
    for _ in range(2):
        with pytest.raises(EngineError, match="no memory"):
            running.node.reconcile()
    monkeypatch.undo()
    running.push(800, 805)
    running.node.check()
    assert running.node.reconcile()["late"] == {"clicks": 11}
    assert running.proven()


def test_who_cannot_be_told_of_it_stops_the_node(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after any epoch: what is committed stays, and nobody goes on without having heard of it."""

    def fails(*_: object) -> None:
        raise EngineError("nobody hears", code="HR-603")

    monkeypatch.setattr(running.node, "_publishing", None)
    running.node.watch(fails)
    assert running.node.reconcile()["late"] == {"clicks": 11}
    assert running.node.wait(10)
    with pytest.raises(HeadraceError, match="nobody hears"):
        running.node.check()


def test_by_schedule_it_reconciles_and_proves_what_the_pattern_leaves_alone(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    parity = Node.parity

    def listening(node: Node, models: Any = ()) -> dict[str, Any]:
        asked.append(list(models))
        return parity(node, models)

    monkeypatch.setattr(Node, "parity", listening)
    monkeypatch.setattr("headrace.runtime.node.reconciled_models", lambda _: frozenset({"passed"}))
    running.node._reconcile_regularly()
    assert asked == [["passed", "per_hour", "per_minute"]]  # late rows were of all of them
    running.node._reconcile_regularly()
    assert asked[1:] == [["passed"], ["per_hour", "per_minute"]]
