"""Taking rows from a reader, in ways a node may: in chunks of any size, stopped and resumed anywhere."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

from headrace.ingest import Chunk, Reader, open_reader
from headrace.project import Source

_OPEN: list[Reader] = []


def opened(
    source: Source, root: Path, position: str | None, clock: Callable[[], float], *, full_speed: bool = False
) -> Reader:
    """A reader that is closed after the test."""
    _OPEN.append(open_reader(source, root, position=position, full_speed=full_speed, clock=clock))
    return _OPEN[-1]


def close_all() -> None:
    while _OPEN:
        _OPEN.pop().close()


@dataclass
class Taken:
    """All that chunks brought."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    read: int = 0
    position: str | None = None

    def add(self, chunk: Chunk) -> None:
        refused = chunk.rejected.to_pylist() if chunk.rejected else []
        assert chunk.read == chunk.kept + len(refused)
        assert chunk.rows is None or chunk.rows.num_rows > 0
        self.rows += chunk.rows.to_pylist() if chunk.rows else []
        self.rejected += refused
        self.read += chunk.read
        self.position = chunk.position

    @property
    def reasons(self) -> list[str]:
        return [one["reason"] for one in self.rejected]

    @property
    def positions(self) -> list[str]:
        return [one["position"] for one in self.rejected]


def chunks(reader: Reader, size: int = 10_000) -> Iterator[Chunk]:
    while chunk := reader.poll(size):
        assert 0 < chunk.read <= size
        yield chunk


def drain(reader: Reader, size: int = 10_000) -> Taken:
    """Everything there is now."""
    taken = Taken()
    for chunk in chunks(reader, size):
        taken.add(chunk)
    return taken


def interrupted(again: Callable[[str | None], Reader], sizes: Iterable[int]) -> Taken:
    """Everything, by a new reader for every chunk, each chunk of the next of `sizes`."""
    taken = Taken()
    for size in cycle(sizes):
        reader = again(taken.position)
        chunk = reader.poll(size)
        reader.close()
        if chunk is None:
            assert reader.done
            return taken
        taken.add(chunk)
    raise AssertionError("sizes are empty")


def write(path: Path, content: bytes) -> None:
    """Writes `content`, packed as the suffix says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(content))
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(path.stem, content)
    else:
        path.write_bytes(content)


class SetClock:
    """Monotonic seconds that stand still until moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now
