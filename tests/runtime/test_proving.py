"""Regular proofs: of a node that stays, not of one that is there to catch up."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from headrace.errors import SqlError
from headrace.project import load
from headrace.runtime.datadir import DataDir
from headrace.runtime.node import Node, Settings

from .cluster import project, write


@pytest.mark.parametrize("full_speed", [False, True])
def test_what_is_there_to_catch_up_proves_nothing_by_itself(tmp_path: Path, *, full_speed: bool) -> None:
    at = project(tmp_path / "p", {}, parity={"every": "1 second"})
    write(at, range(10))
    node = Node(load(at), DataDir(tmp_path / "data"), Settings(full_speed=full_speed), lambda: datetime.now(UTC))
    node.open()
    try:
        node.start()
        until = time.monotonic() + (2.5 if full_speed else 20)
        while not node.receipts() and time.monotonic() < until:
            time.sleep(0.05)
        assert set(node.receipts()) == (set() if full_speed else {"by_k"})
        if full_speed:
            assert [r["equal"] for r in node.parity()["models"]] == [True]
    finally:
        node.close()


def test_a_proof_that_the_engine_has_no_words_for_leaves_the_node_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = project(tmp_path / "p", {}, parity={"every": "1 second"})
    write(at, range(10))
    node = Node(load(at), DataDir(tmp_path / "data"), Settings(), lambda: datetime.now(UTC))
    node.open()
    tried = threading.Event()

    def unfaithful(_: object) -> None:
        tried.set()
        raise SqlError("model by_k: it has no rendering", code="HR-311")

    monkeypatch.setattr(node._engine, "recompute", unfaithful)
    try:
        node.start()
        assert tried.wait(20)
        assert not node.wait(0.5)
        node.check()
    finally:
        node.close()
