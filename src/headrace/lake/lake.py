"""The lake: history as Iceberg tables in one folder, and the writes and reads that Headrace does on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar, cast

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from headrace.lake import compaction, data, expiry, failures, history, write
from headrace.lake.catalog import LakeCatalog, on_disk
from headrace.lake.columns import Column
from headrace.lake.convert import Converter
from headrace.lake.expiry import as_utc
from headrace.lake.failures import UNCHANGED, UNWRITTEN, DiskFailures, Failures
from headrace.lake.history import Commit, Expired, Manifests, Snapshot, Stamp
from headrace.lake.place import LakeElsewhere
from headrace.lake.reading import select
from headrace.lake.schema import columns_of, schema_of

_ATTEMPTS: Final = 6
_FIRST_WAIT_SECONDS: Final = 0.05


T = TypeVar("T")


def open_lake(root: Path) -> Lake:
    """Open the lake in that folder, or start an empty one there.

    Args:
        root: holds ``catalog.sqlite`` and ``warehouse/``. It may have been moved or copied since it was last open.

    Raises:
        LakeError: the folder cannot be made or written (HR-705 to HR-707), or its catalog is damaged (HR-709).
    """
    root = root.absolute()
    failures = DiskFailures(root)
    with failures.explained("Opening the lake"):
        return Lake(on_disk(root), failures, readable=root)


def open_lake_elsewhere(place: LakeElsewhere) -> Lake:
    """Open the lake on S3, or start an empty one there.

    Raises:
        LakeError: its services do not answer (HR-715), refuse us (HR-716), or cannot be reached for want of a package (HR-717).
    """
    from headrace.lake import elsewhere, s3  # noqa: PLC0415  # Arrow's S3 client takes a while to load, and a catalog's client may be missing

    failures = elsewhere.ServiceFailures(place)
    with failures.explained("Opening the lake"):
        preparation = s3.preparation(place.warehouse, place.s3)
        return Lake(elsewhere.on_s3(place), failures, readable=place.warehouse, preparation=preparation)


class Lake:
    """Iceberg tables ``raw.<source>`` and ``models.<model>``.

    Any thread may read while one writes; writes of one ``Lake`` wait for each other. Other processes may read, and may
    write other tables. Every failure is a ``LakeError`` that says what is left and what to do.

    Attributes:
        readable: the folder, or the prefix of a URL, below which a DuckDB connection has to be allowed to read.
        preparation: the statements that it runs first.
    """

    def __init__(
        self, catalog: LakeCatalog, failures: Failures, *, readable: Path | str, preparation: Sequence[str] = ()
    ) -> None:
        self.readable = readable
        self.preparation = tuple(preparation)
        self._failures = failures
        self._catalog = catalog
        self._converter = Converter()
        self._manifests = Manifests()
        self._writing = threading.RLock()
        self._closed = False

    def append(
        self,
        table: str,
        rows: pa.Table,
        *,
        start: int,
        stop: int,
        epoch: int,
        columns: Mapping[str, str] | None = None,
        generation: str = "",
    ) -> Commit:
        """Add the rows of the log offsets ``[start, stop)``, once, however often it is called.

        Offsets that the table covers already are skipped. Durable on return. A column that the table lacks is added,
        and null in older rows; a column that the rows lack is null; a type widens where Iceberg can widen it.

        Args:
            table: ``raw.<source>``, or ``models.<model>`` for the final rows of a model; made by its first append.
            rows: the source's columns and ``__offset`` BIGINT, which counts up within ``[start, stop)``.
            epoch: the epoch that these rows belong to.
            columns: the DuckDB types of columns whose Arrow type does not tell, such as ENUM and JSON.
            generation: what the offsets count in. Rows of another one are replaced, in the same snapshot.

        Raises:
            LakeError: HR-701 if ``start`` lies beyond what is covered; HR-702 to HR-704 for rows that the table cannot
                take; HR-705 to HR-711 if they cannot be written. In each case the table is as it was.
        """

        def attempt() -> Commit:
            found = self._catalog.find(table)
            covered = 0 if found is None else history.covered(found, generation=generation)
            if stop <= covered:
                return Commit(table, _current(found), written=False)
            if start > covered:
                raise failures.gap(table, start, covered)
            described = self._converter.describe(rows, columns or {})
            fresh = rows if start == covered else write.from_offset(rows, covered)
            stamp = Stamp(operation="append", epoch=epoch, start=covered, stop=stop, generation=generation)
            target = found or self._catalog.create(table, schema_of(described, self._converter.parse))
            if generation and not covered:
                old = self._manifests.data_files(target)
                return write.overwrite(target, fresh, described, stamp, self._converter, old=old)
            return write.append(target, fresh, described, stamp, self._converter)

        with self._changing(f"Appending to {table}"):
            write.check_offsets(table, rows, start, stop)
            return _persist(attempt)

    def overwrite(
        self,
        table: str,
        rows: pa.Table,
        *,
        epoch: int,
        offsets: Mapping[str, int],
        columns: Mapping[str, str] | None = None,
    ) -> Commit:
        """Put rows in the place of all that the table holds, in one snapshot. Durable on return.

        The former snapshots stay readable until they expire. The columns need not be the former ones.

        Args:
            table: ``models.<model>``; made by its first overwrite.
            epoch: the epoch as of which the rows are computed.
            offsets: per stream, the offset up to which they are computed.
            columns: as in ``append``.

        Raises:
            LakeError: HR-704 for a type that the lake cannot hold; HR-705 to HR-711 if the rows cannot be written. In
                each case the table is as it was.
        """
        stamp = Stamp(operation="overwrite", epoch=epoch, offsets=dict(offsets))

        def attempt() -> Commit:
            described = self._converter.describe(rows, columns or {})
            target = self._catalog.find(table) or self._catalog.create(
                table, schema_of(described, self._converter.parse)
            )
            old = self._manifests.data_files(target)
            return write.overwrite(target, rows, described, stamp, self._converter, old=old)

        with self._changing(f"Overwriting {table}"):
            return _persist(attempt)

    def covered(self, table: str, *, snapshot: int | None = None, generation: str = "") -> int:
        """The offset up to which the table has every row, now or at a snapshot; 0 while there is no table.

        Args:
            generation: of which rows; those of another one do not count.
        """
        return self._read(table, lambda found: history.covered(found, snapshot, generation), 0)

    def files(self, table: str, *, snapshot: int | None = None) -> list[str]:
        """The Parquet files, as DuckDB finds them (absolute paths, or URLs), that make up the table, now or at a snapshot; oldest rows first.

        The list stays readable, whatever is written, until its snapshot expires. For a list and the offsets that
        belong to it, name the same snapshot in ``files`` and ``covered``.
        """
        return self._read(table, lambda found: self._paths(found, snapshot), [])

    def snapshots(self, table: str) -> list[Snapshot]:
        """The versions of the table that are still kept, oldest first; the last is the present one."""
        return self._read(table, history.versions, [])

    def columns(self, table: str, *, snapshot: int | None = None) -> dict[str, str]:
        """The column schema, now or at a snapshot: name to the DuckDB type that the column came with.

        The type of a column that has only ever been null is ``NULL``.
        """

        def look(found: Table) -> dict[str, str]:
            return {column.name: column.type for column in self._columns(found, snapshot).values()}

        return self._read(table, look)

    def casts(self, table: str, *, snapshot: int | None = None) -> dict[str, str]:
        """The columns whose Parquet reads as another type than they came with, each with the type to cast it to."""

        def look(found: Table) -> dict[str, str]:
            return {column.name: column.type for column in self._columns(found, snapshot).values() if column.cast}

        return self._read(table, look)

    def select(self, table: str, *, snapshot: int | None = None) -> str:
        """A DuckDB SELECT that gives the rows back as they came, now or at a snapshot: names, types, order of columns.

        It names the files that make up the table at this moment: rows appended later are not in it.
        """
        return self._read(table, lambda found: select(self._columns(found, snapshot), self._paths(found, snapshot)))

    def tables(self) -> list[str]:
        """Every table, as ``raw.<source>`` or ``models.<model>``, sorted."""
        with self._open("Listing the tables"):
            return self._catalog.names()

    def compact(self, table: str, *, at_least: int = 16) -> Commit:
        """Merge small files into few, once there are ``at_least`` of them. Rows and covered offsets stay the same.

        Appends may go on meanwhile. Lists of the former files stay readable until their snapshots expire.

        Raises:
            LakeError: HR-712 if there is no such table; HR-705 to HR-711 if it cannot be read or written.
        """

        def attempt() -> Commit:
            found = self._catalog.get(table)
            merges = compaction.plan(self._manifests.data_files(found), at_least)
            if not merges:
                return Commit(table, _current(found), written=False)
            with data.all_or_none(found) as merged:
                merged.extend(compaction.merge(found, step) for step in merges)
            with self._writing:
                self._check_open()
                return self._swap(table, merges, merged)

        with self._open(f"Compacting {table}", UNWRITTEN):
            return _persist(attempt)

    def expire(self, table: str, *, keep: int, older_than: datetime | None = None) -> Expired:
        """Forget old snapshots, and delete the files that no other snapshot needs.

        Args:
            keep: the newest this many stay, and always the present one.
            older_than: of the others, only those committed before then go; all of them if not given. Give readers of a
                former snapshot time to finish.
        """

        def attempt() -> Expired:
            found = self._catalog.get(table)
            gone = expiry.chosen(found, keep, older_than)
            return expiry.expire(found, gone, self._manifests) if gone else Expired()

        with self._changing(f"Expiring snapshots of {table}"):
            return _persist(attempt)

    def sweep(self, *, before: datetime) -> Expired:
        """Delete the files that belong to no version of any table and were last written before then.

        A process that dies in a write leaves such files. They do no harm but take room. A write still going on must
        be younger than ``before``: an hour ago is safe. Folders of tables that the catalog does not know are left alone.
        """
        with self._changing("Sweeping the lake"):
            names = self._catalog.names()
            places = [self._catalog.get(name).location() for name in names]
            # Files first: what is committed after that is named by then, or not among them.
            found = list(self._catalog.files.written_before(places, as_utc(before)))
            tables = [self._catalog.get(name) for name in names]
            needed = (location for table in tables for location in expiry.named_by_table(table, self._manifests))
            orphans = [file for file in expiry.unnamed(found, needed) if not self._catalog.owns(file)]
            return Expired(0, len(orphans), self._catalog.files.remove(orphans))

    def close(self) -> None:
        """Wait for the write that is going on, and let go of the files. Closing again does nothing."""
        with self._writing:
            if not self._closed:
                self._closed = True
                self._converter.close()
                self._catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _swap(self, table: str, merges: list[compaction.Merge], merged: list[DataFile]) -> Commit:
        """Commit the merged files in the place of theirs, unless somebody took one of those away meanwhile."""
        found = self._catalog.get(table)
        old = [file for step in merges for file in step.files]
        live = {file.file_path for file in self._manifests.data_files(found)}
        last = history.newest(found, found.current_snapshot())
        if last is None or not all(file.file_path in live for file in old):
            data.discard(found, merged)
            return Commit(table, _current(found), written=False)
        stamp = Stamp(
            operation="compact",
            epoch=last.epoch,
            start=last.stop,
            stop=last.stop,
            offsets=last.offsets,
            generation=last.generation,
        )
        return write.commit(write.Change(found), stamp, merged, old)

    def _columns(self, table: Table, snapshot: int | None) -> dict[int, Column]:
        """The columns by Iceberg field id."""
        at = None if snapshot is None else history.pick(table, snapshot)
        return columns_of(table.schema() if at is None or at.schema_id is None else table.schemas()[at.schema_id])

    def _paths(self, table: Table, snapshot: int | None) -> list[str]:
        files = history.files_of(table)
        return [files.readable(file.file_path) for file in self._manifests.data_files(table, snapshot)]

    def _read(self, table: str, look: Callable[[Table], T], absent: T | None = None) -> T:
        """What ``look`` finds; ``absent`` if there is no table, where that is an answer."""

        def attempt() -> T:
            found = self._catalog.get(table) if absent is None else self._catalog.find(table)
            return look(found) if found is not None else cast("T", absent)

        with self._open(f"Reading {table}"):
            for _ in range(_ATTEMPTS - 1):
                # What the table named may have expired between loading it and looking.
                with suppress(FileNotFoundError):
                    return attempt()
            return attempt()

    @contextmanager
    def _open(self, doing: str, state: str = UNCHANGED) -> Iterator[None]:
        """A block that needs the lake open; what it raises is explained."""
        with self._failures.explained(doing, state):
            self._check_open()
            yield

    def _check_open(self) -> None:
        if self._closed:
            raise failures.closed()

    @contextmanager
    def _changing(self, doing: str) -> Iterator[None]:
        """A block that only one thread is in at a time, and that changes a table or fails."""
        with self._writing, self._open(doing, UNWRITTEN):
            yield


def _current(table: Table | None) -> int | None:
    return None if table is None else table.metadata.current_snapshot_id


def _persist(attempt: Callable[[], T]) -> T:
    """Try again when another commit came first: each attempt looks at the table anew."""
    for tries in range(_ATTEMPTS - 1):
        try:
            return attempt()
        except CommitFailedException:
            time.sleep(_FIRST_WAIT_SECONDS * 2**tries)
    return attempt()
