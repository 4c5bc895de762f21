"""What a model is said to cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.sql import Catalog, Program, SqlText, compile_model, cost, estimate


def compiled(sql: str, catalog: Catalog) -> Program:
    return compile_model("m", SqlText(sql, Path("m.sql")), catalog)


def test_rows_that_are_looked_through_count_as_often_as_they_are(catalog: Catalog) -> None:
    program = compiled("SELECT e.id, r.name FROM ev AS e JOIN ref AS r ON e.k = r.k", catalog)
    (kept,) = (state.name for state in program.states)
    nothing = estimate(program, {})
    assert nothing.rows == 0
    assert nothing.ms > 0
    assert estimate(program, {f"state.{kept}": 1_000_000}).rows == 1_000_000
    assert estimate(program, {"live.ref": 10, "live.m": 500}).rows == 510


def test_groups_are_looked_through_to_be_read_and_to_be_replaced(catalog: Catalog) -> None:
    program = compiled("SELECT k, count(*) AS n FROM ev GROUP BY k", catalog)
    (kept,) = (state.name for state in program.states)
    assert estimate(program, {f"state.{kept}": 100}).rows == 200


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT k FROM ev WHERE x > 1", "the rows of the change"),
        ("SELECT id FROM ev WHERE ts > now() - INTERVAL 1 HOUR", "when time moves"),
        ("SELECT e.id FROM ev AS e JOIN ref AS r ON e.k = r.k", "the other inputs"),
        ("SELECT k, count(*) AS n FROM ev GROUP BY k", "the groups"),
        ("SELECT id, rank() OVER (PARTITION BY k ORDER BY x) AS r FROM ev", "the keys that changed"),
        ("SELECT id, rank() OVER (ORDER BY x) AS r FROM ev", "all rows"),
    ],
)
def test_every_rule_says_what_it_costs(catalog: Catalog, sql: str, said: str) -> None:
    assert any(said in cost(line) for line in compiled(sql, catalog).applied)
