"""A source of files: the files that match, in order of their names, each read from where it was left.

Bounded, it reads what is there when it is opened, to the end. Otherwise it follows files that grow and files that appear.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from headrace.errors import Place, SourceError
from headrace.ingest import csv, debezium, ndjson
from headrace.ingest.chunk import Chunk, Piece
from headrace.ingest.locate import Matches
from headrace.ingest.parquet import ParquetCursor
from headrace.ingest.records import Records
from headrace.ingest.shape import Shape
from headrace.ingest.streams import HalfWrittenError
from headrace.ingest.text import Cursor, Mark, TextCursor, changed
from headrace.project import FileSource

IDLE_SHARE = 20
"""After a look at the files that took t, the next waits 20 t: looking costs at most 5 % of a core, however many files."""

Lines = Callable[[Shape, str], Callable[[Records], Piece]]
"""(shape, file name) -> what makes rows of that file's lines."""


class FileReader:
    """Reads the files of a source, on from `position`: JSON, for each file begun how far it was read.

    Args:
        clock: monotonic seconds.
        lines: for JSON lines, what decodes those of one file; else as the source's format has it.

    Raises:
        SourceError: no file matches a bounded source, or the position is none of ours. `poll` raises it when a file
            cannot be read, or is not the one that was read before: vanished, shorter, rewritten.
    """

    def __init__(
        self,
        source: FileSource,
        shape: Shape,
        matches: Matches,
        position: str | None,
        clock: Callable[[], float],
        lines: Lines | None = None,
    ) -> None:
        self.columns: Mapping[str, str] = shape.columns
        self.changelog = source.changes
        self.bounded = source.bounded
        self._source = source
        self._shape = shape
        self._matches = matches
        self._marks = _marks(position, source)
        self._clock = clock
        self._lines = lines or (debezium.changes if self.changelog else ndjson.rows)
        self._seen: dict[str, tuple[int, int]] = {}
        self._look_at = clock()
        self._cursor: Cursor | None = None
        self._queue = self._files() if self.bounded else []

    @property
    def done(self) -> bool:
        return self.bounded and not self._queue

    @property
    def caught_up(self) -> bool:
        return True

    def poll(self, max_rows: int) -> Chunk | None:
        while self._queue or self._look():
            piece = self._take(max_rows)
            if piece and piece.read:
                return piece.chunk(self._source.name, json.dumps({"files": self._marks}))
        return None

    def close(self) -> None:
        if self._cursor:
            self._cursor.close()
        self._cursor = None

    def _take(self, max_rows: int) -> Piece | None:
        """What the current file gives; at its end, the next file becomes the current one."""
        try:
            if self._cursor is None:
                self._cursor = self._open(self._queue[0], self._matches.path(self._queue[0]))
            piece = self._cursor.take(max_rows)
            self._marks[self._queue[0]] = self._cursor.mark()
        except HalfWrittenError as stop:
            self.close()
            if self.bounded:
                raise self._half_written(stop) from stop
            piece = None
        except SourceError:
            # The file stays first in the queue: polling again meets the same error, and never skips the file.
            self.close()
            raise
        if piece is None:
            self.close()
            self._queue.pop(0)
        return piece

    def _open(self, name: str, path: Path) -> Cursor:
        mark = self._marks.get(name)
        if not path.is_file():
            raise changed(path, "is gone") if mark else HalfWrittenError("it is not there any more")
        if self._source.format == "parquet":
            return ParquetCursor(self._shape, path, name, mark)
        grows = not self.bounded
        if self._source.format == "csv":
            return TextCursor(path, mark, csv.layout(self._shape, name, grows=grows), grows=grows)
        return TextCursor(path, mark, ndjson.layout(self._lines(self._shape, name)), grows=grows)

    def _look(self) -> bool:
        """Queues the files with something new in them; whether there are any."""
        now = self._clock()
        if self.bounded or now < self._look_at:
            return False
        for name in self._files():
            stamp = _stamp(self._matches.path(name))
            if self._seen.get(name) != stamp:
                self._queue.append(name)
                self._seen[name] = stamp
        after = self._clock()
        self._look_at = after + IDLE_SHARE * (after - now)
        return bool(self._queue)

    def _files(self) -> list[str]:
        """The files there are, and those that were read before and that the path still means."""
        there = self._matches.names()
        if not there and not self._marks and self.bounded:
            raise SourceError(
                f"No file matches {self._matches.setting}",
                code="HR-401",
                where=Place(self._source.file),
                state="nothing was read",
                fix=f"correct `path` (it means {self._matches.path(self._matches.pattern)}),"
                " or set `bounded: false` to wait for files",
            )
        return sorted({*there, *(name for name in self._marks if self._matches.has(name))})

    def _half_written(self, stop: HalfWrittenError) -> SourceError:
        path = self._matches.path(self._queue[0])
        return SourceError(
            f"{path.name} is half-written: {stop}",
            code="HR-404",
            where=Place(path),
            state="files before it were read; nothing was taken after this point",
            fix="wait until it is complete; with `bounded: false` a source waits by itself",
        )


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when a file does."""
    with suppress(FileNotFoundError):
        stat = path.stat()
        return stat.st_size, stat.st_mtime_ns
    return -1, 0


def _marks(position: str | None, source: FileSource) -> dict[str, Mark]:
    if position is None:
        return {}
    try:
        return {str(name): dict(mark) for name, mark in json.loads(position)["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"The stored position of source {source.name} is not one of a file source: {position[:80]}",
            code="HR-409",
            where=Place(source.file),
            state="nothing was read",
            fix="if the source was of another kind before, give it a new name, or use a new data directory",
        ) from error
