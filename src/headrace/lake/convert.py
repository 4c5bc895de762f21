"""Arrow rows into the form that the lake keeps, through DuckDB: the lake keeps what DuckDB sees in a batch.

A nanosecond TIMESTAMPTZ, for instance, has microseconds from the moment DuckDB reads it, in a model as in the lake.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa
from duckdb.sqltypes import DuckDBPyType

from headrace.lake import failures
from headrace.lake.columns import UNTYPED, Column, quoted, stored

_GIVE_A_TYPE = "Give at least one column a type, for instance with CAST(NULL AS VARCHAR)."


class Converter:
    """Looks at Arrow rows with DuckDB's eyes. Used by one thread at a time."""

    def __init__(self) -> None:
        self._connection = duckdb.connect()
        self._plain = self._connection.cursor()
        # Lossless: otherwise a UUID leaves as text. It holds for this connection only, and not for its cursor.
        self._connection.execute("SET SESSION TimeZone = 'UTC'; SET SESSION arrow_lossless_conversion = true")
        self._arrow: dict[str, tuple[pa.DataType, ...]] = {}

    def close(self) -> None:
        """Let go of the connections."""
        self._plain.close()
        self._connection.close()

    def describe(self, rows: pa.Table, declared: Mapping[str, str]) -> tuple[Column, ...]:
        """The columns of those rows; ``declared`` says the DuckDB type of those whose Arrow type does not.

        Raises:
            LakeError: HR-704 for a type that the lake cannot hold.
        """
        _no_twins(rows.column_names)
        seen = self._types(_without_untyped(rows).slice(0, 0))
        return tuple(self._column(field.name, seen.get(field.name), declared.get(field.name)) for field in rows.schema)

    def convert(self, rows: pa.Table, columns: Sequence[Column]) -> pa.Table:
        """Exactly those columns in their stored form, save those that were only ever null; null where the rows lack one.

        Raises:
            duckdb.Error: a value does not fit its column's type.
        """
        kept = [column for column in columns if not column.untyped]
        if not kept:
            raise failures.unstorable(columns[0].name, "null in every row, like every other column", _GIVE_A_TYPE)
        rows = _without_untyped(rows)
        present = {name.lower(): name for name in rows.column_names}
        sources = [present.get(column.name.lower()) for column in kept]
        if all(self._fits(rows, source, column) for source, column in zip(sources, kept, strict=True)):
            return rows.select(sources).rename_columns([column.name for column in kept])
        chosen = ", ".join(map(_expression, sources, kept))
        return self._connection.from_arrow(rows).project(chosen).to_arrow_table()

    def parse(self, kind: str) -> DuckDBPyType:
        """The DuckDB type of that text."""
        return self._connection.type(kind)

    def _column(self, name: str, seen: DuckDBPyType | None, declared: str | None) -> Column:
        if declared is not None:
            seen = self.parse(declared)
        # Arrow's null is no type yet; DuckDB would make it INTEGER, which text could not follow.
        return Column(name, UNTYPED, UNTYPED) if seen is None else Column(name, str(seen), stored(name, seen))

    def _types(self, empty: pa.Table) -> dict[str, DuckDBPyType]:
        if not empty.column_names:
            return {}
        try:
            return dict(zip(empty.column_names, self._connection.from_arrow(empty).types, strict=True))
        except duckdb.Error:
            return {name: self._type(empty.select([name]), name) for name in empty.column_names}

    def _type(self, empty: pa.Table, name: str) -> DuckDBPyType:
        try:
            return self._connection.from_arrow(empty).types[0]
        except duckdb.Error as error:
            kind = empty.schema.field(name).type
            raise failures.unstorable(name, f"Arrow {kind}", f"Send {name} as a type that DuckDB reads.") from error

    def _fits(self, rows: pa.Table, source: str | None, column: Column) -> bool:
        """True if Arrow alone can bring the rows' column into its stored form, with nothing to check."""
        return source is not None and not column.cast and rows.schema.field(source).type in self._exports(column.stored)

    def _exports(self, kind: str) -> tuple[pa.DataType, ...]:
        """The Arrow types as which a DuckDB type leaves DuckDB: a BOOLEAN is bool8 without loss, and else bool."""
        if kind not in self._arrow:
            ways = (self._connection,) if "UUID" in kind else (self._connection, self._plain)
            self._arrow[kind] = tuple(_export(connection, kind) for connection in ways)
        return self._arrow[kind]


def _export(connection: duckdb.DuckDBPyConnection, kind: str) -> pa.DataType:
    return connection.sql(f"SELECT CAST(NULL AS {kind}) AS x LIMIT 0").to_arrow_table().schema.field("x").type


def _expression(source: str | None, column: Column) -> str:
    """Selects one stored column; a value passes through its own type, so that one that does not fit is refused."""
    if source is None:
        return f"CAST(NULL AS {column.stored}) AS {quoted(column.name)}"
    own = f"CAST({quoted(source)} AS {column.type})"
    return f"CAST({own} AS {column.stored}) AS {quoted(column.name)}"


def _without_untyped(rows: pa.Table) -> pa.Table:
    return rows.select([field.name for field in rows.schema if not pa.types.is_null(field.type)])


def _no_twins(names: Sequence[str]) -> None:
    lower = [name.lower() for name in names]
    twins = sorted({name for name in lower if lower.count(name) > 1})
    if twins:
        raise failures.unstorable(twins[0], "there twice", "Rename one of the two; names are compared without case.")
