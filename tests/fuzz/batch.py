"""Every model's batch query over the raw rows, as the engine's recompute runs it, but with its text made only once.

A recompute renders, compares and counts; most of its time goes where nothing differs. So a content that is found equal here needs
none, and whatever is not is the recompute's to judge.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import pyarrow as pa
from sqlglot import exp

from headrace.engine import DuckDBEngine, SourceTable, tables
from headrace.engine.programs import instant
from headrace.engine.render import NOW, parameter, quoted, render
from headrace.engine.statements import ASOF
from headrace.sql import Program

from .bags import Bag, bag


class Batch:
    """Batch queries on a connection of their own."""

    def __init__(
        self, engine: DuckDBEngine, sources: Mapping[str, SourceTable], programs: Mapping[str, Program]
    ) -> None:
        self._engine = engine
        self._cursor = engine._connection.cursor()
        self._cursor.execute("USE node")
        self._cursor.execute("SET TimeZone = 'UTC'")
        self._cursor.execute(
            f"SET VARIABLE now = {instant(None)}"
        )  # for the shapes of tables; statements have a parameter
        for name, source in sources.items():
            body = tables.current(source, None)
            self._cursor.execute(f"CREATE TEMP VIEW {quoted(_name(name))} AS {body}")
        self._programs = programs
        self._rows: dict[str, Bag] = {}
        self._read = {name for program in programs.values() for name in program.reads}

        def place(name: str) -> exp.Table | None:
            return exp.table_(_name(name), quoted=True) if name in sources or name in programs else None

        texts = {name: render(program.batch, place, prepared=True) for name, program in programs.items()}
        self._timed = {name for name, text in texts.items() if parameter(NOW) in text}
        # First every table, then every statement: DuckDB plans a prepared one at each use once the catalog has changed.
        for name in (name for name in texts if name in self._read):
            self._cursor.execute(
                f"CREATE TEMP TABLE {quoted(_name(name))} AS FROM ({render(programs[name].batch, place)}) LIMIT 0"
            )
        into = {name: f"INSERT INTO {quoted(_name(name))} " if name in self._read else "" for name in texts}
        self._commands = {
            name: f"PREPARE {quoted(_statement(name))} AS {into[name]}{text}" for name, text in texts.items()
        }
        for command in self._commands.values():
            self._cursor.execute(command)

    def contents(self, now: datetime, arrived: Collection[str]) -> Mapping[str, Bag]:
        """Each model's rows, recomputed in the order of the models where an input has changed.

        Args:
            arrived: the sources of which rows came or left since it was asked last.
        """
        self._engine._write_waiting()
        moved = set(arrived)
        for name, program in self._programs.items():
            if name not in self._rows or name in self._timed or not moved.isdisjoint(program.reads):
                rows = bag(self._recomputed(name, now))
                if rows != self._rows.get(name):
                    moved.add(name)
                self._rows[name] = rows
        return self._rows

    def _recomputed(self, name: str, now: datetime) -> pa.Table:
        if ASOF in self._commands[name]:
            self._cursor.execute(self._commands[name])
        time = f"({NOW} := {instant(now)})" if name in self._timed else ""
        run = f"EXECUTE {quoted(_statement(name))}{time}"
        if name not in self._read:
            return self._cursor.execute(run).to_arrow_table()
        table = quoted(_name(name))
        self._cursor.execute(f"TRUNCATE {table}")
        self._cursor.execute(run)
        return self._cursor.execute(f"FROM {table}").to_arrow_table()

    def close(self) -> None:
        self._cursor.close()


def _statement(model: str) -> str:
    return f"recomputed.{model}"


def _name(relation: str) -> str:
    return f"batch.{relation}"
