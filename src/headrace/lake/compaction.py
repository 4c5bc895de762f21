"""Compaction: many small data files into few, in the same order, without a change of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import Table

from headrace.errors import LakeError
from headrace.lake import data, failures
from headrace.lake.history import files_of

SMALL_BYTES = 32 << 20
"""A file below this size on disk is worth merging."""
TARGET_BYTES = 128 << 20
"""Merged files stop growing at about this size."""
_BATCH = 65_536


@dataclass(frozen=True)
class Merge:
    """These files become one, their rows in this order."""

    files: tuple[DataFile, ...]

    @property
    def rows(self) -> int:
        """Rows before, and after."""
        return sum(file.record_count for file in self.files)


def plan(files: Sequence[DataFile], at_least: int) -> list[Merge]:
    """Which neighbours to merge; nothing while fewer than ``at_least`` files are small."""
    if sum(file.file_size_in_bytes < SMALL_BYTES for file in files) < max(at_least, 2):
        return []
    return [Merge(run) for run in _runs(files) if len(run) > 1]


def _runs(files: Sequence[DataFile]) -> Iterator[tuple[DataFile, ...]]:
    """Small files that follow each other, cut at the target size."""
    run: list[DataFile] = []
    for file in files:
        small = file.file_size_in_bytes < SMALL_BYTES
        if not small or sum(kept.file_size_in_bytes for kept in run) >= TARGET_BYTES:
            yield tuple(run)
            run = []
        if small:
            run.append(file)
    yield tuple(run)


def merge(table: Table, step: Merge) -> DataFile:
    """Write the merged file; raises HR-709 if the files do not hold the rows that the table says they do."""
    schema = table.schema()
    merged = data.write_file(table, schema, _aligned(table, schema, step))
    if merged.record_count != step.rows:
        table.io.delete(merged.file_path)
        name = ".".join(table.name())
        raise LakeError(
            f"Data files of {name} hold {merged.record_count} rows where the table says {step.rows}.",
            code="HR-709",
            state=failures.UNCHANGED,
            fix="Put back a good copy of the lake's folder.",
        )
    return merged


def _aligned(table: Table, schema: Schema, step: Merge) -> Iterator[pa.Table]:
    """The rows of the files, in the columns of the schema. Bounded in memory: a batch at a time."""
    wanted = data.file_schema(schema)
    for file in step.files:
        with files_of(table).parquet(file.file_path) as source:
            for batch in source.iter_batches(_BATCH):
                yield align(pa.Table.from_batches([batch], source.schema_arrow), wanted)


def align(rows: pa.Table, wanted: pa.Schema) -> pa.Table:
    """Columns found by field id, cast to their present type; null where the file was written before the column was."""
    place = {_id(field): at for at, field in enumerate(rows.schema)}
    columns = [
        rows.column(place[_id(field)]).cast(field.type) if _id(field) in place else pa.nulls(rows.num_rows, field.type)
        for field in wanted
    ]
    return pa.Table.from_arrays(columns, schema=wanted)


def _id(field: pa.Field) -> bytes | None:
    return field.metadata.get(data.FIELD_ID) if field.metadata else None
