"""Queries asked of both engines, over the same rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import duckdb
import pytest
import sqlglot

from headrace.engine.render import render as for_duckdb
from headrace.engine.spark.kinds import spark_name
from headrace.engine.spark.store import ident
from headrace.engine.spark.typed import Describe
from tests.spark.differences import COLUMNS

Ask = Callable[[str], tuple[list[Any], list[Any]]]
"""A query's rows in Spark and in DuckDB."""


def asking(connection: duckdb.DuckDBPyConnection, spark: Any, written: Callable[[str], str]) -> Ask:
    """Spark gets the rows that the connection's table ``t`` has.

    Args:
        written: a query as Spark's text.
    """
    rows = connection.execute("SELECT * REPLACE (h::DECIMAL(38, 0) AS h) FROM t").to_arrow_table()
    schema = ", ".join(f"{ident(name)} {spark_name(kind)}" for name, kind in COLUMNS.items())
    spark.createDataFrame(rows, schema=schema).createOrReplaceTempView("`all.t`")

    def asked(text: str) -> tuple[list[Any], list[Any]]:
        found = spark.sql(written(text)).toArrow()
        wanted = connection.execute(for_duckdb(parsed(text))).to_arrow_table()
        return as_rows(found), as_rows(wanted)

    return asked


def parsed(text: str) -> Any:
    return sqlglot.parse_one(text, dialect="duckdb")


def describing(connection: duckdb.DuckDBPyConnection) -> Describe:
    def describe(query: Any) -> list[tuple[str, str]]:
        return [(row[0], row[1]) for row in connection.execute(f"DESCRIBE {for_duckdb(query)}").fetchall()]

    return describe


def as_rows(table: Any) -> list[Any]:
    columns = [[plain(value) for value in column.to_pylist()] for column in table.columns]
    return list(zip(*columns, strict=True))


def plain(value: Any) -> Any:
    """Numbers of any kind as what they are worth."""
    if isinstance(value, dict):
        return tuple(plain(part) for part in value.values())
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value if math.isinf(value) else pytest.approx(value + 0.0, rel=1e-12)
    return int(value) if isinstance(value, Decimal) and value == int(value) and abs(value) > 1e15 else value


def side_by_side(ask: Any, expressions: dict[str, str], rest: str, key: str) -> dict[str, tuple[list[Any], list[Any]]]:
    """All of them in one query, each with the results of both engines in the key's order."""
    shown = ", ".join(f"{text} AS x{i}" for i, text in enumerate(expressions.values()))
    sides = [sorted(rows, key=lambda row: row[0]) for rows in ask(f"SELECT {key}, {shown} {rest}")]
    return {
        name: ([row[i] for row in sides[0]], [row[i] for row in sides[1]])
        for i, name in enumerate(expressions, start=1)
    }
