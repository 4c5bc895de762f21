"""What people ask is admitted, and answered as if the text itself had been run."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest

from headrace.security import gate

from .conftest import ANN, CATALOG, paragraphs

EVERYDAY = paragraphs("everyday.sql")


def rows(table: pa.Table) -> list[str]:
    """The rows as a multiset: an order that was not asked for may differ."""
    return sorted(repr(row) for row in table.to_pylist())


def test_the_corpus_is_wide() -> None:
    assert len(EVERYDAY) > 150
    assert len(set(EVERYDAY)) == len(EVERYDAY)


@pytest.mark.parametrize("sql", EVERYDAY)
def test_same_answer(sql: str, closed: duckdb.DuckDBPyConnection) -> None:
    admitted = gate(ANN, sql, CATALOG)
    said = closed.execute(sql).to_arrow_table()
    answered = closed.execute(admitted.sql).to_arrow_table()
    assert answered.schema.types == said.schema.types
    assert rows(answered.rename_columns(said.column_names)) == rows(said)
    assert answered.column_names == said.column_names


@pytest.mark.parametrize("sql", EVERYDAY)
def test_what_is_written_is_admitted_again(sql: str) -> None:
    """The gate's own output is a query like any other, and means the same relations."""
    once = gate(ANN, sql, CATALOG)
    twice = gate(ANN, once.sql, CATALOG)
    assert twice.relations == once.relations
