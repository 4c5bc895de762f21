"""The values of Kafka records as rows: JSON objects, or Debezium envelopes.

| format     | a value                                     | a tombstone (no value)                           |
| ---------- | ------------------------------------------- | ------------------------------------------------ |
| `json`     | a row; with a key, in place of its key's    | with a key: deletes the row that the record's own key names |
| `debezium` | see `headrace.ingest.debezium`              | makes no row: the delete came before it          |

The record's own key is a JSON object with the key's columns, or, for a key of one column, that column's value: as JSON, or as text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from headrace.ingest import debezium, ndjson, objects
from headrace.ingest.chunk import Piece, Reject
from headrace.ingest.fit import AT, fit, keyed
from headrace.ingest.objects import RAW
from headrace.ingest.records import Records
from headrace.ingest.shape import Shape
from headrace.project import KafkaSource


@dataclass(frozen=True)
class Record:
    """A record as it came: where it stood (``topic/partition:offset``), its key and its value."""

    at: str
    key: bytes | None
    value: bytes | None


Decode = Callable[[Sequence[Record]], Piece]


def decoder(source: KafkaSource, shape: Shape) -> Decode:
    """What makes rows of a source's records; they carry ``__w`` if they may change."""
    if source.format == "debezium":
        return _texts(debezium.changes(shape, ""), tombstone=b"null")
    if source.key:
        return _upserts(shape)
    return _texts(ndjson.rows(shape, ""), tombstone=None)


def documents(source: KafkaSource, shape: Shape) -> Decode:
    """Decodes records as they are, to infer a schema from: rows of one column, the JSON objects among them."""
    lines = debezium.documents if source.format == "debezium" else ndjson.documents
    return _texts(lines(shape, ""), tombstone=b"null")


class _Numbered(Records):
    """Texts that are known by their number: what comes from elsewhere has no lines."""

    def lines(self) -> list[int]:
        return list(range(len(self.texts)))


def _texts(decode: Callable[[Records], Piece], *, tombstone: bytes | None) -> Decode:
    """Records by their values alone, a tombstone as that text; without one it is refused."""

    def piece(records: Sequence[Record]) -> Piece:
        values = [tombstone if record.value is None else record.value for record in records]
        empty = {n for n, value in enumerate(values) if not value or value.isspace()}
        filled = [n for n in range(len(records)) if n not in empty]
        made = decode(_Numbered([values[n] or b"" for n in filled], 0, b""))
        refused = [Reject(records[n].at, _EMPTY if records[n].value is not None else _NO_KEY, "") for n in empty]
        named = [replace(r, position=records[filled[int(r.position[1:])]].at) for r in made.rejects]
        return Piece(made.rows, [*named, *refused], len(records))

    return piece


_EMPTY = "is empty"
_NO_KEY = "is a tombstone, and the source has no key whose row it would delete"
_NO_ROW_KEY = (
    "is a tombstone whose key does not name the row: neither an object with {key}, nor the value of a key of one column"
)


def _upserts(shape: Shape) -> Decode:
    """Records as changes by key: a value puts its row in place of the one before, a tombstone deletes it."""
    query = f"SELECT i.{AT}, w.__w, {objects.transform(f'i.{RAW}', shape)} AS __o FROM input AS i JOIN weights AS w USING ({AT}) ORDER BY {AT}"
    casts = keyed(objects.casts("__o", shape), shape.key)
    text = len(shape.key) == 1 and str(shape.types[shape.key[0]]) == "VARCHAR"

    def piece(records: Sequence[Record]) -> Piece:
        texts = [_named(r.key, shape.key, text=text) if r.value is None else r.value for r in records]
        refused = {n: _NO_ROW_KEY.format(key=", ".join(shape.key)) for n, text in enumerate(texts) if text is None}
        refused |= {n: _EMPTY for n, text in enumerate(texts) if text is not None and (not text or text.isspace())}
        filled = [n for n in range(len(records)) if n not in refused]
        found = objects.objects(shape.con, [text or b"" for text in texts], filled)
        weights = pa.array([-1 if record.value is None else 1 for record in records], pa.int8())
        tables = {
            "input": found.table,
            "weights": pa.table({AT: pa.array(range(len(records)), pa.int32()), "__w": weights}),
        }
        fitted = fit(shape.con, query, casts, keep=["__w"], tables=tables)
        reasons = refused | found.reasons | dict(fitted.misfits)
        rejects = [Reject(records[n].at, reasons[n], _shown(records[n])) for n in sorted(reasons)]
        return Piece(fitted.rows.drop_columns([AT]), rejects, len(records))

    return piece


def _named(key: bytes | None, columns: Sequence[str], *, text: bool) -> bytes | None:
    """A record's own key as a JSON object with the key's columns; ``None`` if it does not name them.

    Numbers are handed on as they are written, not read.

    Args:
        text: whether the only column holds text: then what is no JSON string, and no object, is the text itself.
    """
    try:
        said = json.loads(key, parse_float=_Written, parse_int=_Written) if key is not None else None
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, dict) and said.keys() == {"schema", "payload"}:
        said = said["payload"]
        key = _json(said).encode()
    if isinstance(said, dict):
        return _json(said).encode() if all(name in said for name in columns) else None
    if key is None or len(columns) != 1:
        return None
    if text and type(said) is not str:
        said = key.decode("utf-8", "surrogateescape")
    return (
        None if said is None or isinstance(said, list) else _json({columns[0]: said}).encode("utf-8", "surrogateescape")
    )


class _Written(str):
    """A number of JSON, by its digits."""


def _json(value: object) -> str:
    """JSON of what was read from JSON. A number becomes text, from which every column takes all of its digits."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)}: {_json(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_json, value)) + "]"
    return json.dumps(str(value) if isinstance(value, _Written) else value, ensure_ascii=False)


def _shown(record: Record) -> str:
    return (record.value if record.value is not None else record.key or b"").decode("utf-8", "backslashreplace")
