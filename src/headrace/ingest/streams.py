"""Bytes of a text file from any offset, compressed or not."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from headrace.errors import Place, SourceError


class HalfWrittenError(Exception):
    """The file ends before its format lets it: it is still being written, or was cut off."""


def broken(path: Path, what: str, fix: str) -> SourceError:
    """The error for a file that will not get better by waiting."""
    state = "rows before this point are kept; none was taken after it"
    return SourceError(f"{path.name} {what}", code="HR-403", where=Place(path), state=state, fix=fix)


class Bytes:
    """The content of a file, decompressed. Offsets count decompressed bytes.

    Attributes:
        sealed: the file is an archive, which has an end of its own; plain text may grow.

    Raises (by every method):
        HalfWrittenError: an archive that stops short.
        SourceError: the file cannot be opened, or is not what its name says.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sealed = path.suffix in (".gz", ".zip")
        self._archive: zipfile.ZipFile | None = None
        with self._explained():
            self._file = self._open()

    def read(self, size: int) -> bytes:
        with self._explained():
            return self._file.read(size)

    def go(self, offset: int) -> bytes:
        """Goes to `offset`; gives the byte before it, which is empty at the start and where there are fewer bytes."""
        with self._explained():
            self._file.seek(max(offset - 1, 0))
            return self._file.read(1) if offset else b""

    def close(self) -> None:
        self._file.close()
        if self._archive:
            self._archive.close()

    def _open(self) -> IO[bytes]:
        if self.path.suffix == ".gz":
            self._expect(b"\x1f\x8b", "a gzip file")
            return cast(IO[bytes], gzip.open(self.path))
        if self.path.suffix == ".zip":
            self._expect(b"PK", "a zip file")
            return self._open_zip()
        return self.path.open("rb")

    def _expect(self, magic: bytes, kind: str) -> None:
        with self.path.open("rb") as file:
            start = file.read(len(magic))
        if len(start) < len(magic):
            raise HalfWrittenError("it is empty")
        if start != magic:
            raise broken(self.path, f"is not {kind}", "correct the file or its suffix")

    def _open_zip(self) -> IO[bytes]:
        try:
            self._archive = zipfile.ZipFile(self.path)
        except zipfile.BadZipFile as error:
            # The directory of a zip file is its last part.
            raise HalfWrittenError("its directory is missing") from error
        members = [info for info in self._archive.infolist() if not info.is_dir()]
        if len(members) != 1:
            names = ", ".join(info.filename for info in members[:5])
            raise broken(
                self.path, f"holds {len(members)} files ({names}), not one", "unpack it, or zip each file alone"
            )
        return self._archive.open(members[0])

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except EOFError as error:
            raise HalfWrittenError("its compressed data stop short") from error
        except (zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise broken(self.path, f"is damaged: {error}", "write the file again") from error
        except OSError as error:
            raise broken(self.path, f"cannot be read: {error.strerror}", "make it readable to this user") from error
