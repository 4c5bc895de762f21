"""A cursor over one text file: takes records, knows the byte after the last one, resumes there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from zlib import crc32

from headrace.errors import Place, SourceError
from headrace.ingest.chunk import Piece, Reject
from headrace.ingest.records import Records, Split
from headrace.ingest.streams import Bytes, broken

Mark = Mapping[str, int]
"""How far one file has been read, as the position stores it."""

HEAD_BYTES = 1024
"""So much of a file's start is remembered, as a checksum, to notice that another file took its name."""
LINE_BYTES = 64 << 20
"""A line longer than this is taken for a sign that the file is no text."""


class Cursor(Protocol):
    """One file being read."""

    def take(self, limit: int) -> Piece | None:
        """The next records, at most `limit`; None at the end of what is there."""
        ...

    def mark(self) -> Mark: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Layout:
    """How one text file is read: where its records start (byte and line), how they are delimited and decoded."""

    start: int
    line: int
    split: Split
    decode: Callable[[Records], Piece]


class TextCursor:
    """Reads the text file at `path` on from `mark`.

    Args:
        layout_of: given the content from its first byte, finds the `Layout`.
        grows: whether bytes may still be added, so that a last line without its newline is not yet a record.

    Raises:
        HalfWrittenError: see `Bytes`.
        SourceError: the file is no longer the one that was read up to `mark`, or see `Bytes`.
    """

    def __init__(self, path: Path, mark: Mark | None, layout_of: Callable[[Bytes], Layout], *, grows: bool) -> None:
        self._path = path
        self._stream = Bytes(path)
        self._final = self._stream.sealed or not grows
        self._buffer = b""
        self._ended = False
        try:
            self._begin(mark, layout_of)
        except BaseException:
            self._stream.close()
            raise

    def _begin(self, mark: Mark | None, layout_of: Callable[[Bytes], Layout]) -> None:
        self._head = self._stream.read(HEAD_BYTES)
        if mark:
            self._check_unchanged(mark)
        self._stream.go(0)
        self._layout = layout_of(self._stream)
        self._byte, self._line = (mark["byte"], mark["line"]) if mark else (self._layout.start, self._layout.line)
        self._stream.go(self._byte)

    def _check_unchanged(self, mark: Mark) -> None:
        byte = mark["byte"]
        last = self._stream.go(byte)
        if byte and not last:
            raise changed(self._path, f"is shorter than the {byte:,} bytes already read")
        if crc32(self._head[:byte]) != mark["head"]:
            raise changed(self._path, "no longer starts with what was read")
        if byte and last != b"\n" and self._stream.read(1) not in (b"", b"\r", b"\n"):
            raise changed(self._path, "goes on in a line that was read as its last one, without a newline")

    def take(self, limit: int) -> Piece | None:
        records = self._next(limit)
        if not records.texts:
            return None
        piece = self._layout.decode(records)
        self._line += records.data.count(b"\n")
        self._byte += len(records.data)
        self._buffer = self._buffer[len(records.data) :]
        return piece

    def mark(self) -> Mark:
        return {"byte": self._byte, "line": self._line, "head": crc32(self._head[: self._byte])}

    def close(self) -> None:
        self._stream.close()

    def _next(self, limit: int) -> Records:
        wanted = min(max(limit * 128, 1 << 16), 8 << 20)
        while True:
            self._load(wanted)
            records = self._layout.split(self._buffer, limit, self._line, self._ended and self._final)
            if records.texts or self._ended:
                return records
            if len(self._buffer) > LINE_BYTES:
                raise broken(
                    self._path, f"has a line of more than {LINE_BYTES >> 20} MiB", "correct `path` or `format`"
                )
            wanted = 2 * len(self._buffer)

    def _load(self, size: int) -> None:
        while not self._ended and len(self._buffer) < size:
            block = self._stream.read(size - len(self._buffer))
            self._ended = not block
            self._buffer += block


def changed(path: Path, how: str) -> SourceError:
    """The error for a file that cannot be read on from where it was left."""
    return SourceError(
        f"{path.name} {how}",
        code="HR-405",
        where=Place(path),
        state="what was read before is kept; nothing was read since, so nothing is counted twice or left out",
        fix="put the file back as it was and write new rows to its end or to a new file; to let go of it for good,"
        " narrow `path` so that it does not match; to read it from its start again, use a new data directory",
    )


def rejects(records: Records, name: str, reasons: Mapping[int, str]) -> list[Reject]:
    """The rejects of some of `records`, by index, in the file called `name`."""
    if not reasons:
        return []
    lines = records.lines()
    return [
        Reject(f"{name}:{lines[index]}", reasons[index], records.texts[index].decode("utf-8", "backslashreplace"))
        for index in sorted(reasons)
    ]
