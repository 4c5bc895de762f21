"""A node whose log or lake does not answer for a while: what was said last stands, and catching up goes on by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from headrace.errors import EngineError, HeadraceError, LogError
from headrace.project import load
from headrace.runtime.datadir import DataDir
from headrace.runtime.node import Node, Settings

from .cluster import project, write


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    at = project(tmp_path / "p", {})
    write(at, range(10))
    made = Node(load(at), DataDir(tmp_path / "data"), Settings(full_speed=True), lambda: datetime.now(UTC))
    made.open()
    yield made
    made.close()


def failing(real: Callable[..., Any], error: HeadraceError, times: int) -> Callable[..., Any]:
    """What fails so often, and then answers."""
    left = [times]

    def ask(*given: Any) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise error
        return real(*given)

    return ask


def no_broker() -> LogError:
    return LogError("the broker does not answer", code="HR-515")


def no_history() -> EngineError:
    return EngineError("history cannot be read", code="HR-610")


def test_catching_up_waits_for_the_log_and_for_the_lake(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node._log, "ends", failing(node._log.ends, no_broker(), 6))
    monkeypatch.setattr(node._tiering, "flush", failing(node._tiering.flush, no_history(), 2))
    node.start()
    node.run_until_caught_up(lambda _: None)
    status = node.status()
    assert [status["sources"][0][name] for name in ("read", "kept", "lag_rows")] == [10, 10, 0]
    assert status["waiting"] == []


def test_what_does_not_heal_ends_it(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    full = EngineError("the disk is full", code="HR-602")
    monkeypatch.setattr(node._tiering, "flush", failing(node._tiering.flush, full, 1))
    node.start()
    with pytest.raises(EngineError, match="HR-602"):
        node.run_until_caught_up(lambda _: None)


def test_a_status_says_what_was_said_last(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.start()
    node.run_until_caught_up(lambda _: None)
    before = node.status()
    monkeypatch.setattr(node._log, "ends", failing(node._log.ends, no_broker(), 1000))
    monkeypatch.setattr(node._engine, "sizes", failing(node._engine.sizes, no_history(), 1000))
    for told in ("models", "sources", "log", "lag_rows"):
        assert node.status()[told] == before[told]
    assert node.lineage()["nodes"]


def test_what_was_never_said_is_not_made_up(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node._engine, "sizes", failing(node._engine.sizes, no_history(), 1))
    with pytest.raises(EngineError, match="HR-610"):
        node.status()
    assert node.status()["models"]
