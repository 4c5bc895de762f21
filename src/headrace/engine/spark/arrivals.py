"""What arrives: the raw rows with their offsets, which history is recomputed from, and what they change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from headrace.engine.protocol import Arrived, SourceTable
from headrace.engine.spark.kinds import spark_name
from headrace.engine.spark.relations import view_name
from headrace.engine.spark.store import ident
from headrace.engine.spark.weights import netted
from headrace.engine.tables import OFFSET
from headrace.sql import WEIGHT

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def raw_columns(source: SourceTable) -> Mapping[str, str]:
    """The columns of the raw rows, with DuckDB's types."""
    weight = {WEIGHT: "TINYINT"} if source.changelog else {}
    return {**source.columns, **weight, OFFSET: "BIGINT"}


def raw_rows(spark: SparkSession, source: SourceTable, arrived: Arrived) -> DataFrame:
    """A batch with its offsets."""
    columns = raw_columns(source)
    numbers = pa.array(range(arrived.start, arrived.start + arrived.rows.num_rows), pa.int64())
    rows = arrived.rows.select([name for name in columns if name != OFFSET]).append_column(OFFSET, numbers)
    schema = ", ".join(f"{ident(name)} {spark_name(kind)}" for name, kind in columns.items())
    return spark.createDataFrame(rows, schema=schema)


def change(source: SourceTable, raw: str) -> str:
    """What the rows of the view ``raw`` change; for a keyed changelog, against ``live.<source>`` as it was."""
    columns = ", ".join(map(ident, source.columns))
    if not source.changelog:
        return f"SELECT {columns}, CAST(1 AS TINYINT) AS {WEIGHT} FROM {ident(raw)}"
    if not source.key:
        return netted(ident(raw), list(source.columns))
    same = " AND ".join(f"l.{ident(k)} <=> f.{ident(k)}" for k in source.key)
    live = ident(view_name("live", source.name))
    before = f"SELECT {', '.join('l.' + ident(c) for c in source.columns)}, -1 FROM {live} AS l LEFT SEMI JOIN {ident(raw)} AS f ON {same}"
    arriving = f"SELECT {columns}, 1 AS {WEIGHT} FROM ({_latest(source, ident(raw))}) WHERE {WEIGHT} > 0"
    return netted(f"({arriving} UNION ALL {before})", list(source.columns))


def current(source: SourceTable, raw: str, stop: int) -> str:
    """The source's rows as of an offset: raw rows as they are, or what a changelog adds up to."""
    columns = ", ".join(map(ident, source.columns))
    rows = f"(SELECT * FROM {ident(raw)} WHERE {OFFSET} < {stop})"
    if not source.changelog:
        return f"SELECT {columns} FROM {rows}"
    if source.key:
        return f"SELECT {columns} FROM ({_latest(source, rows)}) WHERE {WEIGHT} > 0"
    return f"SELECT {columns} FROM ({netted(rows, list(source.columns))}) WHERE {WEIGHT} > 0"


def _latest(source: SourceTable, rows: str) -> str:
    """The newest record of each key."""
    keys = ", ".join(map(ident, source.key))
    number = f"row_number() OVER (PARTITION BY {keys} ORDER BY {OFFSET} DESC)"
    return f"SELECT * FROM (SELECT *, {number} AS __number FROM {rows}) WHERE __number = 1"
