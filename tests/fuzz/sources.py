"""The sources that generated queries read, and what their columns may be used for.

A column's *kind* is finer than its type where equality of two runs depends on it:

    INT      whole numbers far enough from the limits of BIGINT for a little arithmetic
    BIG      whole numbers up to the limits: compared and grouped, never computed with
    DBL      DOUBLE with few binary digits: sums are exact in any order
    DBLD     DOUBLE that is the same for the same rows, but whose sums are not
    DBLX     DOUBLE whose last digits depend on the order of the rows: shown only, never compared
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from headrace.engine import SourceTable


@dataclass(frozen=True)
class Column:
    """A column as a query refers to it."""

    ref: str
    kind: str


@dataclass(frozen=True)
class Table:
    """What FROM can name: a source or a model. ``size`` is a guess at its rows, which keeps products of tables small."""

    name: str
    columns: tuple[Column, ...]
    size: int


SOURCES = (
    SourceTable(
        "ev",
        {
            "id": "BIGINT",
            "ts": "TIMESTAMP",
            "k": "VARCHAR",
            "x": "INTEGER",
            "d": "DOUBLE",
            "amount": "DECIMAL(12,2)",
            "ok": "BOOLEAN",
        },
    ),
    SourceTable("ref", {"k": "VARCHAR", "name": "VARCHAR", "n": "INTEGER", "since": "TIMESTAMP"}, True, ("k",)),
    SourceTable("bag", {"k": "VARCHAR", "v": "INTEGER", "p": "DECIMAL(8,2)", "e": "DOUBLE"}, True, ()),
    SourceTable(
        "wide",
        {
            "id": "INTEGER",
            "k": "VARCHAR",
            "tags": "VARCHAR[]",
            "nums": "INTEGER[]",
            "info": "STRUCT(a INTEGER, b VARCHAR)",
            "doc": "JSON",
            "at": "TIMESTAMP WITH TIME ZONE",
            "day": "DATE",
            "flag": "BOOLEAN",
            "big": "BIGINT",
        },
        True,
        ("id", "k"),
    ),
)

_KINDS = {
    "BIGINT": "INT",
    "INTEGER": "INT",
    "TIMESTAMP": "TS",
    "VARCHAR": "STR",
    "DOUBLE": "DBL",
    "BOOLEAN": "BOOL",
    "VARCHAR[]": "STRS",
    "INTEGER[]": "INTS",
    "STRUCT(a INTEGER, b VARCHAR)": "STRUCT",
    "JSON": "JSON",
    "TIMESTAMP WITH TIME ZONE": "TSTZ",
    "DATE": "DATE",
}
_SIZES = {"ev": 50, "ref": 6, "bag": 25, "wide": 12}
# So that sums over it overflow nothing, a column with the limits of its type has a kind of its own.
_SPECIAL = {("wide", "big"): "BIG"}


def _kind(source: str, column: str, type_: str) -> str:
    return _SPECIAL.get((source, column)) or ("DEC" if type_.startswith("DECIMAL") else _KINDS[type_])


TABLES = tuple(
    Table(s.name, tuple(Column(c, _kind(s.name, c, t)) for c, t in s.columns.items()), _SIZES[s.name]) for s in SOURCES
)

_ARROW: Mapping[str, pa.DataType] = {
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "TIMESTAMP": pa.timestamp("us"),
    "VARCHAR": pa.string(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DECIMAL(12,2)": pa.decimal128(12, 2),
    "DECIMAL(8,2)": pa.decimal128(8, 2),
    "VARCHAR[]": pa.list_(pa.string()),
    "INTEGER[]": pa.list_(pa.int32()),
    "STRUCT(a INTEGER, b VARCHAR)": pa.struct([("a", pa.int32()), ("b", pa.string())]),
    "JSON": pa.string(),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", "UTC"),
    "DATE": pa.date32(),
}


def schema(source: SourceTable) -> pa.Schema:
    """The Arrow schema of the source's batches; a changelog's carry ``__w``."""
    fields = [(name, _ARROW[type_]) for name, type_ in source.columns.items()]
    return pa.schema([*fields, ("__w", pa.int8())] if source.changelog else fields)
