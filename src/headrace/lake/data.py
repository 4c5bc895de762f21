"""Data files: Arrow rows to Parquet with Iceberg's field ids, and what Iceberg wants to know about each file."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io import FileIO
from pyiceberg.io.pyarrow import (
    MetricModeTypes,
    MetricsMode,
    StatisticsCollector,
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
    schema_to_pyarrow,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.typedef import Record
from pyiceberg.types import DateType, TimestampType, TimestamptzType, TimeType

from headrace.lake import failures
from headrace.lake.columns import UNTYPED

_TIMES = (DateType, TimeType, TimestampType, TimestamptzType)

FIELD_ID = b"PARQUET:field_id"
ROW_GROUP = 122_880
"""Rows in a row group: as many as DuckDB gives to one thread."""
FILE_BYTES = 512 << 20
"""An append is split into files of this many bytes in memory; on disk they are several times smaller."""


def file_schema(schema: Schema) -> pa.Schema:
    """The Arrow schema of a data file: Iceberg's field ids, and no column that has only ever been null."""
    typed = Schema(*(field for field in schema.fields if field.doc != UNTYPED))
    return schema_to_pyarrow(typed, include_field_ids=True)


def write(table: Table, schema: Schema, rows: pa.Table) -> list[DataFile]:
    """Those rows, in the columns of ``schema``, as files of about ``FILE_BYTES``."""
    if not rows.num_rows:
        return []
    step = max(ROW_GROUP, rows.num_rows * FILE_BYTES // max(rows.nbytes, 1))
    try:
        with all_or_none(table) as files:
            for at in range(0, rows.num_rows, step):
                files.append(write_file(table, schema, [rows.slice(at, step)]))
    except ValueError as error:
        raise failures.unfit(".".join(table.name()), error) from error
    return files


@contextmanager
def all_or_none(table: Table) -> Iterator[list[DataFile]]:
    """Collects data files; removes them when the block fails, for a full disk is no place to leave them."""
    files: list[DataFile] = []
    try:
        yield files
    except Exception:
        discard(table, files)
        raise


def discard(table: Table, files: Iterable[DataFile]) -> None:
    """Remove data files that no snapshot names."""
    for file in files:
        table.io.delete(file.file_path)


def write_file(table: Table, schema: Schema, pieces: Iterable[pa.Table]) -> DataFile:
    """One data file from a stream of rows; on return it is durable.

    Unlike pyiceberg's own writer it keeps column names as they are, so that a plain Parquet reader sees them.
    """
    arrow = file_schema(schema)
    location = table.location_provider().new_data_location(f"{uuid.uuid4()}.parquet")
    try:
        with (
            table.io.new_output(location).create() as stream,
            pq.ParquetWriter(stream, arrow, compression="zstd", store_decimal_as_integer=True) as writer,
        ):
            for group in _row_groups(pieces):
                writer.write_table(group.cast(arrow), row_group_size=ROW_GROUP)
        return _described(table.io, location, schema, writer.writer.metadata)
    except Exception:
        table.io.delete(location)
        raise


def _row_groups(pieces: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The same rows, in tables of ``ROW_GROUP`` or more; only the last may have fewer. Few row groups read fast."""
    waiting: list[pa.Table] = []
    for piece in pieces:
        waiting.append(piece)
        if sum(table.num_rows for table in waiting) >= ROW_GROUP:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def _described(io: FileIO, location: str, schema: Schema, metadata: pq.FileMetaData) -> DataFile:
    statistics = _statistics(schema, metadata)
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=location,
        file_format=FileFormat.PARQUET,
        partition=Record(),
        file_size_in_bytes=len(io.new_input(location)),
        sort_order_id=None,
        spec_id=0,
        equality_ids=None,
        key_metadata=None,
        **statistics,
    )


def _statistics(schema: Schema, metadata: pq.FileMetaData) -> dict[str, Any]:
    """Counts and bounds per column; for times only counts if one lies outside Python's calendar, as 'infinity' does."""
    plan = compute_statistics_plan(schema, {})
    try:
        return _collected(schema, metadata, plan)
    except (OverflowError, ValueError):
        counts = MetricsMode(MetricModeTypes.COUNTS)
        fewer = {
            id: replace(entry, mode=counts) if isinstance(entry.iceberg_type, _TIMES) else entry
            for id, entry in plan.items()
        }
        return _collected(schema, metadata, fewer)


def _collected(schema: Schema, metadata: pq.FileMetaData, plan: dict[int, StatisticsCollector]) -> dict[str, Any]:
    found = data_file_statistics_from_parquet_metadata(metadata, plan, parquet_path_to_id_mapping(schema))
    return found.to_serialized_dict()
