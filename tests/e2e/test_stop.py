"""A node that is told to stop, stops: soon, cleanly, and without losing or doubling anything."""

from __future__ import annotations

import json
import signal
import time

import pytest

from .conftest import Folder, running

SECONDS = 10
ROWS = 60_000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_a_node(project: Folder, number: int) -> None:
    with running(project, "--port", "0") as node:
        node.until("SELECT sum(n) AS n FROM by_shop", [{"n": 3}])
        assert node.end(number, SECONDS) == 0
        said = node.log.read_text()
    assert "Traceback" not in said
    assert "Stopped." in said
    assert not (project.data / "node.json").exists()
    assert not list(project.data.glob("*.wal"))


def test_a_signal_ends_a_node_with_an_open_stream(project: Folder) -> None:
    project.write(
        "dashboards/shops.yaml",
        "title: Shops\ntiles:\n  - {title: Orders, kind: stat, sql: SELECT sum(n) AS n FROM by_shop}\n",
    )
    with running(project, "--no-serve") as node:
        node.until("SELECT sum(n) AS n FROM by_shop", [{"n": 3}])
        with node.client.stream("GET", "/v1/dashboards/shops/live") as stream:
            assert stream.status_code == 200
            assert next(stream.iter_lines())
            assert node.end(signal.SIGINT, SECONDS) == 0
        assert "Traceback" not in node.log.read_text()


def test_catching_up_that_is_interrupted_goes_on_later(project: Folder) -> None:
    rows = (json.dumps({"id": at, "shop": f"s{at % 7}", "amount": at}) for at in range(ROWS))
    project.write("orders.ndjson", "\n".join(rows) + "\n")
    with running(project, "--until-caught-up", "--no-serve", "--epoch-rows", "20") as node:
        time.sleep(1)
        assert node.process.poll() is None, f"{ROWS} rows, 20 an epoch, took under a second?"
        assert node.end(signal.SIGTERM, SECONDS) == 0
        said = node.log.read_text()
    assert "Traceback" not in said
    assert "Caught up" not in said
    taken = project.rows("SELECT count(*) AS n, count(DISTINCT id) AS ids, max(id) AS last FROM orders")[0]
    assert taken["n"] == taken["ids"] == taken["last"] + 1 < ROWS
    project.catch_up().ok()
    assert project.rows("SELECT sum(n) AS n, sum(total) AS total FROM by_shop") == [
        {"n": ROWS, "total": ROWS * (ROWS - 1) // 2}
    ]
    assert project.ask("parity", "--json").ok().json["models"][0]["equal"] is True
