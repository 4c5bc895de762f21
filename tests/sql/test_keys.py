"""A row that is replaced by another is no change where what is read of both is the same."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from headrace.sql import Catalog, SqlText, compile_model

READ = {
    "exists": "SELECT id FROM ev WHERE EXISTS (SELECT 1 FROM ref WHERE ref.k = ev.k)",
    "missing": "SELECT id FROM ev ANTI JOIN ref ON ref.k = ev.k",
    "left_join": "SELECT ev.id FROM ev LEFT JOIN ref ON ref.k = ev.k WHERE ref.k IS NULL",
}
CHANGE = """CREATE SCHEMA delta; CREATE TABLE delta.ref AS FROM (VALUES
    ('same', 'before', -1), ('same', 'now', 1), ('leaves', 'before', -1), ('arrives', 'now', 1)) AS t(k, name, __w)"""


@pytest.mark.parametrize("model", READ)
def test_a_replaced_row_reaches_nobody_who_reads_its_key_alone(catalog: Catalog, model: str) -> None:
    assert changed(READ[model], catalog) == [("arrives", 1), ("leaves", -1)]


def test_it_does_where_a_condition_on_it_came_true(catalog: Catalog) -> None:
    text = "SELECT id FROM ev WHERE EXISTS (SELECT 1 FROM ref WHERE ref.k = ev.k AND name = 'now')"
    assert changed(text, catalog) == [("arrives", 1), ("same", 1)]


def changed(text: str, catalog: Catalog) -> list[tuple[str, int]]:
    """What the rows of ``CHANGE`` are to the rest of the model."""
    program = compile_model("m", SqlText(text, Path("m.sql")), catalog)
    (step,) = [step for step in program.compute if step.needs == {"ref"}]
    with duckdb.connect() as connection:
        connection.execute(CHANGE)
        return sorted(connection.execute(step.query.sql("duckdb")).fetchall())


LOOKED_UP = {
    "SELECT k FROM ref SEMI JOIN ev ON ev.k = ref.k": True,
    "SELECT k FROM ref WHERE NOT EXISTS (SELECT 1 FROM ev WHERE ev.k = ref.k AND x > 1)": True,
    "SELECT k FROM ref WHERE k IN (SELECT k FROM ev)": True,
    "SELECT k FROM ref WHERE (k NOT IN (SELECT k FROM ev)) IS NULL": True,
    "SELECT k FROM ref WHERE EXISTS (SELECT 1 FROM ev WHERE ev.k = ref.k AND ev.x > length(ref.name))": False,
    "SELECT id FROM ev WHERE k IN (SELECT k FROM ref)": False,
}
"""Whether equal rows of the other side are kept once: not where more than equality is asked for, nor where they have a key."""


@pytest.mark.parametrize("text", LOOKED_UP)
def test_what_is_only_looked_up_is_kept_once(catalog: Catalog, text: str) -> None:
    program = compile_model("m", SqlText(text, Path("m.sql")), catalog)
    assert any(line.operator.startswith("aggregate distinct rows") for line in program.applied) == LOOKED_UP[text]


def test_a_change_to_columns_that_are_not_read_is_none(catalog: Catalog) -> None:
    text = "SELECT ev.id, ref.k FROM ev JOIN ref ON ev.k = ref.k"
    assert changed(text, catalog) == [("arrives", 1), ("leaves", -1)]
