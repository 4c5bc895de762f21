"""The lake's files on local disk: durable when closed, and found again after the lake's folder was moved.

Iceberg writes absolute locations into its metadata. The last four parts of each, ``<namespace>/<table>/<data or
metadata>/<file>``, are enough to find the file below the warehouse, wherever that lies now; so a lake that was moved
or copied opens as it is, and a copy never touches the files of its original.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
from pyiceberg.io import InputFile, InputStream, OutputFile, OutputStream
from pyiceberg.typedef import EMPTY_DICT, Properties

from headrace.lake.files import LakeFiles, relative

WAREHOUSE = "headrace.warehouse"
"""The catalog property that holds the folder of the tables, as a plain path."""


class DiskFiles(LakeFiles):
    """Files below a folder."""

    def __init__(self, properties: Properties = EMPTY_DICT) -> None:
        super().__init__(properties)
        self._warehouse = Path(properties[WAREHOUSE])

    def path(self, location: str) -> Path:
        """Where the file of that location is now; raises ``ValueError`` for one that is not of a table."""
        return self._warehouse / relative(location)

    def new_input(self, location: str) -> InputFile:
        return DiskFile(location, self.path(location))

    def new_output(self, location: str) -> OutputFile:
        return DiskFile(location, self.path(location))

    def delete(self, location: str | InputFile | OutputFile) -> None:
        """Remove the file; one that is already gone is no error, so that a removal can be repeated."""
        name = location if isinstance(location, str) else location.location
        self.path(name).unlink(missing_ok=True)

    def readable(self, location: str) -> str:
        return str(self.path(location))

    def parquet(self, location: str) -> pq.ParquetFile:
        return pq.ParquetFile(self.path(location))

    def written_before(self, tables: Iterable[str], time: datetime) -> Iterator[str]:
        for table in tables:
            for path in self._warehouse.joinpath(*table.split("/")[-2:]).glob("*/*"):
                if path.is_file() and path.stat().st_mtime < time.timestamp():
                    yield str(path)

    def remove(self, locations: Iterable[str]) -> int:
        freed = 0
        for path in map(self.path, locations):
            if path.exists():
                freed += path.stat().st_size
                path.unlink(missing_ok=True)
        return freed

    def has_tables(self) -> bool:
        """Whether there are tables, known to the catalog or not."""
        return any(self._warehouse.glob("*/*/metadata/*.metadata.json"))


class DiskFile(InputFile, OutputFile):
    """One file, by its Iceberg location and by its path."""

    def __init__(self, location: str, path: Path) -> None:
        super().__init__(location)
        self._path = path

    def __len__(self) -> int:
        return self._path.stat().st_size

    def exists(self) -> bool:
        return self._path.exists()

    def open(self, seekable: bool = True) -> InputStream:  # noqa: ARG002  # pyiceberg passes it
        return self._path.open("rb")

    def to_input_file(self) -> InputFile:
        return self

    def create(self, overwrite: bool = False) -> OutputStream:
        make_folder(self._path.parent)
        return DurableFile(io.FileIO(self._path, "w" if overwrite else "x"), self._path)


class DurableFile(io.BufferedWriter):
    """A file that has reached the disk, its folder entry too, once it is closed; one that cannot is removed.

    The catalog's own commit is durable, so everything it points to has to be there first: the log is trimmed up to
    what the lake covers.
    """

    def __init__(self, raw: io.FileIO, path: Path) -> None:
        super().__init__(raw, buffer_size=1 << 20)
        self._path = path

    def close(self) -> None:
        if self.closed:
            return
        try:
            self.flush()
            os.fsync(self.fileno())
        except OSError:
            self._path.unlink(missing_ok=True)
            raise
        finally:
            super().close()
        sync_folder(self._path.parent)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None:
            self._path.unlink(missing_ok=True)
            self.raw.close()
        else:
            self.close()


def make_folder(folder: Path) -> None:
    """Create a folder and its parents, each durably."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the entries of a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
