"""The SQL that reads a version of a table back, with the columns and types that its rows came with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from headrace.lake.columns import Column, literal, quoted


def select(columns: Mapping[int, Column], files: Sequence[str]) -> str:
    """A DuckDB SELECT over data files. ``columns`` goes by Iceberg field id, so files of any age fit."""
    if not files:
        return f"SELECT {_nulls(columns)} WHERE false"
    typed = {id: column for id, column in columns.items() if not column.untyped}
    source = f"read_parquet({_list(files)}, schema = {_schema(typed)}, hive_partitioning = false)"
    return f"SELECT {_casts(columns)} FROM {source}"


def _casts(columns: Mapping[int, Column]) -> str:
    return ", ".join(_cast(column) for column in columns.values())


def _cast(column: Column) -> str:
    name = quoted(column.name)
    if column.untyped:
        return f"NULL AS {name}"
    return f"CAST({name} AS {column.type}) AS {name}" if column.cast else name


def _nulls(columns: Mapping[int, Column]) -> str:
    return ", ".join(f"CAST(NULL AS {_type(column)}) AS {quoted(column.name)}" for column in columns.values())


def _type(column: Column) -> str:
    # An untyped NULL is INTEGER in DuckDB, as it would be in `SELECT NULL`.
    return "INTEGER" if column.untyped else column.type


def _schema(columns: Mapping[int, Column]) -> str:
    fields = ", ".join(
        f"{id}: {{name: {literal(column.name)}, type: {literal(column.stored)}, default_value: NULL}}"
        for id, column in columns.items()
    )
    return f"MAP {{{fields}}}"


def _list(files: Sequence[str]) -> str:
    return "[" + ", ".join(literal(_no_glob(file)) for file in files) + "]"


def _no_glob(file: str) -> str:
    """The path as a pattern that matches only itself: a folder may be called ``[1]``."""
    return re.sub(r"([*?\[])", r"[\1]", file)
