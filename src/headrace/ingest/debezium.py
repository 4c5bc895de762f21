"""Debezium change envelopes, one JSON object a line: ``{"op", "before", "after", ...}``, or that under ``payload``.

| op                  | with a key                                              | without a key                   |
| ------------------- | ------------------------------------------------------- | ------------------------------- |
| c, r (create, read) | upsert `after`                                          | insert `after`                  |
| u (update)          | upsert `after`; if the key changed, delete `before` too | delete `before`, insert `after` |
| d (delete)          | delete by the key in `before`                           | delete `before`                 |

A tombstone (a line ``null``, or ``payload: null``), which follows a delete in Kafka, is a record that makes no row.
Other ops are refused. Without a key, `before` must be the whole row (in PostgreSQL: REPLICA IDENTITY FULL).
"""

from __future__ import annotations

from collections.abc import Callable

from headrace.ingest import objects
from headrace.ingest.chunk import Piece
from headrace.ingest.fit import AT, fit, keyed
from headrace.ingest.ndjson import filled_lines
from headrace.ingest.objects import RAW
from headrace.ingest.records import Records
from headrace.ingest.session import ask, literal
from headrace.ingest.shape import Shape
from headrace.ingest.text import rejects

_FIELDS = '"op": "VARCHAR", "before": "JSON", "after": "JSON"'
ENVELOPES = f"""
SELECT {AT}, CASE WHEN e.op IS NULL THEN 'NULL' IN (json_type({RAW}), json_type({RAW}, '$.payload')) END AS tombstone, e.*
FROM (
    SELECT {AT}, {RAW}, CASE WHEN o.payload IS NULL THEN {{op: o.op, before: o.before, after: o.after}}
        ELSE json_transform(o.payload, '{{{_FIELDS}}}') END AS e
    FROM (SELECT {AT}, {RAW}, json_transform({RAW}, '{{"payload": "JSON", {_FIELDS}}}') AS o FROM input)
)
"""
"""SQL: one row per record."""


def changes(shape: Shape, name: str) -> Callable[[Records], Piece]:
    """Decodes lines of the file called `name` as changes: rows with ``__w``."""
    envelopes = _envelopes(bool(shape.key))
    query = f"SELECT {AT}, __w, {objects.transform('image', shape)} AS __o FROM ({_images(shape)}) ORDER BY {AT}, __w"
    casts = objects.casts("__o", shape)
    if shape.key:
        casts = keyed(casts, shape.key)

    def decode(records: Records) -> Piece:
        filled = filled_lines(records)
        found = objects.objects(shape.con, records.texts, filled, null=True)
        table = ask(shape.con, envelopes, {"input": found.table})
        refused = {row[AT]: row["why"] for row in table.select([AT, "why"]).to_pylist() if row["why"]}
        fitted = fit(shape.con, query, casts, keep=["__w"], refused=refused, tables={"envelopes": table})
        reasons = found.reasons | dict(fitted.misfits)
        return Piece(fitted.rows.drop_columns([AT]), rejects(records, name, reasons), len(filled))

    return decode


def documents(shape: Shape, _: str) -> Callable[[Records], Piece]:
    """Decodes the rows in the envelopes as they are, to infer a schema from: one column RAW."""
    sql = f"SELECT coalesce(after, before) AS {RAW} FROM ({ENVELOPES})"

    def decode(records: Records) -> Piece:
        filled = filled_lines(records)
        found = objects.objects(shape.con, records.texts, filled, null=True)
        images = f"SELECT {RAW} FROM ({sql}) WHERE json_type({RAW}) = 'OBJECT'"
        return Piece(ask(shape.con, images, {"input": found.table}), [], len(filled))

    return decode


def _envelopes(has_key: bool) -> str:
    """SQL: the envelopes, and under `why` the reason to refuse one."""
    needs_before = "op = 'd'" if has_key else "op IN ('u', 'd')"
    hint = (
        " before"
        if has_key
        else " before, and the source has no key to go by (PostgreSQL sends it with REPLICA IDENTITY FULL)"
    )
    return f"""SELECT *, CASE
        WHEN tombstone THEN NULL
        WHEN op IS NULL THEN 'the envelope has no op'
        WHEN op NOT IN ('c', 'r', 'u', 'd') THEN 'op ' || op || ' is not one of c, r, u, d'
        WHEN op <> 'd' AND {_no_object("after")} THEN 'the envelope of op ' || op || ' has no after'
        WHEN {needs_before} AND {_no_object("before")} THEN 'the envelope of op ' || op || ' has no' || {literal(hint)}
    END AS why FROM ({ENVELOPES})"""


def _no_object(image: str) -> str:
    return f"NOT coalesce(starts_with(CAST({image} AS VARCHAR), '{{'), false)"


def _images(shape: Shape) -> str:
    """SQL: rows to delete and to insert, each with the record it came from."""
    gone = f"op = 'd' OR (op = 'u' AND {_key_changed(shape)})" if shape.key else "op IN ('u', 'd')"
    return f"""SELECT {AT}, CAST(-1 AS TINYINT) AS __w, before AS image FROM envelopes WHERE {gone}
        UNION ALL SELECT {AT}, CAST(1 AS TINYINT), after FROM envelopes WHERE op IN ('c', 'r', 'u')"""


def _key_changed(shape: Shape) -> str:
    # PostgreSQL sends no before, or one without the key, when the key did not change.
    fields = [(f"json_extract_string(before, {p})", f"json_extract_string(after, {p})") for p in map(_path, shape.key)]
    known = " AND ".join(f"{before} IS NOT NULL" for before, _ in fields)
    differs = " OR ".join(f"{before} IS DISTINCT FROM {after}" for before, after in fields)
    return f"({known} AND ({differs}))"


def _path(name: str) -> str:
    return literal('$."' + name.replace('"', '\\"') + '"')
