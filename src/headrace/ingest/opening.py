"""From a declared source to its columns and to a reader."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from headrace.errors import Place, SourceError
from headrace.ingest import sample
from headrace.ingest.chunk import Reader
from headrace.ingest.files import FileReader
from headrace.ingest.locate import locate
from headrace.ingest.recording import Recording, record
from headrace.ingest.replay import ReplayReader, event_columns
from headrace.ingest.session import session
from headrace.ingest.shape import Shape
from headrace.ingest.values import Decode, decoder, documents
from headrace.project import FileSource, KafkaSource, PushSource, ReplaySource, Source
from headrace.project.columns import RESERVED_COLUMNS, is_time

CACHE = Path(".headrace", "cache")
"""Where recordings are kept, under the project, unless the caller says otherwise. Safe to delete."""


def resolve(source: Source, project_root: Path, *, cache: Path | None = None) -> Mapping[str, str]:
    """The column schema of `source`, name -> DuckDB type: as declared, else inferred from its input.

    What is inferred depends on the data there now; keep it with what is made of it.

    Args:
        cache: folder for a replay's recording; None for the project's own.

    Raises:
        SourceError: there is nothing to infer from, it cannot be read, or it lacks the key or event time.
    """
    if isinstance(source, PushSource):
        return source.columns
    if source.columns is not None:
        return source.columns
    if isinstance(source, ReplaySource):
        return _checked(source, event_columns(_record(source, project_root, cache)))
    con = session()
    try:
        if isinstance(source, KafkaSource):
            return _checked(source, sample.infer_topic(source, _open_topic(source, {}, None, decode=documents), con))
        return _checked(source, sample.infer(source, locate(source.path, project_root, source.file), con))
    finally:
        con.close()


def open_reader(
    source: Source,
    project_root: Path,
    *,
    position: str | None,
    full_speed: bool,
    clock: Callable[[], float],
    cache: Path | None = None,
) -> Reader:
    """A reader of `source`, on from `position` (of an earlier chunk), or from the beginning if that is None.

    Args:
        full_speed: whether a replay delivers everything without waiting for its time.
        clock: monotonic seconds.
        cache: folder for a replay's recording; None for the project's own.

    Raises:
        SourceError: there is no input, it cannot be read, or is not the one that was read before. A push source has no
            reader.
    """
    if isinstance(source, ReplaySource):
        recording = _record(source, project_root, cache)
        columns = source.columns or _checked(source, event_columns(recording))
        return ReplayReader(source, columns, recording, position, full_speed=full_speed, clock=clock)
    if isinstance(source, FileSource):
        columns = resolve(source, project_root)
        shape = Shape(session(), source.name, source.file, columns, source.key, source.null_values, source.event_time)
        return FileReader(source, shape, locate(source.path, project_root, source.file), position, clock)
    if isinstance(source, KafkaSource):
        return _open_topic(source, resolve(source, project_root), position, hurry=full_speed, clock=clock)
    raise SourceError(
        f"Source {source.name} is pushed to: there is nothing to read",
        code="HR-415",
        where=Place(source.file),
        fix=f"send rows to POST /push/{source.name}",
    )


def _open_topic(
    source: KafkaSource,
    columns: Mapping[str, str],
    position: str | None,
    *,
    hurry: bool = True,
    clock: Callable[[], float] = time.monotonic,
    decode: Callable[[KafkaSource, Shape], Decode] = decoder,
) -> Reader:
    try:
        from headrace.ingest.topic import TopicReader  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise SourceError(
            f"Source {source.name} needs a client of Kafka, which is not installed ({error})",
            code="HR-402",
            where=Place(source.file),
            state="nothing was read",
            fix="pip install 'headrace[kafka]'",
        ) from error
    shape = Shape(session(), source.name, source.file, columns, source.key, event_time=source.event_time)
    return TopicReader(source, shape, position, hurry=hurry, clock=clock, decode=decode(source, shape))


def _record(source: ReplaySource, root: Path, cache: Path | None) -> Recording:
    return record(source, root, cache or root / CACHE)


def _checked(source: FileSource | KafkaSource | ReplaySource, columns: dict[str, str]) -> dict[str, str]:
    """Inferred columns, which the project could not hold against the source's settings."""
    missing = [
        name for name in (*source.key, *([source.event_time] if source.event_time else [])) if name not in columns
    ]
    reserved = [name for name in columns if name.startswith(RESERVED_COLUMNS)]
    if missing:
        raise _unusable(source, f"has no column {missing[0]}", f"name one of {', '.join(columns)}")
    if reserved:
        raise _unusable(source, f"has a column {reserved[0]}", "leave it out: names that start with __ are Headrace's")
    if source.event_time and not is_time(columns[source.event_time]):
        kind = columns[source.event_time]
        raise _unusable(source, f"has {source.event_time} as {kind}, not a time", f"give {source.event_time} a type")
    return columns


def _unusable(source: FileSource | KafkaSource | ReplaySource, what: str, fix: str) -> SourceError:
    return SourceError(
        f"The input of source {source.name} {what}",
        code="HR-407",
        where=Place(source.file),
        state="nothing was read",
        fix=f"{fix}, or state the columns under `schema`",
    )
