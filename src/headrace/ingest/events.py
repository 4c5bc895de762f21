"""From a replay's tables and query to its events, in order, in a DuckDB file.

Memory stays bounded whatever the size of the tables: beyond `MEMORY`, DuckDB keeps and sorts them on disk. The query runs
in a database that holds nothing but the tables and can open no other file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb

from headrace.errors import Place, SourceError
from headrace.ingest.locate import Matches
from headrace.ingest.session import OFFLINE, Connection, literal, quote
from headrace.ingest.tables import load_table
from headrace.project import ReplaySource
from headrace.project.columns import RESERVED_COLUMNS, is_time

MEMORY = "1GB"
EVENTS = "events"
NUMBER, TIME = "__n", "__t"
"""Columns of the events, before the query's own: their number from 0, and their event time in microseconds since 1970.
Events are ordered by TIME, then by all columns from the first to the last."""
NO_TIME = -(1 << 62)
"""The TIME of an event whose event time is NULL."""
_QUERY = "__query"


@dataclass(frozen=True)
class Recipe:
    """What events are made from."""

    source: ReplaySource
    path: Path
    """The file of the query."""
    query: str
    tables: Mapping[str, Matches]

    @cached_property
    def files(self) -> dict[str, list[Path]]:
        return {name: [found.path(one) for one in found.names()] for name, found in sorted(self.tables.items())}

    def wrong(self, what: str) -> SourceError:
        return SourceError(
            f"The query of replay {self.source.name} {what}",
            code="HR-411",
            where=Place(self.path),
            state="nothing was read",
            fix=f"correct it: one SELECT over {', '.join(self.tables)} that yields {self.source.event_time}",
        )


def make_events(recipe: Recipe, work: Path) -> Path:
    """Makes a DuckDB file in the folder `work`, with the table EVENTS.

    Raises:
        SourceError: a table cannot be loaded, or the query cannot be run.
    """
    made = work / "events.duckdb"
    con = _database(work)
    try:
        for name, matches in recipe.tables.items():
            load_table(con, recipe.source, name, matches)
        con.execute(f"ATTACH {literal(str(made))} AS made")
        _shut_in(con, recipe)
        _run(con, recipe, _ordered(recipe, _columns(con, recipe)))
        con.execute("DETACH made")
    finally:
        con.close()
    return made


def _database(work: Path) -> Connection:
    spill = str(work / "spill")
    con = duckdb.connect(":memory:", config={"memory_limit": MEMORY, "temp_directory": spill, **OFFLINE})
    con.execute("SET TimeZone = 'UTC'")
    return con


def _shut_in(con: Connection, recipe: Recipe) -> None:
    """From here on the database reads the tables' files and nothing else."""
    files = ", ".join(literal(str(path)) for paths in recipe.files.values() for path in paths)
    con.execute(f"SET allowed_paths = [{files}]")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")


def _columns(con: Connection, recipe: Recipe) -> dict[str, str]:
    """The query's columns, checked."""
    try:
        statements = con.extract_statements(recipe.query)
    except duckdb.Error as error:
        raise recipe.wrong(f"cannot be read: {error}") from error
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        raise recipe.wrong("is not one SELECT statement")
    _run(con, recipe, f"CREATE VIEW {_QUERY} AS {recipe.query}")
    columns = {name: kind for name, kind, *_ in con.execute(f"DESCRIBE {_QUERY}").fetchall()}
    reserved = [name for name in columns if name.startswith(RESERVED_COLUMNS)]
    if reserved:
        raise recipe.wrong(f"yields {', '.join(reserved)}, a name that is kept for Headrace")
    time = recipe.source.event_time
    if not is_time(columns.get(time, "")):
        raise recipe.wrong(f"yields {time} as {columns[time]}" if time in columns else f"yields no column {time}")
    return columns


def _ordered(recipe: Recipe, columns: Mapping[str, str]) -> str:
    time = f"coalesce(epoch_us(CAST({quote(recipe.source.event_time)} AS TIMESTAMP)), {NO_TIME})"
    order = ", ".join([TIME, *map(quote, columns)])
    return (
        f"CREATE TABLE made.{EVENTS} AS SELECT row_number() OVER () - 1 AS {NUMBER}, *"
        f" FROM (SELECT {time} AS {TIME}, * FROM {_QUERY} ORDER BY {order})"
    )


def _run(con: Connection, recipe: Recipe, sql: str) -> None:
    try:
        con.execute(sql)
    except duckdb.Error as error:
        raise recipe.wrong(f"cannot be run: {error}") from error
