"""The column schema of a file source that declares none: inferred from a sample of its files."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from headrace.errors import Place, SourceError
from headrace.ingest import debezium, ndjson
from headrace.ingest.chunk import Reader
from headrace.ingest.csv import read_header
from headrace.ingest.files import FileReader
from headrace.ingest.infer import json_types, text_types
from headrace.ingest.locate import Matches
from headrace.ingest.parquet import describe
from headrace.ingest.session import Connection
from headrace.ingest.shape import Shape
from headrace.ingest.streams import Bytes, HalfWrittenError
from headrace.project import FileSource, KafkaSource

SAMPLE_BYTES = 64 << 20
"""So much text is looked at, in the order it is read."""
STEP_ROWS = 50_000


def infer(source: FileSource, matches: Matches, con: Connection) -> dict[str, str]:
    """Column names and types. For Parquet the first file's own; else what all of the sample fits.

    Raises:
        SourceError: there is nothing to infer from yet, or it does not give usable names.
    """
    names = matches.names()
    if not names:
        raise nothing_to_infer(source, f"no file matches {matches.setting}")
    try:
        columns = _infer(source, matches, con)
    except HalfWrittenError as stop:
        raise nothing_to_infer(source, f"{names[0]}: {stop}") from stop
    if not columns:
        raise nothing_to_infer(source, f"{matches.setting} holds no row yet")
    return columns


def _infer(source: FileSource, matches: Matches, con: Connection) -> dict[str, str]:
    if source.format == "parquet":
        return describe(con, matches.path(matches.names()[0]))[1]
    columns = csv_columns(source, matches) if source.format == "csv" else {}
    shape = Shape(con, source.name, source.file, columns, null_values=source.null_values)
    lines = debezium.documents if source.format == "debezium" else ndjson.documents
    sample = list(_sample(FileReader(source, shape, matches, None, lambda: 0.0, lines)))
    if not sample:
        return columns
    con.register("sample", pa.concat_tables(sample))
    try:
        return text_types(con, "sample", columns, source.null_values) if columns else json_types(con, "sample")
    finally:
        con.unregister("sample")


def infer_topic(source: KafkaSource, reader: Reader, con: Connection) -> dict[str, str]:
    """Column names and types that the first records of a topic fit; ``reader`` gives them as documents, and is closed.

    Raises:
        SourceError: there is no record yet.
    """
    sample: list[pa.Table] = []
    try:
        while sum(table.nbytes for table in sample) < SAMPLE_BYTES:
            chunk = reader.poll(STEP_ROWS)
            if chunk is not None and chunk.rows:
                sample.append(chunk.rows)
            elif chunk is None and (reader.done or reader.caught_up):
                break
    finally:
        reader.close()
    if not sample:
        raise nothing_to_infer(source, f"topic {source.topic} holds no row yet")
    con.register("sample", pa.concat_tables(sample))
    try:
        return json_types(con, "sample")
    finally:
        con.unregister("sample")


def csv_columns(source: FileSource, matches: Matches) -> dict[str, str]:
    """The columns in the header of the first CSV file, as text.

    Raises:
        HalfWrittenError: it has no header yet.
        SourceError: a name is missing or there twice.
    """
    path = matches.path(matches.names()[0])
    stream = Bytes(path)
    try:
        names = read_header(stream, grows=not source.bounded).names
    finally:
        stream.close()
    if "" in names or len({name.lower() for name in names}) < len(names):
        raise SourceError(
            f"{path.name} has a header with a column that has no name, or the name of another",
            code="HR-407",
            where=Place(path, 1),
            state="nothing was read",
            fix=f"correct the header, or name the columns to read under `schema` in {source.file}",
        )
    return dict.fromkeys(names, "VARCHAR")


def _sample(reader: FileReader) -> Iterator[pa.Table]:
    size = 0
    try:
        while size < SAMPLE_BYTES and (chunk := reader.poll(STEP_ROWS)):
            if chunk.rows:
                size += chunk.rows.nbytes
                yield chunk.rows
    finally:
        reader.close()


def nothing_to_infer(source: FileSource | KafkaSource, why: str) -> SourceError:
    return SourceError(
        f"The columns of source {source.name} cannot be inferred: {why}",
        code="HR-407",
        where=Place(source.file),
        state="nothing was read",
        fix="state them under `schema`, as in `schema: {id: BIGINT, at: TIMESTAMP}`, or correct where it is read from",
    )
