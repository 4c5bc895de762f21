"""Windows of event time over rows that have columns of the windows' names are refused, in whatever way they are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.engine import DuckDBOracle
from headrace.errors import SqlError
from headrace.sql import Catalog, Relation, SqlText, compile_model

COLUMNS = {"k": "VARCHAR", "ts": "TIMESTAMP"}
WINDOWS = {
    "TUMBLE": "TUMBLE({}, ts, INTERVAL 10 MINUTE)",
    "HOP": "HOP({}, ts, INTERVAL 5 MINUTE, INTERVAL 10 MINUTE)",
    "SESSION": "SESSION({}, ts, INTERVAL 10 MINUTE, k)",
}
READING = (
    "SELECT * FROM {}",
    "SELECT k FROM {}",
    "SELECT count(*) AS n FROM {}",
    "SELECT e.k FROM plain AS e, {} AS w",
)


def compiled(sql: str) -> None:
    oracle = DuckDBOracle()
    relations = {
        name: Relation(name, {**COLUMNS, **more}, append_only=True, live=False)
        for name, more in {
            "plain": {},
            "started": {"Window_Start": "TIMESTAMP"},
            "ended": {"window_end": "TIMESTAMP"},
        }.items()
    }
    for relation in relations.values():
        oracle.declare(relation.name, relation.columns)
    compile_model("m", SqlText(sql, Path("m.sql")), Catalog(relations, oracle))


@pytest.mark.parametrize("reading", READING)
@pytest.mark.parametrize("kind", WINDOWS)
@pytest.mark.parametrize(("relation", "column"), [("started", "window_start"), ("ended", "window_end")])
def test_a_column_that_windows_add_is_not_there_before(kind: str, reading: str, relation: str, column: str) -> None:
    sql = reading.format(WINDOWS[kind].format(relation))
    with pytest.raises(SqlError, match=f"{relation} has a column {column}, and {kind} adds another") as told:
        compiled(sql)
    assert told.value.code == "HR-309"
    assert str(told.value.where) == f"m.sql:1:{sql.index(relation) + 1}"


@pytest.mark.parametrize("kind", WINDOWS)
@pytest.mark.parametrize("column", ["window_start", "window_end"])
def test_rows_of_a_with_are_looked_at_too(kind: str, column: str) -> None:
    rows = f"WITH started AS (SELECT *, ts AS {column} FROM plain) SELECT count(*) AS n FROM "
    with pytest.raises(SqlError, match=f"started has a column {column}"):
        compiled(rows + WINDOWS[kind].format("started"))


@pytest.mark.parametrize("kind", WINDOWS)
def test_a_with_hides_a_relation_of_its_name(kind: str) -> None:
    compiled(f"WITH started AS (SELECT * FROM plain) SELECT * FROM {WINDOWS[kind].format('started')}")
