"""NDJSON: one JSON object a line, UTF-8. Blank lines are no records."""

from __future__ import annotations

from collections.abc import Callable

from headrace.ingest import objects
from headrace.ingest.chunk import Piece
from headrace.ingest.fit import AT, fit
from headrace.ingest.records import Records, split_lines
from headrace.ingest.shape import Shape
from headrace.ingest.streams import Bytes
from headrace.ingest.text import Layout, rejects

BOM = b"\xef\xbb\xbf"


def layout(decode: Callable[[Records], Piece]) -> Callable[[Bytes], Layout]:
    """How to read a file of JSON lines, given what to make of them."""

    def of(stream: Bytes) -> Layout:
        start = len(BOM) if stream.read(len(BOM)) == BOM else 0
        return Layout(start, 1, split_lines, decode)

    return of


def rows(shape: Shape, name: str) -> Callable[[Records], Piece]:
    """Decodes lines of the file called `name` as rows."""
    query = f"SELECT {AT}, {objects.transform(objects.RAW, shape)} AS __o FROM input"
    casts = objects.casts("__o", shape)

    def decode(records: Records) -> Piece:
        filled = filled_lines(records)
        found = objects.objects(shape.con, records.texts, filled)
        fitted = fit(shape.con, query, casts, tables={"input": found.table})
        reasons = found.reasons | dict(fitted.misfits)
        return Piece(fitted.rows.drop_columns([AT]), rejects(records, name, reasons), len(filled))

    return decode


def documents(shape: Shape, name: str) -> Callable[[Records], Piece]:
    """Decodes lines as they are, to infer a schema from: rows of one column RAW, the JSON objects among them."""

    def decode(records: Records) -> Piece:
        filled = filled_lines(records)
        found = objects.objects(shape.con, records.texts, filled)
        return Piece(found.table.select([objects.RAW]), rejects(records, name, found.reasons), len(filled))

    return decode


def filled_lines(records: Records) -> list[int]:
    """Indexes of the lines that are not blank."""
    texts = records.texts
    if b"" not in texts and not any(map(bytes.isspace, texts)):
        return list(range(len(texts)))
    return [index for index, text in enumerate(texts) if text and not text.isspace()]
