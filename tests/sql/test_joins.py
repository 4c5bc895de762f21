"""Inner joins in a row are one step: no rows between them are kept, but where watermarks let them go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from headrace.sql import Catalog, Program, SqlText, compile_model, watermark

TWO_OF_REF = (
    "SELECT ev.id, a.name, b.name AS other FROM ev JOIN ref AS a ON a.k = ev.k JOIN ref AS b ON b.name = a.name"
)


def compiled(text: str, catalog: Catalog) -> Program:
    return compile_model("m", SqlText(text, Path("m.sql")), catalog)


def joins(program: Program) -> list[str]:
    return [line.operator for line in program.applied if line.operator.startswith("join on")]


def test_no_rows_between_joins_are_kept(catalog: Catalog) -> None:
    program = compiled(TWO_OF_REF, catalog)
    assert joins(program) == ['join on "a.k" = "ev.k" AND "b.name" = "a.name"']
    (state,) = program.states
    assert state.shape.named_selects == ["ev.id", "ev.k", "__w"]


def test_the_order_they_are_written_in_is_nothing_to_what_is_kept(catalog: Catalog) -> None:
    turned = "SELECT ev.id, a.name, b.name AS other FROM ref AS b, ref AS a, ev WHERE a.k = ev.k AND b.name = a.name"
    kept = [[state.shape.named_selects for state in compiled(text, catalog).states] for text in (TWO_OF_REF, turned)]
    assert kept[0] == kept[1]


def test_a_join_that_a_watermark_bounds_stays_one_of_its_own(catalog: Catalog) -> None:
    """It lets its rows go, which no join of three could."""
    events = replace(catalog.relations["ev"], frontier={"ts": watermark("ev", "TIMESTAMP")}, sets_aside=True)
    timed = Catalog({**catalog.relations, "ev": events}, catalog.oracle)
    program = compiled(
        "SELECT a.id, r.name FROM ev AS a JOIN ev AS b ON a.k = b.k AND a.ts = b.ts JOIN ref AS r ON r.k = a.k", timed
    )
    assert len(joins(program)) == 2
    assert any("until the watermark" in state.bound for state in program.states)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ev.id, a.name FROM ev CROSS JOIN ref AS a JOIN ref AS b ON b.k = ev.k",
        "SELECT ev.id, a.name FROM ev JOIN ref AS a ON a.k > ev.k JOIN ref AS b ON b.k = ev.k",
    ],
)
def test_a_product_is_kept_as_before(catalog: Catalog, text: str) -> None:
    assert len(joins(compiled(text, catalog))) == 2


def test_rows_that_are_looked_up_are_joined_with_others_afterwards(catalog: Catalog) -> None:
    """Of the two tables' rows only those are kept that were found, and not the rows of their join."""
    text = "SELECT ev.id, a.name FROM ev JOIN ref AS a ON a.k = ev.k WHERE a.name IN (SELECT k FROM ref)"
    operators = [line.operator for line in compiled(text, catalog).applied]
    assert operators.index("filter by a subquery: IN") > operators.index('join on "a.k" = "ev.k"')


@pytest.mark.parametrize(
    "condition",
    [
        "a.name || ev.x::VARCHAR IN (SELECT k FROM ref)",
        "a.name IN (SELECT r.k FROM ref AS r WHERE r.name = ev.k)",
        "a.name NOT IN (SELECT k FROM ref)",
    ],
)
def test_other_conditions_with_a_subquery_are_ones_on_the_join(catalog: Catalog, condition: str) -> None:
    program = compiled(f"SELECT ev.id, a.name FROM ev JOIN ref AS a ON a.k = ev.k WHERE {condition}", catalog)
    operators = [line.operator for line in program.applied]
    looked = next(i for i, operator in enumerate(operators) if "subquery" in operator)
    assert looked < operators.index('join on "a.k" = "ev.k"')
