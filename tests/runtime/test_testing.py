"""``headrace test``: what holds in every way for rows to arrive, what does not, and what is wrong with a test itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from headrace.cli.app import app
from headrace.project import ProjectErrors
from headrace.runtime.arrivals import Lot, arrivals

SETTINGS = "name: shop\n"
ORDERS = "kind: push\nschema: {id: BIGINT, product: VARCHAR, at: TIMESTAMP, cents: BIGINT}\nevent_time: at\n"
PRODUCTS = "kind: push\nkey: [id]\nschema: {id: VARCHAR, title: VARCHAR}\n"
SALES = "SELECT o.product, p.title, count(*) AS orders, sum(o.cents) / 100.0 AS spent FROM orders AS o LEFT JOIN products AS p ON p.id = o.product GROUP BY ALL"
LATELY = "SELECT product, count(*) AS n FROM orders WHERE at > now() - INTERVAL 1 HOUR GROUP BY product"
HOLDS = """\
description: A product that is renamed is renamed for its earlier orders, too.
model: sales
given:
  orders:
    - {id: 1, product: tea, at: 2026-01-05 08:00:00, cents: 110}
    - {id: 2, product: tea, at: 2026-01-05 09:00:00, cents: 220}
    - {id: 3, product: rum, at: 2026-01-05 09:30:00, cents: 5}
  products:
    - {id: tea, title: Tee}
    - {id: tea, title: Tea}
    - {id: gin, title: Gin}
    - {id: gin, __op: d}
expect:
  - {product: tea, title: Tea, orders: 2, spent: 3.3}
  - {product: rum, orders: 1, spent: 0.05}
"""


def project(at: Path, tests: dict[str, str], models: dict[str, str] | None = None) -> Path:
    for folder, files in {
        "sources": {"orders.yaml": ORDERS, "products.yaml": PRODUCTS},
        "models": models or {"sales.sql": SALES, "lately.sql": LATELY},
        "tests": tests,
    }.items():
        (at / folder).mkdir(parents=True)
        for name, text in files.items():
            (at / folder / name).write_text(text)
    (at / "headrace.yaml").write_text(SETTINGS)
    return at


def asked(at: Path, *more: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(app, ["test", "--project", str(at), "--json", *more])
    return done.exit_code, json.loads(done.stdout)


def test_what_holds_holds_in_every_way(tmp_path: Path) -> None:
    code, found = asked(project(tmp_path, {"renamed.yaml": HOLDS}))
    assert code == 0
    assert found["ok"]
    (outcome,) = found["tests"]
    assert outcome["arrivals"] >= 8
    assert outcome["differences"] == []


def test_what_is_wrong_is_shown_and_fails(tmp_path: Path) -> None:
    at = project(tmp_path, {"renamed.yaml": HOLDS.replace("orders: 2", "orders: 3")})
    code, found = asked(at)
    assert code == 3
    difference = found["tests"][0]["differences"][0]
    assert difference["missing"] == [{"product": "tea", "title": "Tea", "orders": 3, "spent": 3.3}]
    assert difference["extra"] == [{"product": "tea", "title": "Tea", "orders": 2, "spent": 3.3}]
    said = CliRunner().invoke(app, ["test", "--project", str(at)]).stdout
    assert "renamed" in said
    assert '"orders":3' in said.replace(" ", "")
    assert "0 of 1 tests hold" in said


def test_what_sql_leaves_open_is_settled_by_value_whatever_arrives_first(tmp_path: Path) -> None:
    first = "SELECT product, arg_min(cents, at) AS first_cents FROM orders GROUP BY product"
    test = """\
model: firsts
given:
  orders: [{id: 1, product: tea, at: 2026-01-05 08:00:00, cents: 2}, {id: 2, product: tea, at: 2026-01-05 08:00:00, cents: 1}]
expect: [{product: tea, first_cents: 1}]
"""
    code, found = asked(project(tmp_path, {"t.yaml": test}, {"firsts.sql": first}))
    (outcome,) = found["tests"]
    assert code == 0, outcome


def test_time_is_what_the_test_says(tmp_path: Path) -> None:
    test = """\
model: lately
now: 2026-01-05T09:45:00
given:
  orders: [{id: 1, product: tea, at: 2026-01-05 08:00:00, cents: 1}, {id: 2, product: rum, at: 2026-01-05 09:00:00, cents: 2}]
expect: [{product: rum, n: 1}]
"""
    assert asked(project(tmp_path, {"t.yaml": test}))[0] == 0


def test_nothing_expected_of_nothing_given(tmp_path: Path) -> None:
    assert asked(project(tmp_path, {"t.yaml": "model: sales\ngiven: {}\nexpect: []\n"}))[0] == 0


@pytest.mark.parametrize(
    ("changed", "what", "fix"),
    [
        (("model: sales", "model: sails"), "there is no model 'sails'", "`sales`"),
        (("  orders:", "  order:"), "does not read 'order'", "`orders`"),
        (("{product: rum, orders: 1", "{product: rum, ordered: 1"), "no column 'ordered'", "`orders`"),
        (("cents: 5}", "cents: five}"), "row 3: column cents: 'five' is not a BIGINT", "mend"),
        (("orders: 1, spent: 0.05", "orders: one, spent: 0.05"), "row 2: column orders", "mend"),
    ],
)
def test_a_test_that_is_wrong_itself_is_told(tmp_path: Path, changed: tuple[str, str], what: str, fix: str) -> None:
    code, found = asked(project(tmp_path, {"t.yaml": HOLDS.replace(*changed)}))
    assert code == 3
    error = found["tests"][0]["error"]
    assert what in error["what"]
    assert fix in error["fix"]
    assert error["where"]["path"].endswith("t.yaml")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("given: {}\nexpect: []\n", 1),
        ("model: sales\ngiven: {orders: 3}\nexpect: []\n", 2),
        ("model: sales\ngiven: {}\nexpect: [1]\n", 3),
        ("model: sales\ngiven: {}\nnow: tomorrow\nexpect: []\n", 3),
        ("model: sales\ngiven: {}\nexpects: []\n", 3),
    ],
)
def test_a_file_that_is_no_test_is_refused_at_its_line(tmp_path: Path, text: str, line: int) -> None:
    done = CliRunner().invoke(app, ["test", "--project", str(project(tmp_path, {"t.yaml": text}))])
    assert isinstance(done.exception, ProjectErrors)
    assert line in {problem.where.line for problem in done.exception.problems if problem.where is not None}


def test_no_tests_are_no_failure(tmp_path: Path) -> None:
    at = project(tmp_path, {})
    done = CliRunner().invoke(app, ["test", "--project", str(at)])
    assert done.exit_code == 0
    assert "There are no tests" in done.stdout


lots = st.dictionaries(
    st.sampled_from("abc"),
    st.one_of(
        st.builds(Lot, st.integers(0, 6)),
        st.builds(Lot, st.integers(0, 6), fixed=st.just(True)),
        st.lists(st.sampled_from("xyz"), max_size=6).map(lambda keys: Lot(len(keys), tuple(keys))),
    ),
    max_size=3,
)


@given(lots)
def test_each_way_has_all_rows_and_keeps_the_order_of_a_key(made: dict[str, Lot]) -> None:
    for arrival in arrivals(made):
        order: dict[str, list[int]] = {source: [] for source in made}
        for epoch in arrival.epochs:
            for source, rows in epoch.items():
                order[source] += rows
        for source, lot in made.items():
            times = Counter(order[source])
            twice = arrival.name == "changes twice" and lot.keys is not None
            assert times == dict.fromkeys(range(lot.rows), 2 if twice else 1)
            keys: list[Hashable] = (
                list(lot.keys) if lot.keys is not None else [0 if lot.fixed else n for n in range(lot.rows)]
            )
            for key in set(keys):
                of_key = [row for row in order[source] if keys[row] == key]
                assert of_key == sorted(of_key)
