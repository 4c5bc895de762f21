"""JSON objects as rows of the column schema.

A field is found by its exact name; an absent one and ``null`` are NULL, undeclared ones are ignored, of a name used
twice the first counts. Strings and numbers are cast by their text, so ``"12"`` is a BIGINT and ``1.5`` is not. A number
with a fraction and more than 17 significant digits passes through a double: send it as a string to keep it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from headrace.ingest.cast import Cast, from_json, from_text, json_leaf
from headrace.ingest.fit import AT, timed
from headrace.ingest.session import Connection, ask, literal, quote
from headrace.ingest.shape import Shape

RAW = "__raw"


@dataclass(frozen=True)
class Objects:
    """`table` has columns AT and RAW (a JSON object each); `reasons` maps the index of any other text to why."""

    table: pa.Table
    reasons: dict[int, str]


def objects(con: Connection, texts: Sequence[bytes | str], indexes: Sequence[int], *, null: bool = False) -> Objects:
    """Sorts out which of `texts` (those at `indexes`) are JSON objects, or ``null`` if that is allowed."""
    table, reasons = _decoded(texts, indexes)
    kinds = ask(con, f"SELECT {AT}, {RAW}, TRY(json_type({RAW})) AS kind FROM input", {"input": table})
    allowed = {"OBJECT", "NULL"} if null else {"OBJECT"}
    kept = [kind in allowed for kind in kinds["kind"].to_pylist()]
    if all(kept):
        return Objects(table, reasons)
    refused = kinds.filter(pa.array([not one for one in kept]))
    reasons |= {row[AT]: _why(row["kind"]) for row in refused.select([AT, "kind"]).to_pylist()}
    return Objects(table.filter(pa.array(kept)), reasons)


def _decoded(texts: Sequence[bytes | str], indexes: Sequence[int]) -> tuple[pa.Table, dict[int, str]]:
    try:
        return _table([texts[index] for index in indexes], indexes), {}
    except (pa.ArrowInvalid, UnicodeDecodeError):
        good = [index for index in indexes if _is_utf8(texts[index])]
        bad = set(indexes) - set(good)
        return _table([texts[index] for index in good], good), dict.fromkeys(bad, "the text is not valid UTF-8")


def _table(texts: Sequence[bytes | str], indexes: Sequence[int]) -> pa.Table:
    return pa.table({AT: pa.array(indexes, pa.int32()), RAW: pa.array(texts, pa.string())})


def _is_utf8(text: bytes | str) -> bool:
    try:
        return isinstance(text, str) or bool(text.decode()) or True
    except UnicodeDecodeError:
        return False


def _why(kind: str | None) -> str:
    return "the text is not valid JSON" if kind is None else f"the JSON is not an object but: {kind.lower()}"


def transform(expression: str, shape: Shape) -> str:
    """SQL: a struct with the declared fields of a JSON object, one parse for all of them."""
    structure = {name: "VARCHAR" if json_leaf(kind) else "JSON" for name, kind in shape.types.items()}
    return f"json_transform({expression}, {literal(json.dumps(structure))})"


def casts(struct: str, shape: Shape) -> Mapping[str, Cast]:
    """Casts from a struct made by `transform`."""
    found = {
        name: (from_text if json_leaf(kind) else from_json)(f"{struct}.{quote(name)}", kind)
        for name, kind in shape.types.items()
    }
    return timed(found, shape.event_time)
