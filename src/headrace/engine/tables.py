"""The tables of the state database: creating them, bringing them up to date, and reading sources as one relation.

live.<model>     the model's current rows
live.<source>    the current rows of a source whose rows change
hot.<source>     raw rows not yet in the lake, with their log offset
raw.<source>     all raw rows: the lake's and the hot ones
state.<name>     what operators keep
main.<name>      the view that queries name
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb

from headrace.engine.protocol import SourceTable
from headrace.engine.render import delta_name, listed, quoted
from headrace.sql import WEIGHT, Program

OFFSET = "__offset"
LATE = "__late"


def typed(source: SourceTable) -> str:
    """The source's raw columns with their types, for CREATE TABLE."""
    columns = [f"{quoted(name)} {kind}" for name, kind in source.columns.items()]
    return ", ".join([*columns, *(f"{name} {kind}" for name, kind in marks(source).items())])


def marks(source: SourceTable) -> dict[str, str]:
    """What is kept of a raw row beside its columns and its offset, with the types."""
    return {**({WEIGHT: "TINYINT"} if source.changelog else {}), **({LATE: "TIMESTAMP"} if source.sets_aside else {})}


def create_source(connection: duckdb.DuckDBPyConnection, source: SourceTable) -> None:
    hot = f"hot.{quoted(source.name)}"
    connection.execute(f"CREATE TABLE IF NOT EXISTS {hot} ({typed(source)}, {OFFSET} BIGINT)")
    kept = [row[0] for row in connection.execute(f"DESCRIBE {hot}").fetchall()]
    if (LATE in kept) != (source.sets_aside is not None):
        # Rows of a source that begins to set late ones aside have all counted; of one that no longer does, all do.
        names = listed(list(source.columns))
        mark = f"NULL::TIMESTAMP AS {LATE}, " if source.sets_aside else ""
        connection.execute(f"CREATE OR REPLACE TABLE {hot} AS SELECT {names}, {mark}{OFFSET} FROM {hot}")
    if source.changelog:
        body = ", ".join(f"{quoted(name)} {kind}" for name, kind in source.columns.items())
        connection.execute(f"CREATE TABLE IF NOT EXISTS live.{quoted(source.name)} ({body})")


def raw_view(source: SourceTable, history: str) -> str:
    """Every raw row of the source with its offset, from the lake and the hot table.

    Args:
        history: a SELECT of the rows in the lake, or nothing.
    """
    names = [*source.columns, *marks(source), OFFSET]
    kinds = [*source.columns.values(), *marks(source).values(), "BIGINT"]
    if history and source.sets_aside:
        # Rows that came before the source set any aside have no mark in the lake.
        history = f"({history}) UNION ALL BY NAME (SELECT NULL::TIMESTAMP AS {LATE} WHERE false)"
    cast = ", ".join(f"CAST({quoted(n)} AS {k}) AS {quoted(n)}" for n, k in zip(names, kinds, strict=True))
    hot = f"SELECT {listed(names)} FROM hot.{quoted(source.name)}"
    return f"SELECT {cast} FROM ({history}) UNION ALL {hot}" if history else hot


def current(source: SourceTable, stop: int | None, counted: int = 0) -> str:
    """The source's rows as of offset ``stop``: raw rows as they are, or what a changelog adds up to.

    Args:
        counted: late rows below this offset count.
    """
    columns = listed(list(source.columns))
    conditions = [f"({LATE} IS NULL OR {OFFSET} < {counted})"] if source.sets_aside else []
    conditions += [] if stop is None else [f"{OFFSET} < {stop}"]
    body = f"raw.{quoted(source.name)}" + (f" WHERE {' AND '.join(conditions)}" if conditions else "")
    if not source.changelog:
        return f"SELECT {columns} FROM {body}"
    if source.key:
        latest = f"row_number() OVER (PARTITION BY {listed(source.key)} ORDER BY {OFFSET} DESC) = 1"
        return f"SELECT {columns} FROM (SELECT * FROM {body} QUALIFY {latest}) WHERE {WEIGHT} > 0"
    folded = f"SELECT {columns}, sum({WEIGHT}::BIGINT)::BIGINT AS __n FROM {body} GROUP BY ALL HAVING sum({WEIGHT}::BIGINT) > 0"
    return f"SELECT {columns} FROM (SELECT *, unnest(range(__n)) AS __nth FROM ({folded}))"


def show(connection: duckdb.DuckDBPyConnection, source: SourceTable, history: str, counted: int = 0) -> None:
    """Point the views of the source's raw rows, and of the rows that queries name, at where they are now."""
    name = quoted(source.name)
    connection.execute(f"CREATE OR REPLACE VIEW raw.{name} AS {raw_view(source, history)}")
    body = (
        f"SELECT {listed(list(source.columns))} FROM live.{name}"
        if source.changelog
        else current(source, None, counted)
    )
    connection.execute(f"CREATE OR REPLACE VIEW main.{name} AS {body}")


class CopiesError(Exception):
    """More rows went than were to leave: some of them had copies."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.table = table


def apply(
    execute: Callable[[str], int],
    leaving: Callable[[str], int],
    table: str,
    columns: Sequence[str],
    key: Sequence[str],
    *,
    copies: bool = True,
) -> None:
    """Bring ``live.<table>`` up to date with ``delta.<table>``: take out what left, add what arrived.

    Args:
        leaving: how many rows leave, by delta.
        copies: rows may be there more than once, and not all of a row's copies leave.

    Raises:
        CopiesError: there are copies after all. The table is spoiled until the transaction is rolled back.
    """
    live, delta = f"live.{quoted(table)}", quoted(delta_name(table))
    if gone := leaving(table):
        if key:
            execute(_remove_by_key(live, delta, key))
        elif copies:
            execute(_remove_rows(live, delta, columns))
        elif execute(_remove_by_key(live, delta, columns)) != gone:
            raise CopiesError(table)
    names = listed(list(columns))
    execute(f"INSERT INTO {live} ({names}) SELECT {names} FROM {delta} WHERE {WEIGHT} > 0")


def _remove_by_key(live: str, delta: str, key: Sequence[str]) -> str:
    match = " AND ".join(f"l.{quoted(k)} IS NOT DISTINCT FROM d.{quoted(k)}" for k in key)
    return (
        f"DELETE FROM {live} AS l USING (SELECT {listed(list(key))} FROM {delta} WHERE {WEIGHT} < 0) AS d WHERE {match}"
    )


def _remove_rows(live: str, delta: str, columns: Sequence[str]) -> str:
    """Exactly as many copies of each row as left."""
    names = listed(list(columns))
    gone = f"SELECT {names}, count(*) AS __n, min(rowid) AS __g FROM {delta} WHERE {WEIGHT} < 0 GROUP BY ALL"
    match = " AND ".join(f"l.{quoted(c)} IS NOT DISTINCT FROM g.{quoted(c)}" for c in columns)
    ranked = (
        f"SELECT l.rowid AS __row, row_number() OVER (PARTITION BY g.__g ORDER BY l.rowid) AS __i, g.__n "
        f"FROM {live} AS l JOIN ({gone}) AS g ON {match}"
    )
    return f"DELETE FROM {live} WHERE rowid IN (SELECT __row FROM ({ranked}) WHERE __i <= __n)"


def netted(relation: str, names: Sequence[str]) -> str:
    """The rows of a weighted relation with opposite ones cancelled; copies stay separate rows."""
    columns = listed(list(names))
    total = f"sum({WEIGHT}::BIGINT)"
    counted = f"SELECT {columns}, {total}::BIGINT AS __n FROM {relation} GROUP BY ALL HAVING {total} <> 0"
    copies = f"SELECT *, unnest(range(abs(__n))) AS __nth FROM ({counted})"
    return f"SELECT {columns}, sign(__n)::TINYINT AS {WEIGHT} FROM ({copies})"


def change(before: str, after: str) -> str:
    """What has to leave and to arrive, with ``__w``, for the rows of one SELECT to become those of another."""
    return " UNION ALL ".join(
        f"SELECT *, CAST({weight} AS TINYINT) AS {WEIGHT} FROM ({one} EXCEPT ALL {other})"
        for weight, one, other in ((-1, before, after), (1, after, before))
    )


def create_live(connection: duckdb.DuckDBPyConnection, program: Program, text: str) -> None:
    """The model's empty table, and the view that queries name.

    Args:
        text: of the view of its states that it is, or of its batch query.
    """
    name = quoted(program.model)
    columns = listed(program.columns)
    if program.live is None:
        connection.execute(f"CREATE TABLE live.{name} AS SELECT {columns} FROM ({text}) LIMIT 0")
    else:
        connection.execute(f"CREATE VIEW live.{name} AS {text}")
    connection.execute(f"CREATE OR REPLACE VIEW main.{name} AS SELECT {columns} FROM live.{name}")
