"""Tables that bring types of their own (Parquet, Arrow, a query's result), cast to the column schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from headrace.errors import Place, SourceError
from headrace.ingest.cast import Cast, from_value
from headrace.ingest.chunk import Reject
from headrace.ingest.fit import AT, Fitted, timed
from headrace.ingest.session import Connection, ask, quote
from headrace.ingest.shape import Shape


@dataclass(frozen=True)
class TypedTable:
    """A table to take rows from.

    Attributes:
        called: what to call it in an error, such as its file's name.
        relation: SQL for it, to try casts on.
        columns: its columns and their DuckDB types. They are found by name, whatever their case; the ones outside the
            schema are ignored.
        path: its file, if it is one.
    """

    called: str
    relation: str
    columns: Mapping[str, str]
    path: Path | None = None


def table_casts(shape: Shape, table: TypedTable) -> dict[str, Cast]:
    """Casts from the table's columns to the schema's.

    Raises:
        SourceError: a column is not there, or is of a type that cannot become the declared one.
    """
    lowered = {name.lower(): name for name in table.columns}
    missing = [name for name in shape.columns if name.lower() not in lowered]
    if missing:
        what = f"{table.called} has no column {', '.join(missing)}"
        raise _unfit(shape, table, what, "HR-406", f"rename it there, or under `schema`: {', '.join(table.columns)}")
    casts = {name: _cast(shape, table, lowered[name.lower()], name) for name in shape.columns}
    return timed(casts, shape.event_time)


def _cast(shape: Shape, table: TypedTable, column: str, name: str) -> Cast:
    target = shape.types[name]
    given = shape.con.sqltype(table.columns[column])
    if why := _impossible(shape.con, f"CAST({quote(column)} AS {target})", quote(column), table.relation):
        what = f"column {column} of {table.called} is {given}, which cannot become {target}: {why}"
        raise _unfit(shape, table, what, "HR-408", f"correct the type of {name} under `schema`")
    return from_value(quote(column), given, target)


def _impossible(con: Connection, cast: str, column: str, relation: str) -> str | None:
    """Why no value of the column can be cast; None if some may."""
    # DuckDB finds out that it lacks a cast when it first meets a value, and TRY_CAST would call it a bad value.
    try:
        con.execute(f"SELECT {cast} FROM {relation} WHERE {column} IS NOT NULL LIMIT 1").to_arrow_table()
    except (duckdb.BinderException, duckdb.NotImplementedException) as error:
        return str(error).partition("\n")[0]
    except duckdb.ConversionException as error:
        what = str(error).partition("\n")[0]
        return what if "Unimplemented" in what else None
    return None


def _unfit(shape: Shape, table: TypedTable, what: str, code: str, fix: str) -> SourceError:
    place = Place(table.path) if table.path else None
    return SourceError(what, code=code, where=place, state="nothing was read from it", fix=f"{fix} in {shape.where}")


def table_rejects(
    shape: Shape,
    query: str,
    fitted: Fitted,
    casts: Mapping[str, Cast],
    name: str,
    tables: Mapping[str, pa.Table] | None = None,
) -> list[Reject]:
    """Rejects for the misfits of `query`, whose rows are called ``name:row``; a row's raw text is its JSON."""
    if not fitted.misfits:
        return []
    row = ", ".join(f"{quote(column)} := {cast.shown}" for column, cast in casts.items())
    numbers = ", ".join(map(str, fitted.misfits))
    sql = f"SELECT {AT}, CAST(to_json(struct_pack({row})) AS VARCHAR) AS raw FROM ({query}) WHERE {AT} IN ({numbers})"
    found = ask(shape.con, sql, tables)
    texts = dict(zip(found[AT].to_pylist(), found["raw"].to_pylist(), strict=True))
    return [Reject(f"{name}:{at + 1}", fitted.misfits[at], texts[at]) for at in sorted(fitted.misfits)]
