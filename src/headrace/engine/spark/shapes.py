"""DuckDB as the judge of types: every relation of a program, empty, in a database of its own."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import duckdb
from sqlglot import exp

from headrace.engine.programs import Prepared, create_states
from headrace.engine.protocol import SourceTable
from headrace.engine.render import delta_name, quoted, render
from headrace.sql import WEIGHT, Program

_SCHEMAS = ("state", "live")
_EPOCH = "TIMESTAMPTZ '1970-01-01 00:00:00+00'"


class Shapes:
    """The columns and types that sources, deltas, states and live content have in DuckDB, whose types are the ones meant."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:", config={"enable_external_access": "false"})
        self._turn = threading.Lock()
        """Models that are computed side by side ask for shapes."""
        self._connection.execute("SET TimeZone = 'UTC'")
        for name in ("now", "previous"):
            self._connection.execute(f"SET VARIABLE {name} = {_EPOCH}")
        for schema in _SCHEMAS:
            self._connection.execute(f"CREATE SCHEMA {schema}")

    def add_source(self, source: SourceTable) -> None:
        body = ", ".join(f"{quoted(name)} {kind}" for name, kind in source.columns.items())
        for table in (quoted(source.name), f"live.{quoted(source.name)}"):
            self._connection.execute(f"CREATE OR REPLACE TABLE {table} ({body})")
        delta = quoted(delta_name(source.name))
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {delta} ({body}, {WEIGHT} TINYINT)")

    def add(self, program: Program) -> None:
        """What the program keeps and computes, after what it reads."""
        create_states(self._connection, Prepared(program))

    def describe(self, query: exp.Query) -> list[tuple[str, str]]:
        """The output columns of a query, with DuckDB's types."""
        return self._described(render(query))

    def relation(self, *name: str) -> Mapping[str, str]:
        """The columns of ``state.X``, ``live.X``, a relation or a delta."""
        return dict(self._described(f"FROM {quoted(*name)}"))

    def _described(self, text: str) -> list[tuple[str, str]]:
        with self._turn:
            return [(row[0], row[1]) for row in self._connection.execute(f"DESCRIBE {text}").fetchall()]
