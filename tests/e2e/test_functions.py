"""Functions of the project in models and queries, through the command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import Folder, Refused, make, running

FUNCTIONS = '''\
import pyarrow as pa
import pyarrow.compute as pc


def tier(amount: "BIGINT", shop: "VARCHAR NULL") -> "VARCHAR":
    """How dear an order is; those of no shop count double."""
    weight = pc.if_else(shop.is_null(), 2, 1)
    return pc.if_else(pc.greater(pc.multiply(amount, weight), 6), "dear", "cheap")


def initcap(text: "VARCHAR") -> "VARCHAR":
    return pc.utf8_title(text)
'''
MODELS = {
    "by_tier": "SELECT tier(amount, shop) AS tier, count(*) AS n, sum(amount) AS total FROM orders GROUP BY 1\n",
    "dearest": "SELECT initcap(tier) AS tier, n FROM by_tier WHERE initcap(tier) <> 'Cheap'\n",
    "by_shop": "SELECT shop, count(*) AS n FROM orders GROUP BY shop\n",
}


def change(op: str, before: Any, after: Any) -> str:
    return json.dumps({"op": op, "before": before, "after": after, "ts_ms": 1}) + "\n"


def order(id_: int, shop: str | None, amount: int | None) -> dict[str, Any]:
    return {"id": id_, "shop": shop, "amount": amount}


@pytest.fixture
def project(tmp_path: Any) -> Folder:
    folder = make(tmp_path / "shop")
    folder.write("functions/orders.py", FUNCTIONS)
    for name, sql in MODELS.items():
        folder.write(f"models/{name}.sql", sql)
    schema = "schema: {id: BIGINT, shop: VARCHAR, amount: BIGINT}\n"
    folder.write("sources/orders.yaml", f"kind: file\npath: o.changes\nformat: debezium\nkey: [id]\n{schema}")
    rows = [order(1, "a", 5), order(2, "b", 7), order(3, None, 4), order(4, "a", None)]
    folder.write("o.changes", "".join(change("c", None, row) for row in rows))
    return folder


def tiers(project: Folder) -> list[Any]:
    return [tuple(row.values()) for row in project.rows("SELECT tier, n, total FROM by_tier ORDER BY tier NULLS LAST")]


def equal(project: Folder) -> None:
    found = project.ask("parity", "--json").ok().json
    assert len(found["models"]) == len(MODELS)
    assert all(receipt["equal"] for receipt in found["models"])


def test_models_and_queries_call_them(project: Folder) -> None:
    project.catch_up().ok()
    assert tiers(project) == [("cheap", 1, 5), ("dear", 2, 11), (None, 1, None)]
    assert project.rows("SELECT tier, n FROM dearest") == [{"tier": "Dear", "n": 2}]
    equal(project)
    project.append(
        "o.changes",
        change("u", order(1, "a", 5), order(1, None, 5))
        + change("d", order(2, "b", 7), None)
        + change("u", order(4, "a", None), order(4, "a", 1))
        + change("c", None, order(5, "c", 9)),
    )
    project.catch_up("--epoch-rows", 1).ok()
    assert tiers(project) == [("cheap", 1, 1), ("dear", 3, 18)]
    equal(project)
    assert project.rows("SELECT initcap('a b') AS x, tier(id, shop) AS t FROM orders WHERE id = 1") == [
        {"x": "A B", "t": "cheap"}
    ]
    ask = ("query", "SELECT initcap(tier) AS t, n FROM by_tier ORDER BY 1", "--as-of", "1", "--format", "json")
    assert project.ask(*ask).ok().json == [{"t": "Cheap", "n": 1}, {"t": "Dear", "n": 2}, {"t": None, "n": 1}]
    with running(project, "--no-serve") as node:
        node.until("SELECT max(initcap(tier)) AS t FROM by_tier", [{"t": "Dear"}])


def test_a_changed_function_builds_what_uses_it(project: Folder) -> None:
    project.catch_up().ok()
    project.write("functions/orders.py", FUNCTIONS.replace("weight), 6)", "weight), 7)"))
    (built,) = [line for line in project.catch_up().ok().err.splitlines() if line.startswith("Built from history")]
    assert "by_tier" in built
    assert "dearest" in built
    assert "by_shop" not in built
    assert tiers(project) == [("cheap", 2, 12), ("dear", 1, 4), (None, 1, None)]
    equal(project)
    project.write("functions/orders.py", FUNCTIONS.replace("weight), 6)", "weight), 7)") + "\n# Seven since June.\n")
    assert "Built from history" not in project.catch_up().ok().err


def test_explain_says_what_is_called(project: Folder) -> None:
    found = project.ask("explain", "dearest", "--json").ok().json
    assert found["functions"] == [{"name": "initcap", "path": "functions/orders.py", "line": 11}]
    assert found["incremental"]
    assert "calls initcap(): functions/orders.py:11" in project.ask("explain", "dearest").ok().text
    assert project.ask("explain", "by_shop", "--json").ok().json["functions"] == []


def test_what_is_wrong_with_a_file_stops_the_project(project: Folder, refused: Refused) -> None:
    project.write("functions/orders.py", FUNCTIONS.replace('text: "VARCHAR"', "text: str").replace(" tier(", " lower("))
    refused(project.catch_up(), "HR-215", "orders.py:11:19", "HR-216", "orders.py:5:5", "^^^^^")
    assert not project.data.exists()


def test_a_wrong_call_is_told_where_it_stands(project: Folder, refused: Refused) -> None:
    project.write("models/dearest.sql", "SELECT n,\n  initcap(tier, 1) AS tier FROM by_tier\n")
    refused(project.catch_up(), "HR-308", "dearest.sql:2:3", "initcap(VARCHAR) -> VARCHAR")
    project.write("models/dearest.sql", "SELECT initcap(teir) AS tier FROM by_tier\n")
    refused(project.catch_up(), "HR-308", "dearest.sql:1:16", '"tier"')


def test_a_failing_function_stops_the_node_which_goes_on_when_it_is_mended(project: Folder, refused: Refused) -> None:
    broken = FUNCTIONS.replace("    weight =", '    assert 9 not in amount.to_pylist(), "nine"\n    weight =')
    project.write("functions/orders.py", broken)
    project.catch_up().ok()
    refused(project.query("SELECT tier(9, 'a') AS t"), "HR-607", "while reading")
    project.append("o.changes", change("c", None, order(6, "c", 9)))
    refused(project.catch_up(), "HR-607", "AssertionError: nine", "orders.py:7:12", "while running epoch")
    project.write("functions/orders.py", FUNCTIONS)
    project.catch_up().ok()
    assert ("dear", 3, 20) in tiers(project)
    equal(project)


def test_queries_may_call_these_and_no_others(project: Folder) -> None:
    project.catch_up().ok()
    denied = project.query("SELECT inicap(tier) AS t FROM by_tier")
    assert "HR-903" in denied.err
    assert "`initcap`" in denied.err
    assert "HR-905" in project.query("SELECT * FROM initcap('a')").err
    (project.root / "functions/orders.py").unlink()
    (project.root / "models/dearest.sql").unlink()
    (project.root / "models/by_tier.sql").unlink()
    project.catch_up().ok()
    assert "HR-903" in project.query("SELECT initcap('a') AS t").err
