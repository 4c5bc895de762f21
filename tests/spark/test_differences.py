"""Each line of the tables of rules: what is rendered gives DuckDB's answer, and what is not is refused by name."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pytest

from headrace.engine.render import render as for_duckdb
from headrace.engine.spark import (
    aggregates,
    casts,
    compare,
    kinds,
    laterals,
    numbers,
    relations,
    subqueries,
    texts,
    times,
)
from headrace.engine.spark.epochs import as_shaped
from headrace.engine.spark.refusal import Unfaithful
from headrace.engine.spark.render import RULES, render
from tests.spark.beside import Ask, asking, describing, parsed, side_by_side
from tests.spark.differences import FAILING, QUERIES, REFUSED, REFUSED_QUERIES, TOTALS, VALUES

pytestmark = pytest.mark.xdist_group("spark")


@pytest.fixture(scope="module")
def ask(embedded: duckdb.DuckDBPyConnection, spark: Any) -> Ask:
    return asking(embedded, spark, lambda text: written(embedded, text))


def written(connection: duckdb.DuckDBPyConnection, text: str) -> str:
    return render(parsed(text), describing(connection))


@pytest.fixture(scope="module")
def all_values(ask: Any) -> dict[str, tuple[list[Any], list[Any]]]:
    return side_by_side(ask, VALUES, 'FROM "all".t AS t', "id")


@pytest.fixture(scope="module")
def all_totals(ask: Any) -> dict[str, tuple[list[Any], list[Any]]]:
    return side_by_side(ask, TOTALS, 'FROM "all".t AS t GROUP BY g', "g")


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_the_same(all_values: Any, name: str) -> None:
    found, wanted = all_values[name]
    assert found == wanted


@pytest.mark.parametrize("name", TOTALS)
def test_an_aggregate_is_the_same(all_totals: Any, name: str) -> None:
    found, wanted = all_totals[name]
    assert found == wanted


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_the_same(ask: Any, name: str) -> None:
    found, wanted = ask(QUERIES[name])
    assert sorted(map(str, found)) == sorted(map(str, wanted))


@pytest.mark.parametrize("name", FAILING)
def test_what_fails_fails(ask: Any, embedded: duckdb.DuckDBPyConnection, spark: Any, name: str) -> None:
    text = f'SELECT {FAILING[name]} AS x FROM "all".t AS t'
    with pytest.raises(duckdb.Error):
        embedded.execute(for_duckdb(parsed(text))).fetchall()
    with pytest.raises(Exception, match=r"OVERFLOW|OUT_OF_RANGE"):
        spark.sql(written(embedded, text)).collect()


@pytest.mark.parametrize("name", [*REFUSED, *REFUSED_QUERIES])
def test_what_has_no_rendering_is_refused(embedded: duckdb.DuckDBPyConnection, name: str) -> None:
    text = REFUSED_QUERIES.get(name) or f'SELECT {REFUSED[name]} AS x FROM "all".t AS t'
    embedded.execute(f"EXPLAIN {for_duckdb(parsed(text))}")
    with pytest.raises(Unfaithful) as refusal:
        written(embedded, text)
    assert refusal.value.what


def test_a_column_of_another_type_is_refused(spark: Any) -> None:
    """The check of each step's columns can fail."""
    rows = spark.sql("SELECT 1 AS a, CAST(2 AS BIGINT) AS b, NULL AS c")
    assert as_shaped(rows, {"a": "INTEGER", "b": "BIGINT", "c": "DATE"}).dtypes[2] == ("c", "date")
    with pytest.raises(Unfaithful, match="column b, HUGEINT in DuckDB and bigint in Spark"):
        as_shaped(rows, {"a": "INTEGER", "b": "HUGEINT", "c": "DATE"})


@pytest.mark.parametrize(
    "module", [kinds, relations, laterals, subqueries, compare, numbers, casts, aggregates, texts, times]
)
def test_the_page_lists_every_difference(module: ModuleType) -> None:
    page = (Path(__file__).parents[2] / "docs" / "concepts" / "compiler.md").read_text()
    assert (module.__doc__ or "").strip().split("\n", 1)[1].strip() in page


def test_every_rule_is_tried() -> None:
    """No class of sqlglot's has a rule that no line above runs into."""
    texts = [f'SELECT {text} AS x FROM "all".t AS t' for text in (*VALUES.values(), *TOTALS.values())]
    found = {type(node) for text in (*texts, *QUERIES.values()) for node in parsed(text).walk()}
    assert sorted(rule.__name__ for rule in set(RULES) - found) == ["Placeholder"]
