"""An epoch that fails again and again: waited for while somebody is away, ended with its reason when nobody is known to be."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from headrace.engine import DuckDBEngine
from headrace.errors import EngineError
from headrace.project import load
from headrace.runtime import loop
from headrace.runtime.datadir import DataDir
from headrace.runtime.node import Node, Settings

from .cluster import LOCAL, project, write

PATIENCE = 0.5


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    monkeypatch.setattr(loop, "PATIENCE_SECONDS", PATIENCE)
    at = project(tmp_path / "p", {})
    write(at, range(30))
    made = Node(load(at), DataDir(tmp_path / "data"), Settings(), lambda: datetime.now(UTC))
    made.open()
    yield made
    made.close()


def failing(monkeypatch: pytest.MonkeyPatch, code: str, until: float) -> None:
    """Every epoch fails until then."""
    run = DuckDBEngine.run

    def fails(self: DuckDBEngine, *given: Any) -> Any:
        if time.monotonic() < until:
            raise EngineError("Spark failed", code=code, state="nothing of it was kept", fix="mend it")
        return run(self, *given)

    monkeypatch.setattr(DuckDBEngine, "run", fails)


def test_an_epoch_that_keeps_failing_stops_the_node(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, "HR-617", float("inf"))
    started = time.monotonic()
    node.start()
    assert node.wait(20)
    with pytest.raises(EngineError, match="Spark failed"):
        node.check()
    assert time.monotonic() - started > PATIENCE


@pytest.mark.parametrize(("code", "seconds"), [("HR-613", 4 * PATIENCE), ("HR-617", PATIENCE / 2)])
def test_one_that_comes_right_goes_on(node: Node, monkeypatch: pytest.MonkeyPatch, code: str, seconds: float) -> None:
    failing(monkeypatch, code, time.monotonic() + seconds)
    node.start()
    deadline = time.monotonic() + 20
    while node.query("SELECT count(*) FROM ev", LOCAL).table[0].to_pylist() != [30]:
        node.check()
        assert time.monotonic() < deadline
        time.sleep(0.05)
