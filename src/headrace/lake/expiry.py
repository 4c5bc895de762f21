"""Expiry and sweeping: old snapshots leave the table, then files that nothing names leave the disk.

In that order: a crash between the two leaves files that the next sweep removes, never a snapshot without its files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from pyiceberg.table import Table
from pyiceberg.table import snapshots as iceberg
from pyiceberg.table.update.snapshot import ExpireSnapshots

from headrace.lake.files import relative
from headrace.lake.history import Expired, Manifests, files_of
from headrace.lake.write import Change


def chosen(table: Table, keep: int, older_than: datetime | None) -> list[iceberg.Snapshot]:
    """The snapshots beyond the newest ``keep``, if they are old enough."""
    newest_first = sorted(table.metadata.snapshots, key=lambda snapshot: -(snapshot.sequence_number or 0))
    limit = None if older_than is None else as_utc(older_than).timestamp() * 1000
    current = table.metadata.current_snapshot_id
    return [
        snapshot
        for snapshot in newest_first[max(keep, 1) :]
        if snapshot.snapshot_id != current and (limit is None or snapshot.timestamp_ms < limit)
    ]


def expire(table: Table, gone: list[iceberg.Snapshot], manifests: Manifests) -> Expired:
    """Remove those snapshots and the files that only they name."""
    ids = {snapshot.snapshot_id for snapshot in gone}
    stay = [snapshot for snapshot in table.metadata.snapshots if snapshot.snapshot_id not in ids]
    unnamed = set(named_by(table, gone, manifests)) - set(named_by(table, stay, manifests))
    ExpireSnapshots(Change(table, autocommit=True)).by_ids(sorted(ids)).commit()
    return Expired(len(ids), len(unnamed), files_of(table).remove(unnamed))


def named_by(table: Table, snapshots: Iterable[iceberg.Snapshot], manifests: Manifests) -> Iterator[str]:
    """The locations of every file that those snapshots need."""
    seen: set[str] = set()
    for snapshot in snapshots:
        yield snapshot.manifest_list
        for manifest in snapshot.manifests(table.io):
            if manifest.manifest_path not in seen:
                seen.add(manifest.manifest_path)
                yield manifest.manifest_path
                yield from (file.file_path for file in manifests.listed(table.io, manifest))


def named_by_table(table: Table, manifests: Manifests) -> Iterator[str]:
    """The locations of every file that any kept version of the table needs."""
    yield table.metadata_location
    yield from (entry.metadata_file for entry in table.metadata.metadata_log)
    yield from named_by(table, table.metadata.snapshots, manifests)


def unnamed(found: Iterable[str], named: Iterable[str]) -> list[str]:
    """Those of the locations that none of the named means."""
    needed = set(map(relative, named))
    return [location for location in found if relative(location) not in needed]


def as_utc(time: datetime) -> datetime:
    """The same instant in UTC; a time without a zone is taken to be UTC already."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
