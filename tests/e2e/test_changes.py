"""Rows that change, files that grow, models that are rewritten."""

from __future__ import annotations

import json
from typing import Any

from .conftest import Folder, running

SQL = "SELECT shop, n, total, least FROM by_shop ORDER BY shop"
MODEL = "SELECT shop, count(*) AS n, sum(amount) AS total, min(amount) AS least FROM orders GROUP BY shop\n"
FOLLOWED = "kind: file\npath: orders.ndjson\nformat: ndjson\n"


def change(op: str, before: Any, after: Any) -> str:
    return json.dumps({"op": op, "before": before, "after": after, "ts_ms": 1}) + "\n"


def order(id_: int, shop: str, amount: int) -> dict[str, Any]:
    return {"id": id_, "shop": shop, "amount": amount}


def equal(project: Folder) -> None:
    found = project.ask("parity", "--json").ok().json
    assert found["models"]
    assert all(receipt["equal"] for receipt in found["models"])


def test_changes_drive_a_model(project: Folder) -> None:
    project.write("models/by_shop.sql", MODEL)
    project.write("sources/orders.yaml", "kind: file\npath: orders.changes\nformat: debezium\nkey: [id]\n")
    inserted = [order(1, "a", 5), order(2, "b", 7), order(3, "a", 1), order(4, "b", 9)]
    project.write("orders.changes", "".join(change("c", None, row) for row in inserted))
    project.catch_up().ok()
    assert project.rows(SQL) == [
        {"shop": "a", "n": 2, "total": 6, "least": 1},
        {"shop": "b", "n": 2, "total": 16, "least": 7},
    ]
    project.append(
        "orders.changes",
        # The least of a goes; an order moves from b to a; one of c comes and goes again.
        change("d", order(3, "a", 1), None)
        + change("u", order(2, "b", 7), order(2, "a", 70))
        + change("c", None, order(5, "c", 2))
        + change("d", order(5, "c", 2), None),
    )
    project.catch_up().ok()
    assert project.rows(SQL) == [
        {"shop": "a", "n": 2, "total": 75, "least": 5},
        {"shop": "b", "n": 1, "total": 9, "least": 9},
    ]
    assert project.rows("SELECT id, shop, amount FROM orders ORDER BY id") == [
        order(1, "a", 5),
        order(2, "a", 70),
        order(4, "b", 9),
    ]
    equal(project)
    project.append("orders.changes", change("d", order(4, "b", 9), None))
    project.catch_up("--epoch-rows", 1).ok()
    assert project.rows(SQL) == [{"shop": "a", "n": 2, "total": 75, "least": 5}]
    equal(project)


def test_a_file_that_grows_is_followed(project: Folder) -> None:
    project.write("models/by_shop.sql", MODEL)
    project.write("sources/orders.yaml", FOLLOWED)
    with running(project, "--no-serve") as node:
        node.until("SELECT sum(n) AS n FROM by_shop", [{"n": 3}])
        project.append("orders.ndjson", '{"id": 4, "shop": "c", "amount": 2}\n{"id": 5, "shop": ')
        node.until("SELECT total FROM by_shop WHERE shop = 'c'", [{"total": 2}])
        project.append("orders.ndjson", '"c", "amount": 1}\n')
        node.until("SELECT total, least FROM by_shop WHERE shop = 'c'", [{"total": 3, "least": 1}])
        project.append("orders.ndjson", "no order\n")
        node.until("SELECT count(*) AS n FROM headrace_rejected", [{"n": 1}])
    assert project.rows("SELECT sum(n) AS n FROM by_shop") == [{"n": 5}]
    equal(project)


def test_new_files_under_a_pattern_are_taken(project: Folder) -> None:
    project.write("sources/orders.yaml", "kind: file\npath: days/*.ndjson\nformat: ndjson\n")
    project.write("days/1.ndjson", '{"id": 1, "shop": "a", "amount": 5}\n')
    with running(project, "--no-serve") as node:
        node.until("SELECT shop, total FROM by_shop", [{"shop": "a", "total": 5}])
        project.write("days/2.ndjson", '{"id": 2, "shop": "a", "amount": 6}\n')
        node.until("SELECT shop, total FROM by_shop", [{"shop": "a", "total": 11}])


def test_a_changed_model_is_built_again_with_what_reads_it(project: Folder) -> None:
    project.write("sources/orders.yaml", FOLLOWED)
    project.write("models/most.sql", "SELECT max(total) AS most, sum(n) AS orders FROM by_shop\n")
    project.write("models/other.sql", "SELECT count(*) AS n FROM orders\n")
    project.catch_up().ok()
    assert project.rows("SELECT most, orders FROM most") == [{"most": 7, "orders": 3}]
    equal(project)
    project.write(
        "models/by_shop.sql",
        "SELECT shop, count(*) AS n, sum(amount * 10) AS total FROM orders WHERE amount > 1 GROUP BY shop\n",
    )
    project.append("orders.ndjson", '{"id": 4, "shop": "a", "amount": 4}\n')
    done = project.catch_up().ok()
    (built,) = [line for line in done.err.splitlines() if line.startswith("Built from history")]
    assert "by_shop" in built
    assert "most" in built
    assert "other" not in built
    assert project.rows("SELECT most, orders FROM most") == [{"most": 90, "orders": 3}]
    assert project.rows("SELECT n FROM other") == [{"n": 4}]
    equal(project)


def test_a_model_that_is_deleted_or_new(project: Folder) -> None:
    project.catch_up().ok()
    (project.root / "models/by_shop.sql").unlink()
    project.write("models/dearest.sql", "SELECT max(amount) AS most FROM orders\n")
    project.catch_up().ok()
    assert project.rows("SELECT most FROM dearest") == [{"most": 7}]
    gone = project.query("SELECT * FROM by_shop")
    assert gone.code == 2
    assert "HR-153" in gone.err
    project.write("models/by_shop.sql", MODEL)
    project.catch_up().ok()
    assert project.rows("SELECT sum(total) AS total FROM by_shop") == [{"total": 13}]
