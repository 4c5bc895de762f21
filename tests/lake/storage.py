"""Where a test's lake is: on disk, or on S3 with its catalog in PostgreSQL; and the test's own way to its files."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

from pyarrow.fs import FileSelector, FileSystem, FileType, LocalFileSystem
from pyiceberg.io import OutputFile
from pyiceberg.io.pyarrow import PyArrowFile

from headrace.lake import Lake, LakeElsewhere, open_lake, open_lake_elsewhere
from headrace.lake.disk import DiskFile
from headrace.lake.s3 import filesystem
from tests.services import BUCKET, database, forget_lake, need_s3, s3


@dataclass(frozen=True)
class Storage(ABC):
    """Attributes:
    kind: what a lake there writes files with.
    warehouse: where its tables are, as `files` has it.
    """

    files: FileSystem
    kind: type[OutputFile]
    warehouse: str

    @abstractmethod
    def open(self) -> Lake: ...

    def size(self, file: str) -> int:
        """Of a file that the lake names."""
        return int(self.files.get_file_info(self._path(file)).size)

    def holds(self, below: str = "") -> dict[str, int]:
        """The files below a part of the warehouse, by path, and their sizes."""
        found = self.files.get_file_info(FileSelector(f"{self.warehouse}/{below}", recursive=True))
        return {file.path: file.size for file in found if file.type == FileType.File}

    def beside(self, file: str) -> set[str]:
        """The files in the folder of a file that the lake names."""
        return set(self.holds(self._path(file).removeprefix(f"{self.warehouse}/").rpartition("/")[0]))

    def paths(self, files: list[str]) -> set[str]:
        """Files that the lake names, as `holds` has them."""
        return set(map(self._path, files))

    def read(self, file: str) -> bytes:
        with self.files.open_input_file(self._path(file)) as opened:
            return bytes(opened.read())

    def write(self, file: str, content: bytes) -> None:
        """A file that the lake names, or one by its path below the warehouse."""
        path = self._path(file) if "://" in file or file.startswith("/") else f"{self.warehouse}/{file}"
        self.files.create_dir(path.rpartition("/")[0])
        with self.files.open_output_stream(path) as opened:
            opened.write(content)

    def _path(self, file: str) -> str:
        return file.removeprefix("s3://")


@dataclass(frozen=True)
class OnDisk(Storage):
    root: Path

    def open(self) -> Lake:
        return open_lake(self.root)


@dataclass(frozen=True)
class OnS3(Storage):
    place: LakeElsewhere

    def open(self) -> Lake:
        return open_lake_elsewhere(self.place)

    def empty(self) -> None:
        """Nothing of that lake is left."""
        forget_lake(self.place.name)


def on_disk(folder: Path) -> OnDisk:
    return OnDisk(LocalFileSystem(), DiskFile, str(folder / "lake" / "warehouse"), folder / "lake")


def on_s3(folder: Path) -> OnS3:
    """One for each folder."""
    need_s3()
    name = f"test-{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"
    place = LakeElsewhere(name, f"{BUCKET}/{name}", s3(), database())
    return OnS3(filesystem(place.s3), PyArrowFile, place.warehouse.removeprefix("s3://"), place)
