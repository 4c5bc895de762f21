"""Questions to a node: the same answers stopped and running, in every format."""

from __future__ import annotations

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .conftest import Folder

SQL = "SELECT shop, n, total FROM by_shop ORDER BY shop"
ROWS = [{"shop": "a", "n": 2, "total": 6}, {"shop": "b", "n": 1, "total": 7}]
AWKWARD = """SELECT '[/red] [bold]x' AS "[b]", 'a "quoted", line\nand more' AS t, NULL AS nothing, '' AS empty,
  1.50::DECIMAL(9, 2) AS price, 170141183460469231731687303715884105727 AS huge, TIMESTAMP '2013-01-01 05:00:00' AS at"""


def rows_of(table: pa.Table) -> list[dict[str, object]]:
    return [{name: value if name == "shop" else int(value) for name, value in row.items()} for row in table.to_pylist()]


@pytest.fixture(params=["stopped", "beside"])
def asked(request: pytest.FixtureRequest) -> Folder:
    folder: Folder = request.getfixturevalue(request.param)
    return folder


def test_as_a_table(asked: Folder) -> None:
    lines = asked.query(SQL).ok().text.splitlines()
    assert [line.split() for line in lines] == [["shop", "n", "total"], ["a", "2", "6"], ["b", "1", "7"]]


def test_as_json(asked: Folder) -> None:
    assert asked.query(SQL, "--format", "json").ok().json == ROWS


def test_as_csv(asked: Folder) -> None:
    assert asked.query(SQL, "--format", "csv").ok().out == b"shop,n,total\na,2,6\nb,1,7\n"


def test_as_arrow(asked: Folder) -> None:
    out = asked.query(SQL, "--format", "arrow").ok().out
    assert rows_of(pa.ipc.open_stream(io.BytesIO(out)).read_all()) == ROWS


def test_as_parquet(asked: Folder) -> None:
    out = asked.query(SQL, "--format", "parquet").ok().out
    assert rows_of(pq.read_table(io.BytesIO(out))) == ROWS


def test_awkward_values_as_csv_and_json(asked: Folder) -> None:
    found = asked.query(AWKWARD, "--format", "csv").ok().text
    ((_, row),) = [tuple(csv.reader(io.StringIO(found)))]
    assert row[:2] == ["[/red] [bold]x", 'a "quoted", line\nand more']
    answer = asked.query(AWKWARD, "--format", "json").ok()
    assert "1.50" in answer.text
    assert answer.json[0]["huge"] == 2**127 - 1
    assert answer.json[0]["at"] == "2013-01-01T05:00:00Z"


def test_awkward_values_as_a_table_are_shown_as_they_are(stopped: Folder) -> None:
    text = stopped.query("SELECT '[/red] [bold]x' AS \"[b]\"").ok().text
    assert "[/red] [bold]x" in text
    assert "[b]" in text


def test_a_table_that_is_piped_loses_nothing(stopped: Folder) -> None:
    columns = ", ".join(f"'{'v' * 20}{at}' AS c{at}" for at in range(9))
    text = stopped.query(f"SELECT {columns}").ok().text
    assert all(f"{'v' * 20}{at}" in text for at in range(9)), text


def test_an_empty_answer(stopped: Folder) -> None:
    assert stopped.query("SELECT n FROM by_shop WHERE false", "--format", "json").ok().json == []
    assert stopped.query("SELECT n FROM by_shop WHERE false", "--format", "csv").ok().out == b"n\n"


def test_as_of_an_epoch(project: Folder) -> None:
    project.write("sources/orders.yaml", "kind: file\npath: orders.ndjson\nformat: ndjson\n")
    project.catch_up().ok()
    first = project.ask("status", "--json").ok().json
    project.append("orders.ndjson", '{"id": 4, "shop": "b", "amount": 10}\n')
    project.catch_up().ok()
    newer = [{"shop": "a", "n": 2, "total": 6}, {"shop": "b", "n": 2, "total": 17}]
    assert project.rows(SQL) == newer
    assert project.rows(SQL, "--as-of", first["epoch"]) == ROWS
    assert project.rows(SQL, "--as-of", first["as_of"]) == ROWS
    assert project.rows("SELECT count(*) AS n FROM orders", "--as-of", first["epoch"]) == [{"n": 3}]


def test_status(asked: Folder, request: pytest.FixtureRequest) -> None:
    found = asked.ask("status", "--json").ok().json
    assert found["running"] is ("beside" in request.node.name)
    assert found["name"] == "shop"
    assert found["epoch"] >= 1
    assert found["lag_rows"] == 0
    (source,) = found["sources"]
    assert {key: source[key] for key in ("name", "read", "kept", "rejected", "lag_rows", "offset")} == {
        "name": "orders",
        "read": 3,
        "kept": 3,
        "rejected": 0,
        "lag_rows": 0,
        "offset": 3,
    }
    if found["running"]:
        assert source["done"] is True, "a bounded source read to its end is done"
    (model,) = found["models"]
    assert (model["name"], model["rows"]) == ("by_shop", 2)
    assert "orders" in asked.ask("status").ok().text


def test_explain_estimates_what_an_epoch_costs(asked: Folder) -> None:
    """From the state file of a stopped node, or by asking the one that runs."""
    found = asked.ask("explain", "by_shop", "--json").ok().json["estimate"]
    assert found["statements"] > 0
    assert found["rows"] == 2 * 2
    assert found["ms"] > 0
    assert f"about {found['ms']:.0f} ms now" in asked.ask("explain", "by_shop").ok().text


def test_explain(stopped: Folder) -> None:
    found = stopped.ask("explain", "by_shop", "--json").ok().json
    assert found["incremental"] is True
    assert found["reads"] == ["orders"]
    assert list(found["columns"]) == ["shop", "n", "total"]
    assert "algebraic" in {line["rule"] for line in found["rules"]}
    assert all(line["reason"] for line in found["rules"])
    assert "algebraic" in stopped.ask("explain", "by_shop").ok().text


def test_explain_needs_no_run(project: Folder) -> None:
    found = project.ask("explain", "by_shop", "--json").ok().json
    assert (found["model"], found["estimate"]) == ("by_shop", None)
    assert not project.data.exists()


def test_parity(asked: Folder) -> None:
    found = asked.ask("parity", "--json").ok().json
    (receipt,) = found["models"]
    assert {key: receipt[key] for key in ("model", "equal", "missing", "extra", "rows", "offsets")} == {
        "model": "by_shop",
        "equal": True,
        "missing": 0,
        "extra": 0,
        "rows": 2,
        "offsets": {"orders": 3},
    }
    assert receipt["epoch"] == found["epoch"]
    assert "equal" in asked.ask("parity", "by_shop").ok().text
    assert json.loads(asked.ask("status", "--json").out)["models"][0]["parity"] == "equal"


def test_several_ask_a_stopped_node_at_once(stopped: Folder) -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: stopped.rows(SQL), range(4)))
    assert found == [ROWS] * 4


def test_a_table_shows_the_first_rows_and_says_so(asked: Folder) -> None:
    sql = "SELECT * FROM (VALUES " + ", ".join(f"({at})" for at in range(201)) + ") AS t(n) ORDER BY n"
    shown = asked.query(sql).ok()
    assert shown.text.split() == ["n", *map(str, range(200))]
    assert "--format csv" in shown.err
    assert len(asked.query(sql, "--format", "csv").ok().text.splitlines()) == 202
