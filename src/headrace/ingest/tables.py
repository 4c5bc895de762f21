"""The tables of a replay: files loaded whole, with the types that all of their values fit.

Unlike a source, which sets aside what does not fit and goes on, a table is either whole or an error.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Literal

import pyarrow as pa

from headrace.errors import Place, SourceError
from headrace.ingest import ndjson, objects
from headrace.ingest.cast import Cast
from headrace.ingest.csv import field_cast
from headrace.ingest.files import FileReader
from headrace.ingest.infer import json_types, text_types
from headrace.ingest.locate import Matches
from headrace.ingest.parquet import describe
from headrace.ingest.sample import csv_columns
from headrace.ingest.session import Connection, literal, quote, session
from headrace.ingest.shape import Shape
from headrace.ingest.streams import HalfWrittenError
from headrace.project import FileSource, ReplaySource

STEP_ROWS = 100_000
_RAW = "__raw_table"
_FORMATS: Mapping[str, Literal["csv", "ndjson", "parquet"]] = {
    **dict.fromkeys((".csv", ".tsv"), "csv"),
    **dict.fromkeys((".ndjson", ".jsonl", ".json"), "ndjson"),
    ".parquet": "parquet",
}


def load_table(con: Connection, replay: ReplaySource, name: str, matches: Matches) -> None:
    """Makes the files of `matches` a table (Parquet: a view) called `name` in the database of `con`.

    Raises:
        SourceError: a file cannot be read, or a record of it does not fit the others.
    """
    kind = _format(replay, name, matches)
    source = FileSource(name=name, file=replay.file, path=matches.setting, format=kind, bounded=True)
    if kind == "csv":
        source = source.model_copy(update={"null_values": replay.null_values})
    try:
        if kind == "parquet":
            _view(con, name, matches)
        else:
            _load_text(con, source, matches)
    except HalfWrittenError as stop:
        raise _not_whole(source, f"{matches.names()[0]}: {stop}") from stop
    finally:
        con.execute(f"DROP TABLE IF EXISTS {_RAW}")


def _format(replay: ReplaySource, name: str, matches: Matches) -> Literal["csv", "ndjson", "parquet"]:
    suffixes = [suffix for suffix in PurePosixPath(matches.pattern).suffixes if suffix not in (".gz", ".zip")]
    if suffixes and (found := _FORMATS.get(suffixes[-1])):
        return found
    raise SourceError(
        f"Table {name} of replay {replay.name} is read from {matches.setting}, whose suffix says no format",
        code="HR-412",
        where=Place(replay.file),
        state="nothing was read",
        fix=f"name a file that ends in one of {', '.join(_FORMATS)} (and .gz or .zip after it)",
    )


def _view(con: Connection, name: str, matches: Matches) -> None:
    paths = [matches.path(one) for one in matches.names()]
    for path in paths:
        describe(con, path)
    files = ", ".join(literal(glob.escape(str(path))) for path in paths)
    con.execute(f"CREATE VIEW {quote(name)} AS FROM read_parquet([{files}])")


def _load_text(con: Connection, source: FileSource, matches: Matches) -> None:
    parser = session()
    columns = csv_columns(source, matches) if source.format == "csv" else {objects.RAW: "VARCHAR"}
    listed = ", ".join(f"{quote(name)} VARCHAR" for name in columns)
    con.execute(f"CREATE TABLE {_RAW} ({listed})")
    shape = Shape(parser, source.name, source.file, columns, null_values=source.null_values)
    try:
        for rows in _all(source, FileReader(source, shape, matches, None, lambda: 0.0, ndjson.documents)):
            con.register("chunk", rows)
            con.execute(f"INSERT INTO {_RAW} FROM chunk")
            con.unregister("chunk")
    finally:
        parser.close()
    _type(con, source, columns)


def _all(source: FileSource, reader: FileReader) -> Iterator[pa.Table]:
    try:
        while chunk := reader.poll(STEP_ROWS):
            if chunk.rejected:
                first = chunk.rejected.slice(0, 1).to_pylist()[0]
                raise _not_whole(source, f"{first['position']}: {first['reason']}")
            yield chunk.rows
    finally:
        reader.close()


def _type(con: Connection, source: FileSource, columns: Mapping[str, str]) -> None:
    """Makes the table from its texts."""
    if source.format == "csv":
        types = text_types(con, _RAW, columns, source.null_values)
        casts = {name: field_cast(quote(name), con.sqltype(types[name]), source.null_values) for name in columns}
        _create(con, source, casts, _RAW)
        return
    shape = Shape(con, source.name, source.file, json_types(con, _RAW))
    if not shape.columns:
        raise _not_whole(source, "it holds no row")
    rows = f"(SELECT {objects.transform(objects.RAW, shape)} AS __o FROM {_RAW})"
    fields = objects.casts("__o", shape)
    unfit = " OR ".join(f"NOT {cast.fits}" for cast in fields.values())
    if con.execute(f"SELECT 1 FROM {rows} WHERE {unfit} LIMIT 1").fetchall():
        raise _not_whole(source, "a nested number is too large")
    _create(con, source, fields, rows)


def _create(con: Connection, source: FileSource, casts: Mapping[str, Cast], rows: str) -> None:
    values = ", ".join(f"{cast.value} AS {quote(name)}" for name, cast in casts.items())
    con.execute(f"CREATE TABLE {quote(source.name)} AS SELECT {values} FROM {rows}")


def _not_whole(source: FileSource, why: str) -> SourceError:
    return SourceError(
        f"Table {source.name} of a replay cannot be loaded whole: {why}",
        code="HR-412",
        where=Place(source.file),
        state="nothing was read",
        fix="correct the file: a table of a replay has no rejects",
    )
