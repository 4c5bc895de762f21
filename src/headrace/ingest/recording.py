"""A replay's events on disk: made once, kept in a cache, named after what they were made from.

The cache is safe to delete; a recording is made again when a table, the query or DuckDB changes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from headrace.errors import Place, SourceError
from headrace.ingest.events import Recipe, make_events
from headrace.ingest.locate import locate
from headrace.ingest.session import OFFLINE, Connection
from headrace.project import ReplaySource

FORMAT = 1
"""Raise it when events come out differently from the same input."""


@dataclass(frozen=True)
class Recording:
    """Events in the DuckDB file `path`, as `make_events` leaves them.

    Attributes:
        digest: of the query's text and the content of its tables; a position counts only for the same digest.
    """

    path: Path
    digest: str

    def open(self) -> Connection:
        con = duckdb.connect(str(self.path), read_only=True, config={"threads": 1, **OFFLINE})
        con.execute("SET TimeZone = 'UTC'")
        return con


def record(source: ReplaySource, root: Path, cache: Path) -> Recording:
    """The events of `source`, from the folder `cache` if they are there, else made now.

    Raises:
        SourceError: a table or the query cannot be read or run, or the folder cannot be written.
    """
    recipe = _recipe(source, root)
    name = f"replay-{source.name}-{_stamp(recipe)}"
    for path in cache.glob(f"{name}-*.duckdb"):
        return Recording(path, path.stem.rpartition("-")[2])
    with _workplace(source, cache / name) as work:
        digest = _digest(recipe)
        path = cache / f"{name}-{digest}.duckdb"
        make_events(recipe, work).replace(path)
    _forget_others(source, path)
    return Recording(path, digest)


def _recipe(source: ReplaySource, root: Path) -> Recipe:
    path = root / source.query
    try:
        query = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"The query of replay {source.name} cannot be read: {error}",
            code="HR-411",
            where=Place(path),
            state="nothing was read",
            fix=f"write it, or correct `query` in {source.file}",
        ) from error
    tables = {name: locate(setting, root, source.file) for name, setting in source.tables.items()}
    for name, matches in tables.items():
        if not matches.names():
            raise SourceError(
                f"No file matches {matches.setting}, table {name} of replay {source.name}",
                code="HR-401",
                where=Place(source.file),
                state="nothing was read",
                fix=f"correct it under `tables` (it means {matches.path(matches.pattern)})",
            )
    return Recipe(source, path, query, tables)


def _stamp(recipe: Recipe) -> str:
    """Changes when anything does that the events depend on, judging files by size and time."""
    stats = {name: [(str(path), *_size_and_time(path)) for path in paths] for name, paths in recipe.files.items()}
    return hashlib.sha256(_settings(recipe, duckdb=duckdb.__version__, files=stats)).hexdigest()[:16]


def _size_and_time(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def _digest(recipe: Recipe) -> str:
    """Changes when the events may; unlike the stamp, not when a file is only copied or touched."""
    digest = hashlib.sha256(_settings(recipe))
    for name, paths in recipe.files.items():
        digest.update(name.encode())
        for path in paths:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _settings(recipe: Recipe, **more: object) -> bytes:
    source = recipe.source
    settings = {"format": FORMAT, "query": recipe.query, "time": source.event_time, "nulls": source.null_values, **more}
    return json.dumps(settings, sort_keys=True).encode()


@contextmanager
def _workplace(source: ReplaySource, path: Path) -> Iterator[Path]:
    """A folder of one's own beside `path`, so that two processes can make the same events at once."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f"{path.name}.", dir=path.parent))
    except OSError as error:
        raise _not_kept(source, path, error) from error
    try:
        yield work
    except (OSError, duckdb.Error) as error:
        raise _not_kept(source, path, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _not_kept(source: ReplaySource, path: Path, error: Exception) -> SourceError:
    return SourceError(
        f"The events of replay {source.name} cannot be kept: {error}",
        code="HR-413",
        where=Place(path.parent),
        state="nothing was read",
        fix="make the folder writable to this user, and free space on its disk",
    )


def _forget_others(source: ReplaySource, path: Path) -> None:
    # Who still reads an older recording keeps it open, and loses nothing.
    for other in path.parent.glob(f"replay-{source.name}-*.duckdb"):
        if other != path:
            other.unlink(missing_ok=True)
