"""One commit: evolve the table's columns, write the data files, and make both visible in a single snapshot."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.exceptions import CommitStateUnknownException, RESTError
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table, Transaction
from pyiceberg.table.metadata import TableMetadata
from sqlalchemy.exc import DBAPIError

from headrace.lake import data, failures
from headrace.lake.columns import Column, evolve
from headrace.lake.convert import Converter
from headrace.lake.history import Commit, Stamp
from headrace.lake.schema import apply, columns_of, replace

OFFSET = "__offset"


class Change(Transaction):
    """A transaction that works out the table's metadata once per change of it.

    pyiceberg copies all of it at every look, some fifteen times a commit: with 40 snapshots that took longer than
    everything else in an append together, and it grows with their number.
    """

    _known: tuple[object, TableMetadata] | None = None

    @property
    def table_metadata(self) -> TableMetadata:
        """The metadata as it would be after the updates staged so far."""
        if not self._updates:
            return self._table.metadata
        if self._known is None or self._known[0] is not self._updates:
            self._known = (self._updates, super().table_metadata)
        return self._known[1]


def append(table: Table, rows: pa.Table, columns: tuple[Column, ...], stamp: Stamp, converter: Converter) -> Commit:
    """Add rows. Raises ``CommitFailedException``, with nothing left behind, if somebody else committed meanwhile."""
    evolution = evolve(named(table), present(table), columns)
    transaction = Change(table)
    if evolution:
        with transaction.update_schema() as update:
            apply(update, evolution, converter.parse)
    ready = converter.convert(rows, evolution.columns)
    added = data.write(table, transaction.table_metadata.schema(), ready)
    return commit(transaction, stamp, added)


def overwrite(
    table: Table,
    rows: pa.Table,
    columns: tuple[Column, ...],
    stamp: Stamp,
    converter: Converter,
    *,
    old: Iterable[DataFile],
) -> Commit:
    """Put rows in the place of everything. Raises as ``append`` does."""
    transaction = Change(table)
    if columns != present(table):
        with transaction.update_schema() as update:
            replace(update, table.schema(), columns, converter.parse)
    added = data.write(table, transaction.table_metadata.schema(), converter.convert(rows, columns))
    return commit(transaction, stamp, added, old)


def commit(transaction: Change, stamp: Stamp, added: list[DataFile], gone: Iterable[DataFile] = ()) -> Commit:
    """Commit one snapshot that adds and drops those files; when it cannot be, remove the added ones."""
    table = transaction._table
    gone = list(gone)
    change = transaction.update_snapshot(snapshot_properties=stamp.summary())
    producer = change.overwrite() if gone else change.fast_append()
    try:
        with producer:
            for file in added:
                producer.append_data_file(file)
            for file in gone:
                producer.delete_data_file(file)
        transaction.commit_transaction()
    except Exception as error:
        if not _may_have_landed(table, producer.snapshot_id, error):
            data.discard(table, added)
        raise
    return Commit(
        table=named(table),
        snapshot=producer.snapshot_id,
        written=True,
        rows=sum(file.record_count for file in added),
        files=len(added),
        bytes=sum(file.file_size_in_bytes for file in added),
    )


def _may_have_landed(table: Table, snapshot: int, error: Exception) -> bool:
    """False only if it is certain that no catalog, not even one recovered after a crash, will name the snapshot.

    A COMMIT that failed for another reason than a refusal may be in SQLite's log in whole or in part; one that a server did not
    answer may have been done there.
    """
    if isinstance(error, CommitStateUnknownException) or (
        isinstance(error, DBAPIError) and not failures.refused(error)
    ):
        return True
    try:
        return table.refresh().snapshot_by_id(snapshot) is not None
    except (OSError, DBAPIError, RESTError):
        return True


def present(table: Table) -> tuple[Column, ...]:
    """The table's columns now."""
    return tuple(columns_of(table.schema()).values())


def named(table: Table) -> str:
    """``namespace.name``."""
    return ".".join(table.name())


def check_offsets(table: str, rows: pa.Table, start: int, stop: int) -> None:
    """Raise HR-702 unless ``__offset`` counts up within ``[start, stop)``."""
    if not 0 <= start <= stop:
        raise failures.misfit(table, f"[{start}, {stop}) is not a range")
    if OFFSET not in rows.column_names or not pa.types.is_int64(rows.schema.field(OFFSET).type):
        raise failures.misfit(table, f"they have no column {OFFSET} BIGINT")
    offsets = rows.column(OFFSET).combine_chunks()
    if offsets.null_count:
        raise failures.misfit(table, f"{OFFSET} is null in {offsets.null_count} of them")
    if not len(offsets):
        return
    if not start <= offsets[0].as_py() or not offsets[-1].as_py() < stop:
        raise failures.misfit(table, f"{OFFSET} runs from {offsets[0]} to {offsets[-1]}, outside [{start}, {stop})")
    if len(offsets) > 1 and not pc.all(pc.greater(offsets[1:], offsets[:-1])).as_py():
        raise failures.misfit(table, f"{OFFSET} does not count up")


def from_offset(rows: pa.Table, offset: int) -> pa.Table:
    """The rows at that offset and after it."""
    return rows.filter(pc.greater_equal(rows.column(OFFSET), offset))
