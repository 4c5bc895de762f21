"""Rows pushed over HTTP: acknowledged rows are there, whatever happens next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import TIMEOUT, Folder, Running, headrace, running

SOURCE = "kind: push\nschema: {id: BIGINT, shop: VARCHAR, amount: BIGINT}\n"
COUNT = "SELECT coalesce(sum(n), 0) AS n FROM by_shop"


@pytest.fixture
def pushed(project: Folder) -> Folder:
    project.write("sources/orders.yaml", SOURCE)
    return project


def orders(start: int, count: int) -> list[dict[str, Any]]:
    return [{"id": at, "shop": "ab"[at % 2], "amount": at} for at in range(start, start + count)]


def url_of(node: Running) -> str:
    line = next(line for line in node.log.read_text().splitlines() if "/login?token=" in line)
    return line.split(": ", 1)[1].split("/login", 1)[0]


def test_pushed_rows_over_tcp(pushed: Folder) -> None:
    with running(pushed, "--port", "0") as node:
        node.until(COUNT, [{"n": 0}])
        url, token = url_of(node), (pushed.data / "token").read_text().strip()
        lines = '{"id": 1, "shop": "a", "amount": 2}\n{"id": "x"}\nnot json\n'
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson", "Idempotency-Key": "k"}
        address = f"{url}/v1/sources/orders"
        assert httpx.post(address, content=lines, headers=headers | {"Authorization": "Bearer no"}).status_code == 401
        first = httpx.post(address, content=lines, headers=headers, timeout=30)
        assert first.status_code == 200, first.text
        assert first.json() == {
            "read": 3,
            "kept": 1,
            "rejected": 2,
            "offsets": {"orders": [0, 1], "headrace_rejected": [0, 2]},
            "duplicate": False,
        }
        again = httpx.post(address, content=lines, headers=headers, timeout=30).json()
        assert again == first.json() | {"duplicate": True}
        node.until(COUNT, [{"n": 1}])
        node.until("SELECT count(*) AS n FROM headrace_rejected", [{"n": 2}])
        rejected = node.rows("SELECT source, reason, raw FROM headrace_rejected ORDER BY position")
        assert [row["source"] for row in rejected] == ["orders", "orders"]
        assert {row["raw"] for row in rejected} == {'{"id": "x"}', "not json"}
        assert all(row["reason"] for row in rejected)
        (source,) = headrace("status", "--json", "--project", pushed.root).ok().json["sources"]
        assert (source["read"], source["kept"], source["rejected"]) == (3, 1, 2)


def test_an_unknown_source_and_a_wrong_body(project: Folder) -> None:
    project.write("sources/taps.yaml", SOURCE)
    with running(project, "--no-serve") as node:
        for source, status in (("tabs", 404), ("orders", 400)):
            answer = node.push(source, orders(0, 1))
            assert answer.status_code == status, answer.text
            assert answer.json()["error"]["fix"]
        wrong = node.client.post("/v1/sources/taps", content=b"x", headers={"Content-Type": "text/plain"})
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (415, "HR-145")
        arrow = node.client.post(
            "/v1/sources/taps", content=b"no arrow", headers={"Content-Type": "application/vnd.apache.arrow.stream"}
        )
        assert 400 <= arrow.status_code < 500, arrow.text
        assert node.push("taps", orders(0, 5)).json()["kept"] == 5


def test_what_was_acknowledged_survives_kill_9(pushed: Folder) -> None:
    acknowledged = 0
    for round_ in range(2):
        with running(pushed, "--no-serve") as node:
            for at in range(5):
                answer = node.push("orders", orders(acknowledged, 100), key=f"{round_}/{at}")
                assert answer.json()["kept"] == 100
                acknowledged += 100
            node.process.kill()
            node.process.wait(TIMEOUT)
    with running(pushed, "--no-serve") as node:
        # Durable at the acknowledgement, in an epoch soon after the start.
        node.until(COUNT, [{"n": acknowledged}])
        assert node.push("orders", orders(900, 100), key="1/4").json()["duplicate"] is True
        found = node.rows("SELECT count(*) AS n, count(DISTINCT id) AS ids, max(id) AS last FROM orders")
        assert found == [{"n": 1000, "ids": 1000, "last": 999}]
        assert node.client.post("/v1/parity", json={"models": []}).json()["models"][0]["equal"] is True


def test_pushed_changes_with_a_key(pushed: Folder, tmp_path: Path) -> None:
    pushed.write("sources/orders.yaml", SOURCE + "key: [id]\n")
    with running(pushed, "--no-serve") as node:
        assert node.push("orders", orders(0, 4)).json()["kept"] == 4
        changed = node.push("orders", [{"id": 0, "shop": "b", "amount": 50}])
        assert changed.json()["kept"] == 1
        node.until(
            "SELECT shop, n, total FROM by_shop ORDER BY shop",
            [{"shop": "a", "n": 1, "total": 2}, {"shop": "b", "n": 3, "total": 54}],
        )
    # The node was killed; a stopped one proves what it left.
    assert pushed.ask("parity", "--json").ok().json["models"][0]["equal"] is True
