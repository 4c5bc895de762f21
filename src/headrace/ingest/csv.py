"""CSV: UTF-8, a header line, RFC 4180 quoting; the delimiter is the one of ``, ; tab |`` that the header uses most.

Columns are found by their header names, whatever their case; header columns outside the schema are ignored. A record
with more or fewer fields than the header is refused. An unquoted null marker is NULL. A quoted one is text in a text
column, and NULL in any other, where nothing else can be meant. Blank lines are no records.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv as pc
from duckdb.sqltypes import DuckDBPyType

from headrace.errors import Place, SourceError
from headrace.ingest.cast import Cast, from_text
from headrace.ingest.chunk import Piece
from headrace.ingest.fit import AT, fit, timed
from headrace.ingest.records import Records, Split, split_csv
from headrace.ingest.session import literal, quote
from headrace.ingest.shape import Shape
from headrace.ingest.streams import Bytes, HalfWrittenError, broken
from headrace.ingest.text import Layout, rejects

DELIMITERS = ",;\t|"
_BLANK = (b"", b"\r")


@dataclass(frozen=True)
class Header:
    """The header record: column names in order, the delimiter, and the bytes and lines it takes up."""

    names: list[str]
    delimiter: str
    size: int
    lines: int


def layout(shape: Shape, name: str, *, grows: bool) -> Callable[[Bytes], Layout]:
    """How to read the CSV file called `name`."""

    def of(stream: Bytes) -> Layout:
        header = read_header(stream, grows=grows)
        fields = _Fields(shape, name, header, _find(shape, header.names, stream))
        return Layout(header.size, header.lines + 1, split_csv(header.delimiter.encode()), fields.decode)

    return of


def read_header(stream: Bytes, *, grows: bool) -> Header:
    """Reads the header from the start of `stream`.

    Raises:
        HalfWrittenError: there is none yet.
        SourceError: it is not UTF-8.
    """
    buffer, ended = b"", False
    while True:
        block = stream.read(1 << 16)
        buffer, ended = buffer + block, not block
        delimiter = _delimiter(buffer)
        records = _up_to_header(split_csv(delimiter.encode()), buffer, ended and (stream.sealed or not grows))
        if records is not None:
            return _header(records, delimiter, stream)
        if ended:
            raise HalfWrittenError("its header line is not there yet" if buffer else "it is empty")


def _delimiter(buffer: bytes) -> str:
    line = re.sub(rb'"[^"]*"', b"", buffer.lstrip(b"\r\n").split(b"\n", 1)[0])
    return max(DELIMITERS, key=lambda one: line.count(one.encode()))


def _up_to_header(split: Split, buffer: bytes, final: bool) -> Records | None:
    """The first record that is not blank, and the blank lines before it."""
    blank = len(buffer) - len(buffer.lstrip(b"\r\n"))
    records = split(buffer, buffer.count(b"\n", 0, blank) + 1, 1, final)
    return records if any(text not in _BLANK for text in records.texts) else None


def _header(records: Records, delimiter: str, stream: Bytes) -> Header:
    try:
        text = records.texts[-1].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise broken(stream.path, "does not start with a header in UTF-8", "convert it to UTF-8") from error
    [names] = csv.reader([text], delimiter=delimiter)
    return Header([name.strip() for name in names], delimiter, len(records.data), records.data.count(b"\n"))


def _find(shape: Shape, names: Sequence[str], stream: Bytes) -> dict[str, int]:
    """Column of the schema -> index of its field."""
    lowered = [name.lower() for name in names]
    missing = [name for name in shape.columns if lowered.count(name.lower()) != 1]
    if missing:
        twice = lowered.count(missing[0].lower()) > 1
        raise SourceError(
            f"{stream.path.name} has {'two columns' if twice else 'no column'} {', '.join(missing)} in its header",
            code="HR-406",
            where=Place(stream.path, 1),
            state="nothing was read from this file",
            fix=f"rename it in the file, or under `schema` in {shape.where}; the header has {', '.join(names)}",
        )
    return {name: lowered.index(name.lower()) for name in shape.columns}


def field_cast(text: str, target: DuckDBPyType, null_values: Sequence[str]) -> Cast:
    """A field whose text may be a null marker that was quoted."""
    if str(target) == "VARCHAR" or not null_values:
        return from_text(text, target)
    markers = ", ".join(map(literal, null_values))
    return from_text(f"(CASE WHEN {text} IN ({markers}) THEN NULL ELSE {text} END)", target)


class _Fields:
    """Decodes records of one file, whose header said which field is which column."""

    def __init__(self, shape: Shape, name: str, header: Header, fields: Mapping[str, int]) -> None:
        self._shape = shape
        self._name = name
        self._width = len(header.names)
        wanted = [str(index) for index in fields.values()]
        self._parse = pc.ParseOptions(delimiter=header.delimiter, newlines_in_values=True)
        self._convert = pc.ConvertOptions(
            include_columns=wanted,
            column_types=dict.fromkeys(wanted, pa.string()),
            null_values=list(shape.null_values),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        texts = {column: quote(str(index)) for column, index in fields.items()}
        bare = {column: from_text(text, shape.types[column]) for column, text in texts.items()}
        marked = {column: self._quoted(text, column) for column, text in texts.items()}
        self._casts, self._quoted_casts = timed(bare, shape.event_time), timed(marked, shape.event_time)

    def _quoted(self, text: str, column: str) -> Cast:
        return field_cast(text, self._shape.types[column], self._shape.null_values)

    def decode(self, records: Records) -> Piece:
        texts = records.texts
        whole = not records.broken and not any(blank in texts for blank in _BLANK)
        filled = (index for index, text in enumerate(texts) if text not in _BLANK)
        indexes = list(range(len(texts)) if whole else filled)
        clear = [index for index in indexes if index not in records.broken] if records.broken else indexes
        tables, reasons = self._split(clear, texts, records.data if whole else None)
        casts = self._quoted_casts if b'"' in records.data else self._casts
        fitted = fit(self._shape.con, "FROM input", casts, tables={"input": pa.concat_tables(tables)})
        reasons = {**reasons, **records.broken, **fitted.misfits}
        return Piece(fitted.rows.drop_columns([AT]), rejects(records, self._name, reasons), len(indexes))

    def _split(
        self, indexes: list[int], texts: Sequence[bytes], data: bytes | None = None
    ) -> tuple[list[pa.Table], dict[int, str]]:
        """Fields of the records at `indexes`, as text, and a reason for each that cannot be taken apart.

        The parser must see exactly the records that were delimited. Where it does not (a stray carriage return, bytes
        that are no UTF-8), halving the records finds the culprits.

        Args:
            data: the bytes of just these records, if there are no others between them.
        """
        if not indexes:
            return [self._nothing()], {}
        problem = "the record is ambiguous"
        try:
            table, skipped = self._fields(data or b"\n".join(texts[index] for index in indexes) + b"\n")
            if table.num_rows + len(skipped) == len(indexes):
                wrong = {indexes[row.number - 1]: _miscounted(row) for row in skipped}
                kept = [index for index in indexes if index not in wrong] if wrong else indexes
                return [table.append_column(AT, pa.array(kept, pa.int32()))], wrong
        except pa.ArrowInvalid as error:
            problem = "the record is not valid UTF-8" if "UTF8" in str(error) else str(error)
        if len(indexes) == 1:
            return [self._nothing()], {indexes[0]: problem}
        middle = len(indexes) // 2
        (left, wrong), (right, more) = self._split(indexes[:middle], texts), self._split(indexes[middle:], texts)
        return left + right, wrong | more

    def _fields(self, data: bytes) -> tuple[pa.Table, list[pc.InvalidRow]]:
        skipped: list[pc.InvalidRow] = []

        def skip(row: pc.InvalidRow) -> str:
            skipped.append(row)
            return "skip"

        names = [str(index) for index in range(self._width)]
        read = pc.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names)
        self._parse.invalid_row_handler = skip
        return pc.read_csv(pa.BufferReader(data), read, self._parse, self._convert), skipped

    def _nothing(self) -> pa.Table:
        fields = [pa.field(name, pa.string()) for name in self._convert.include_columns]
        return pa.schema([*fields, pa.field(AT, pa.int32())]).empty_table()


def _miscounted(row: pc.InvalidRow) -> str:
    return f"the record has {row.actual_columns} fields, the header has {row.expected_columns}"
