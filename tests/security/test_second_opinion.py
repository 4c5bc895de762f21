"""DuckDB's own parser and planner are asked what was admitted: they must see what the gate saw, and no more."""

from __future__ import annotations

from datetime import datetime

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot.tokenizer_core import Token

from headrace.errors import HeadraceError
from headrace.security import Admitted, gate
from headrace.security.dialect import DIALECT
from headrace.security.functions import CLOCK, FUNCTIONS, TABLE_FUNCTIONS

from . import engine
from .conftest import ANN, CATALOG, RELATIONS, paragraphs

EVERYDAY = paragraphs("everyday.sql")
NOW = datetime(2024, 2, 29)
FRAGMENTS = [
    "secret",
    "main.secret",
    "other.hidden",
    "other.orders",
    "temp.temporary",
    "memory.main.secret",
    "information_schema.tables",
    "duckdb_tables()",
    "pragma_table_info('secret')",
    "query('FROM secret')",
    "query_table('secret')",
    "read_csv('people.csv')",
    "'people.csv'",
    '"people.csv"',
    "leak_table()",
    "(FROM secret)",
    "(SELECT x FROM secret)",
    "(DESCRIBE secret)",
    "(SUMMARIZE secret)",
    "(SHOW TABLES)",
    "(TABLE secret)",
    "(PIVOT secret ON x USING count(*))",
    "(WITH orders AS (FROM secret) FROM orders)",
    "WITH secret AS (SELECT 1 AS x)",
    "WITH RECURSIVE secret AS (FROM secret)",
    "LATERAL (FROM secret)",
    "UNION ALL FROM secret",
    ", secret",
    "JOIN secret ON true",
    "POSITIONAL JOIN secret",
    "leak()",
    "main.leak()",
    ".leak()",
    "getenv('HOME')",
    "current_setting('memory_limit')",
    "getvariable('hidden')",
    "nextval('counter')",
    "current_user",
    '"current_user"',
    "now()",
    '"current_date"',
    ".age()",
    "x -> leak()",
    "lambda x: leak()",
    "COLUMNS(c -> leak() > 0)",
    "::mood",
    "IN secret",
    "$x",
    "E'\\''",
    "'",
    '"',
    "$$",
    "--",
    "/*",
    "*/",
    "/* ' */",
    "\\",
    ";",
    "(",
    ")",
    "]",
    "\x00",
    "\N{KELVIN SIGN}",
]


def check(admitted: Admitted, connection: duckdb.DuckDBPyConnection) -> None:
    tree = engine.parsed(connection, admitted.sql)
    if tree is None:  # DuckDB cannot read it, so it does not run either
        with pytest.raises(duckdb.Error):
            engine.scanned(connection, admitted.sql)
        return
    assert len(tree) == 1
    named = {table for table in engine.tables(tree) if "#" not in table[2]}
    assert named == {("", "", relation) for relation in admitted.relations}
    assert named <= {("", "", relation) for relation in RELATIONS}
    assert engine.table_functions(tree) <= TABLE_FUNCTIONS
    assert engine.functions(tree) <= (FUNCTIONS - CLOCK) | engine.OPERATORS
    try:
        scanned = engine.scanned(connection, admitted.sql)
    except duckdb.Error:
        return  # the engine refuses what the gate leaves to it: types, arity, what binds to what
    assert scanned <= {f"memory.main.{relation}" for relation in admitted.relations}


@pytest.mark.parametrize("sql", EVERYDAY)
def test_everyday(sql: str, closed: duckdb.DuckDBPyConnection) -> None:
    admitted = gate(ANN, sql, CATALOG)
    assert engine.parsed(closed, admitted.sql) is not None
    check(admitted, closed)


def test_the_opinion_is_worth_having(closed: duckdb.DuckDBPyConnection) -> None:
    """The planner does name tables, and the parser functions, that are reached on side ways."""
    assert engine.scanned(closed, "SELECT id FROM orders WHERE id < (SELECT max(x) FROM secret)") == {
        "memory.main.orders",
        "memory.main.secret",
    }
    assert engine.scanned(closed, "FROM query('FROM secret')") == {"memory.main.secret"}
    tree = engine.parsed(closed, "SELECT leak(), current_user FROM range(3), other.hidden, query('FROM secret')")
    assert engine.functions(tree) == {"leak", "range", "query"}
    assert engine.table_functions(tree) == {"range", "query"}
    assert engine.tables(tree) == {("", "other", "hidden")}


def words(sql: str) -> list[str]:
    tokens: list[Token] = DIALECT.tokenize(sql)
    return [sql[token.start : token.end + 1] for token in tokens]


@st.composite
def spliced(draw: st.DrawFn) -> str:
    """An everyday query with hostile fragments put between its words, or in their place."""
    text = words(draw(st.sampled_from(EVERYDAY)))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        fragment = draw(st.sampled_from(FRAGMENTS))
        text[at : at + draw(st.integers(0, 2))] = [fragment]
    return " ".join(text)


@st.composite
def crossed(draw: st.DrawFn) -> str:
    """The beginning of one query and the end of another."""
    first, second = (words(draw(st.sampled_from(EVERYDAY))) for _ in range(2))
    return " ".join(first[: draw(st.integers(0, len(first)))] + second[draw(st.integers(0, len(second))) :])


@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(spliced(), crossed()))
def test_whatever_is_admitted_reads_only_the_catalog(closed: duckdb.DuckDBPyConnection, sql: str) -> None:
    try:
        admitted = gate(ANN, sql, CATALOG, {"x": 1}, now=NOW)
    except HeadraceError:
        return
    check(admitted, closed)
