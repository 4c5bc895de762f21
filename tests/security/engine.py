"""What DuckDB's own parser and planner say a statement is: the second opinion that the tests hold the gate to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb

WRITTEN = "+ - * / // % ** ^ || & | << >> ~ -> ->> ^@ @> <@ && <-> !~~ ~~ !~~* ~~* ~~~ position"
OPERATORS = frozenset(WRITTEN.split())
"""Functions that DuckDB's grammar has a notation for."""


def parsed(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """DuckDB's syntax tree as JSON; None for what is not a SELECT to it."""
    [[text]] = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchall()
    tree = json.loads(text)
    return None if tree["error"] else tree["statements"]


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of the tree."""
    if isinstance(tree, dict):
        yield tree
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from nodes(part)


def tables(tree: Any) -> set[tuple[str, str, str]]:
    """(catalog, schema, table) of every table that is named."""
    return {
        (node["catalog_name"], node["schema_name"], node["table_name"])
        for node in nodes(tree)
        if node.get("type") == "BASE_TABLE"
    }


def table_functions(tree: Any) -> set[str]:
    """Every function called in FROM."""
    return {node["function"]["function_name"] for node in nodes(tree) if node.get("type") == "TABLE_FUNCTION"}


def functions(tree: Any) -> set[str]:
    """Every function called anywhere."""
    return {node["function_name"].lower() for node in nodes(tree) if "function_name" in node}


def scanned(connection: duckdb.DuckDBPyConnection, sql: str) -> set[str]:
    """Every table that the plan reads."""
    [[_, text]] = connection.execute(f"EXPLAIN (FORMAT json) {sql}").fetchall()
    extras = (node.get("extra_info", {}) for node in nodes(json.loads(text)))
    return {extra["Table"].replace('"', "") for extra in extras if "Table" in extra}
