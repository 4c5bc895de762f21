"""Snapshots: what a commit left, what a snapshot says it covers, and which files it is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pyiceberg.io import FileIO
from pyiceberg.manifest import DataFile, ManifestContent, ManifestFile
from pyiceberg.table import Table
from pyiceberg.table import snapshots as iceberg

from headrace.errors import LakeError
from headrace.lake import failures
from headrace.lake.files import LakeFiles


@dataclass(frozen=True)
class Commit:
    """What a write became.

    Attributes:
        table: ``namespace.name``.
        snapshot: the table's newest snapshot after the write; ``None`` if it has none.
        written: false when there was nothing to do: the offsets were covered already, the files are few already.
        rows: rows added, or for a compaction rewritten.
        files: data files added.
        bytes: their size on disk.
    """

    table: str
    snapshot: int | None
    written: bool
    rows: int = 0
    files: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class Expired:
    """What an expiry or a sweep removed: snapshots, files, and the bytes of those files."""

    snapshots: int = 0
    files: int = 0
    bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """What a snapshot says about itself, in its Iceberg summary.

    Attributes:
        operation: ``append``, ``overwrite`` or ``compact``.
        epoch: the epoch it was written in; a compaction keeps the one it found.
        start, stop: the log offsets, or numbers of final rows, that this snapshot added, ``[start, stop)``; the table covers
            everything below ``stop``. ``None`` for a model that is written whole.
        generation: of a model's final rows: numbers count within it.
        offsets: for a model, per stream the offset up to which its rows are computed.
    """

    operation: str
    epoch: int
    start: int | None = None
    stop: int | None = None
    offsets: Mapping[str, int] = field(default_factory=dict)
    generation: str = ""

    def summary(self) -> dict[str, str]:
        """The summary's own part, as Iceberg keeps it: text to text."""
        said = {"operation": self.operation, "epoch": str(self.epoch)}
        if self.stop is not None:
            said |= {"start": str(self.start), "stop": str(self.stop)}
        else:
            said["offsets"] = json.dumps(dict(self.offsets), sort_keys=True)
        if self.generation:
            said["generation"] = self.generation
        return {f"headrace.{key}": value for key, value in said.items()}


@dataclass(frozen=True, kw_only=True)
class Snapshot(Stamp):
    """One version of a table.

    Attributes:
        id: Iceberg's snapshot id.
        at: when it was committed, by the writer's wall clock, UTC.
        rows, files: how many the table has in this version.
    """

    id: int
    at: datetime
    rows: int
    files: int


def read(snapshot: iceberg.Snapshot) -> Snapshot | None:
    """The version that a snapshot of Iceberg is; ``None`` for one that Headrace did not write."""
    said = snapshot.summary.additional_properties if snapshot.summary else {}
    if "headrace.epoch" not in said:
        return None
    start, stop = said.get("headrace.start"), said.get("headrace.stop")
    return Snapshot(
        id=snapshot.snapshot_id,
        at=datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC),
        operation=said["headrace.operation"],
        epoch=int(said["headrace.epoch"]),
        start=None if start is None else int(start),
        stop=None if stop is None else int(stop),
        offsets=json.loads(said.get("headrace.offsets", "{}")),
        generation=said.get("headrace.generation", ""),
        rows=int(said.get("total-records", 0)),
        files=int(said.get("total-data-files", 0)),
    )


def versions(table: Table) -> list[Snapshot]:
    """The snapshots that are still kept, oldest first."""
    found = (read(snapshot) for snapshot in table.metadata.snapshots)
    return [snapshot for snapshot in found if snapshot is not None]


def pick(table: Table, snapshot: int | None) -> iceberg.Snapshot | None:
    """The named snapshot, or the current one; raises HR-712 for one that is not kept."""
    if snapshot is None:
        return table.current_snapshot()
    found = table.snapshot_by_id(snapshot)
    if found is None:
        name = ".".join(table.name())
        raise failures.unknown(
            f"{name} has no snapshot {snapshot}: it never had, or it expired.",
            "Take one that is still kept, or keep more snapshots when expiring.",
        )
    return found


def covered(table: Table, snapshot: int | None = None, generation: str = "") -> int:
    """The offset up to which the table has every row of that generation; 0 for a table without any."""
    ours = newest(table, pick(table, snapshot))
    return 0 if ours is None or ours.generation != generation else ours.stop or 0


def newest(table: Table, at: iceberg.Snapshot | None) -> Snapshot | None:
    """The newest of our versions at or below a snapshot: one that another engine made says nothing of offsets."""
    while at is not None:
        ours = read(at)
        if ours is not None or at.parent_snapshot_id is None:
            return ours
        at = table.snapshot_by_id(at.parent_snapshot_id)
        if at is None:
            raise _silent(table)
    return None


class Manifests:
    """Which data files each manifest lists. Manifests never change, so each is read once. Safe in any thread."""

    _LIMIT = 10_000

    def __init__(self) -> None:
        self._known: dict[str, tuple[DataFile, ...]] = {}

    def listed(self, io: FileIO, manifest: ManifestFile) -> tuple[DataFile, ...]:
        """The live data files of a manifest."""
        found = self._known.get(manifest.manifest_path)
        if found is None:
            found = tuple(entry.data_file for entry in manifest.fetch_manifest_entry(io, discard_deleted=True))
            if len(self._known) >= self._LIMIT:
                self._known.clear()
            self._known[manifest.manifest_path] = found
        return found

    def data_files(self, table: Table, snapshot: int | None = None) -> list[DataFile]:
        """The data files of a snapshot, oldest rows first."""
        at = pick(table, snapshot)
        if at is None:
            return []
        manifests = at.manifests(table.io)
        if any(manifest.content == ManifestContent.DELETES for manifest in manifests):
            raise _row_deletes(table)
        found = [file for manifest in manifests for file in self.listed(table.io, manifest)]
        offset = next((field.field_id for field in table.schema().fields if field.name == "__offset"), None)
        return sorted(found, key=lambda file: _first(file, offset))


def files_of(table: Table) -> LakeFiles:
    """Access to the table's files."""
    assert isinstance(table.io, LakeFiles)  # the catalog names no other
    return table.io


def _first(file: DataFile, offset_field: int | None) -> bytes:
    """The smallest ``__offset`` in a file, so that rows come in the order they arrived. Iceberg's bounds are little
    endian."""
    bounds = file.lower_bounds or {}
    return bounds.get(offset_field, b"")[::-1] if offset_field is not None else b""


def _silent(table: Table) -> LakeError:
    name = ".".join(table.name())
    return LakeError(
        f"No kept snapshot of {name} says which offsets it covers: another engine wrote it, and ours expired.",
        code="HR-709",
        state=failures.UNCHANGED,
        fix="Roll the table back to a snapshot of Headrace, or put back a good copy of the lake's folder.",
    )


def _row_deletes(table: Table) -> LakeError:
    name = ".".join(table.name())
    return LakeError(
        f"{name} has row-level deletes, which another engine wrote; its files alone are not its rows.",
        code="HR-709",
        state=failures.UNCHANGED,
        fix=f"Rewrite the data files of {name} in that engine (Spark: rewrite_data_files), then run again.",
    )
