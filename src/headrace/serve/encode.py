"""Answers as bytes: JSON, CSV, Arrow and Parquet. Doors and the command line write rows with this module and no other.

What a value becomes, in JSON (and in CSV, without the quotes):

==================  ==================================================================================
integers, HUGEINT   a JSON number with every digit (JavaScript reads exactly up to 2^53; Arrow has all)
DECIMAL             a JSON number with every digit of its scale: ``1.50``
FLOAT, DOUBLE       the shortest JSON number that reads back as the same value; else "NaN", "Infinity",
                    "-Infinity", because ``null`` would lose which of them it was
TIMESTAMP           ``"2013-01-01T05:00:00.25Z"``: always UTC; "infinity" and "-infinity" as in SQL
DATE, TIME          ``"2013-01-01"``, ``"05:00:00.25"``
INTERVAL            ISO 8601: ``"P1Y2M3DT4.5S"``
BLOB                base64
LIST, ARRAY         an array; STRUCT an object; MAP an object when its keys are text, else an array of
                    ``{"key": …, "value": …}``; UNION the value of its member
==================  ==================================================================================
"""

from __future__ import annotations

import base64
import io
import json
import math
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as is_

from headrace.serve import iso
from headrace.serve.types import is_bytes, is_list, is_string, type_name

NULL = "null"
_quote = json.encoder.encode_basestring
_LINE_ENDS = re.compile("[\u0085\u2028\u2029]")
"""Legal in JSON, yet many line readers (Python's splitlines among them) end a line there, and would cut an event."""


@dataclass(frozen=True)
class Raw:
    """JSON text that is already encoded, to stand inside a value given to `dumps`."""

    text: str


def to_json(table: pa.Table) -> str:
    """Return an array of one object per row. A column name that repeats gets ``_1``, ``_2``, so that none is lost."""
    keys = [_text(name) + ":" for name in distinct(table.column_names)]
    return f"[{','.join(_objects(keys, table))}]"


def to_rows(table: pa.Table) -> str:
    """Return an array of one array per row: `to_json` without the names."""
    return "[" + ",".join(f"[{','.join(row)}]" for row in _rows(table)) + "]"


def to_csv(table: pa.Table) -> str:
    """Return RFC 4180 text with a header line and ``\\n`` line ends.

    NULL is an empty field and the empty string is ``""``, as in PostgreSQL's COPY. With a single column NULL is ``""``
    too: many readers skip an empty line, and a row must not get lost.
    """
    null = '""' if table.num_columns == 1 else ""
    columns = [_csv_column(column, null) for column in table.columns]
    header = ",".join(_csv_field(name) for name in table.column_names)
    return "".join(f"{line}\n" for line in (header, *(",".join(row) for row in zip(*columns, strict=True))))


def to_arrow(table: pa.Table) -> bytes:
    """Return an Arrow IPC stream; every type exactly as the engine gave it."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def to_parquet(table: pa.Table) -> bytes:
    """Return a Parquet file. INTERVAL and UNION, which Parquet's Arrow writer does not know, become their JSON text."""
    sink = io.BytesIO()
    columns = [_parquet_column(column) for column in table.columns]
    pq.write_table(pa.table(columns, names=distinct(table.column_names)), sink, compression="zstd")
    return sink.getvalue()


def columns_of(table: pa.Table) -> list[dict[str, str]]:
    """Return ``[{"name": …, "type": …}]``, types in DuckDB's words."""
    return [{"name": field.name, "type": type_name(field.type)} for field in table.schema]


def distinct(names: Iterable[str]) -> list[str]:
    """Make names unique by a numbered suffix: ``a, a, a_1`` -> ``a, a_2, a_1``."""
    wanted = list(names)
    taken: set[str] = set()
    kept = []
    for name in wanted:
        free, number = name, 0
        while free in taken or (number and free in wanted):
            number += 1
            free = f"{name}_{number}"
        taken.add(free)
        kept.append(free)
    return kept


def dumps(value: object) -> str:
    """Return JSON of a Python value, by the rules of the table above.

    Takes mappings, sequences, sets, numbers, texts, times, paths, `pa.Table` (an array of arrays) and `Raw`.

    Raises:
        TypeError: a value that has no JSON form here. Its type is named; guessing a form would hide a defect.
    """
    for types, text in _PYTHON:
        if isinstance(value, types):
            return text(value)
    raise TypeError(f"no JSON form for a {type(value).__name__}")


def utc(value: datetime) -> str:
    """Return an instant as ISO 8601 in UTC with ``Z``; a naive one is UTC already."""
    aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return iso.timestamp((aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1), "us")


def fragments(column: pa.Array | pa.ChunkedArray) -> list[str]:
    """Return the JSON text of each value of a column."""
    if isinstance(column, pa.ChunkedArray):
        return [text for chunk in column.chunks for text in fragments(chunk)]
    if isinstance(column, pa.ExtensionArray):
        return _extension(column)
    for matches, encode in _ARROW:
        if matches(column.type):
            return encode(column)
    return _each(column.to_pylist(), dumps)


def _rows(table: pa.Table) -> Iterator[tuple[str, ...]]:
    return zip(*(fragments(column) for column in table.columns), strict=True)


def _objects(keys: list[str], table: pa.Table) -> Iterator[str]:
    for row in _rows(table):
        yield "{" + ",".join(map(str.__add__, keys, row)) + "}"


def _text(value: str) -> str:
    text = _quote(value)
    return _LINE_ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text) if not text.isascii() else text


def _float(value: float) -> str:
    if math.isnan(value):
        return '"NaN"'
    if math.isinf(value):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    return repr(float(value))


def _each(values: Iterable[Any], text: Callable[[Any], str]) -> list[str]:
    return [NULL if value is None else text(value) for value in values]


def _quoted(values: Iterable[Any], text: Callable[[Any], str]) -> list[str]:
    return [NULL if value is None else f'"{text(value)}"' for value in values]


# One function per kind of Arrow type; the table that picks them follows.


def _singles(column: pa.Array) -> list[str]:
    """Encode floats narrower than a double from Arrow's text: the shortest that reads back in their own width."""
    return _each(column.cast(pa.float32()).cast(pa.string()).to_pylist(), _float_text)


def _float_text(text: str) -> str:
    value = float(text)
    return text if math.isfinite(value) else _float(value)


def _timestamps(column: pa.Array) -> list[str]:
    unit = column.type.unit
    return _quoted(column.cast(pa.int64()).to_pylist(), lambda value: iso.timestamp(value, unit))


def _dates(column: pa.Array) -> list[str]:
    return _quoted(column.cast(pa.date32()).cast(pa.int32()).to_pylist(), iso.date)


def _times(column: pa.Array) -> list[str]:
    unit, whole = column.type.unit, pa.int32() if is_.is_time32(column.type) else pa.int64()
    return _quoted(column.cast(whole).to_pylist(), lambda value: iso.time(value, unit))


def _durations(column: pa.Array) -> list[str]:
    size = iso.NANOS[column.type.unit]
    return _quoted(column.cast(pa.int64()).to_pylist(), lambda value: iso.interval(0, 0, value * size))


def _intervals(column: pa.Array) -> list[str]:
    return _quoted(column.to_pylist(), lambda value: iso.interval(value.months, value.days, value.nanoseconds))


def _lists(column: pa.Array) -> list[str]:
    values = iter(fragments(column.flatten()))
    lengths = pc.list_value_length(column).to_pylist()
    return _each(lengths, lambda length: f"[{','.join(next(values) for _ in range(length))}]")


def _structs(column: pa.Array) -> list[str]:
    keys = [_text(column.type.field(i).name) + ":" for i in range(column.type.num_fields)]
    members = [fragments(member) for member in column.flatten()]
    rows = zip(*members, strict=True) if members else iter([()] * len(column))
    valid = column.is_valid().to_pylist()
    return [
        "{" + ",".join(map(str.__add__, keys, row)) + "}" if ok else NULL for ok, row in zip(valid, rows, strict=True)
    ]


def _maps(column: pa.Array) -> list[str]:
    text_keys = is_string(column.type.key_type)
    entry = "{}:{}" if text_keys else '{{"key":{},"value":{}}}'
    left, right = "{}" if text_keys else "[]"
    texts = []
    for scalar in column:
        if not scalar.is_valid:
            texts.append(NULL)
            continue
        key, value = (fragments(part) for part in scalar.values.flatten())
        texts.append(left + ",".join(entry.format(*pair) for pair in zip(key, value, strict=True)) + right)
    return texts


def _unions(column: pa.Array) -> list[str]:
    return [fragments(pa.array([member], member.type))[0] for member in (scalar.value for scalar in column)]


def _extension(column: pa.ExtensionArray) -> list[str]:
    if isinstance(column.type, pa.UuidType):
        return _quoted(column.storage.to_pylist(), lambda value: str(uuid.UUID(bytes=value)))
    return fragments(column.storage)


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


_ARROW: tuple[tuple[Callable[[pa.DataType], bool], Callable[[Any], list[str]]], ...] = (
    (is_.is_integer, lambda column: _each(column.to_pylist(), str)),
    (is_.is_float64, lambda column: _each(column.to_pylist(), _float)),
    (is_string, lambda column: _each(column.to_pylist(), _text)),
    (is_.is_timestamp, _timestamps),
    (is_.is_date, _dates),
    (is_.is_decimal, lambda column: _each(column.to_pylist(), lambda value: format(value, "f"))),
    (is_.is_floating, _singles),
    (is_.is_time, _times),
    (is_.is_duration, _durations),
    (is_.is_interval, _intervals),
    (is_bytes, lambda column: _quoted(column.to_pylist(), _base64)),
    (is_.is_dictionary, lambda column: fragments(column.dictionary_decode())),
    (is_.is_run_end_encoded, lambda column: fragments(pc.run_end_decode(column))),
    (is_.is_map, _maps),
    (is_list, _lists),
    (is_.is_struct, _structs),
    (is_.is_union, _unions),
)

_PYTHON: tuple[tuple[Any, Callable[[Any], str]], ...] = (
    (Raw, lambda value: value.text),
    (type(None), lambda _: NULL),
    (bool, lambda value: "true" if value else "false"),
    (str, _text),
    (int, str),
    (float, _float),
    (Decimal, lambda value: format(value, "f") if value.is_finite() else _float(float(value))),
    (datetime, lambda value: f'"{utc(value)}"'),
    ((date, time), lambda value: f'"{value.isoformat()}"'),
    (timedelta, lambda value: f'"{iso.interval(0, 0, value // timedelta(microseconds=1) * 1000)}"'),
    (Mapping, lambda value: "{" + ",".join(f"{_text(str(key))}:{dumps(item)}" for key, item in value.items()) + "}"),
    ((list, tuple), lambda value: f"[{','.join(map(dumps, value))}]"),
    (AbstractSet, lambda value: dumps(sorted(value))),
    ((uuid.UUID, PurePath), lambda value: _text(str(value))),
    (bytes, lambda value: f'"{_base64(value)}"'),
    (pa.Table, to_rows),
)


def _csv_column(column: pa.ChunkedArray, null: str) -> list[str]:
    """Turn JSON texts into CSV fields; text goes in as it is, everything else as its JSON without the quotes."""
    if is_string(column.type) or (is_.is_dictionary(column.type) and is_string(column.type.value_type)):
        return [null if value is None else _csv_field(value) for value in column.to_pylist()]
    return [
        null if text == NULL else _csv_field(json.loads(text) if text[0] == '"' else text) for text in fragments(column)
    ]


_NEEDS_QUOTES = re.compile(r'[",\r\n]|^\s|\s$|^$')


def _csv_field(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if _NEEDS_QUOTES.search(value) else value


def _parquet_column(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    if not _unknown_to_parquet(column.type):
        return column
    texts = [None if text == NULL else text for text in fragments(column)]
    bare = [json.loads(text) if text and text[0] == '"' else text for text in texts]
    return pa.array(bare, pa.string())


def _unknown_to_parquet(type_: pa.DataType) -> bool:
    if is_.is_map(type_):
        return _unknown_to_parquet(type_.key_type) or _unknown_to_parquet(type_.item_type)
    if is_list(type_):
        return _unknown_to_parquet(type_.value_type)
    if is_.is_struct(type_):
        return any(_unknown_to_parquet(type_.field(i).type) for i in range(type_.num_fields))
    return bool(is_.is_interval(type_) or is_.is_union(type_))
