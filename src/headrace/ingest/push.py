"""Pushed rows: the body of one request.

| content type                            | body                                   |
| --------------------------------------- | -------------------------------------- |
| ``application/x-ndjson``                | a JSON object a line                   |
| ``application/json``                    | a JSON array of objects, or one object |
| ``application/vnd.apache.arrow.stream`` | an Arrow IPC stream                    |

A row that does not fit the schema is refused, the others are kept. A source with a key takes an optional field ``__op``
in each row: ``u`` (the default) puts the row in place of the one with its key, ``d`` deletes that one and needs only the
key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from headrace.errors import SourceError
from headrace.ingest import objects
from headrace.ingest.cast import Cast
from headrace.ingest.chunk import Chunk, Piece, Reject
from headrace.ingest.fit import AT, Fitted, fit, keyed
from headrace.ingest.objects import RAW
from headrace.ingest.session import ask, session
from headrace.ingest.shape import Shape
from headrace.ingest.typed import TypedTable, table_casts, table_rejects
from headrace.project import PushSource

OP = "__op"


def parse_push(source: PushSource, body: bytes, content_type: str) -> Chunk:
    """The rows of a request body.

    Args:
        content_type: parameters such as ``; charset`` are ignored; text is UTF-8.

    Returns:
        A chunk without a position; rejects stand at ``line:n`` or ``row:n``, counted from 1. Rows have ``__w`` if the
        source has a key.

    Raises:
        SourceError: the body as a whole cannot be read. Nothing was taken of it.
    """
    parse = _PARSERS.get(content_type.partition(";")[0].strip().lower())
    if parse is None:
        fix = f"send one of: {', '.join(_PARSERS)}"
        raise _unreadable(source, f"content type {content_type!r} is not one that can be read", fix)
    con = session()
    try:
        shape = Shape(con, source.name, source.file, source.columns, source.key, event_time=source.event_time)
        return parse(source, shape, body).chunk(source.name, position="")
    finally:
        con.close()


def typed_rows(
    source: str,
    where: Path,
    columns: Mapping[str, str],
    key: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    event_time: str | None = None,
) -> Chunk:
    """Rows that a file of the project states, taken as a push of the same objects would be.

    Args:
        source: what they are rows of, for the rejected ones.
        where: the file.
        columns, key, event_time: as of a source.
        rows: objects of what JSON can hold.
    """
    con = session()
    try:
        shape = Shape(con, source, where, columns, tuple(key), event_time=event_time)
        return _objects(shape, [json.dumps(row) for row in rows], "row").chunk(source, position="")
    finally:
        con.close()


def _lines(_: PushSource, shape: Shape, body: bytes) -> Piece:
    return _objects(shape, body.split(b"\n"), "line")


def _json(source: PushSource, shape: Shape, body: bytes) -> Piece:
    try:
        tables = {"input": pa.table({"body": pa.array([body.decode()])})}
    except UnicodeDecodeError as error:
        raise _unreadable(source, "the body is not valid UTF-8", "send UTF-8") from error
    kind = ask(shape.con, "SELECT TRY(json_type(body)) AS kind FROM input", tables)["kind"][0].as_py()
    if kind not in _ROWS:
        what = "is not valid JSON" if kind is None else f"is a JSON {kind.lower()}"
        fix = "send an array of objects, or objects one a line as application/x-ndjson"
        raise _unreadable(source, f"the body {what}", fix)
    rows = ask(shape.con, f"SELECT {_ROWS[kind]} AS row FROM input", tables)["row"]
    return _objects(shape, rows.to_pylist(), "row")


_ROWS = {"ARRAY": "unnest(json_extract(body, '$[*]'))", "OBJECT": "body"}


def _objects(shape: Shape, texts: Sequence[bytes | str], unit: str) -> Piece:
    filled = [index for index, text in enumerate(texts) if text and not text.isspace()]
    found = objects.objects(shape.con, texts, filled)
    op = f"json_extract_string({RAW}, '$.{OP}') AS {OP}"
    rows = f"SELECT {AT}, {op}, {objects.transform(RAW, shape)} AS __o FROM input"
    fitted = _fit(shape, rows, objects.casts("__o", shape), {"input": found.table})
    reasons = found.reasons | dict(fitted.misfits)
    rejects = [Reject(f"{unit}:{at + 1}", reasons[at], _text(texts[at])) for at in sorted(reasons)]
    return Piece(fitted.rows.drop_columns([AT]), rejects, len(filled))


def _text(raw: bytes | str) -> str:
    return raw if isinstance(raw, str) else raw.decode("utf-8", "backslashreplace")


def _arrow(source: PushSource, shape: Shape, body: bytes) -> Piece:
    table = _read_arrow(source, body)
    try:
        shape.con.register("input", table)
        columns = {name: kind for name, kind, *_ in shape.con.execute("DESCRIBE input").fetchall()}
    except duckdb.Error as error:
        raise _unreadable(source, f"the table cannot be read: {error}", "send columns of other types") from error
    tables = {"input": table}
    casts = table_casts(shape, TypedTable("the pushed table", "input", columns))
    fitted = _fit(shape, "FROM input", casts, tables)
    rejects = table_rejects(shape, "FROM input", fitted, casts, "row", tables)
    return Piece(fitted.rows.drop_columns([AT]), rejects, table.num_rows)


def _read_arrow(source: PushSource, body: bytes) -> pa.Table:
    """The table, with columns OP and AT."""
    try:
        table = pa.ipc.open_stream(body).read_all()
        # What a client sends may be malformed in ways that reading does not notice and computing would crash on.
        table.validate(full=True)
        names = table.column_names
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        what = f"the body is no Arrow stream: {error}"
        raise _unreadable(source, what, "send the Arrow IPC streaming format") from error
    if len({name.lower() for name in (*names, AT)}) <= len(names):
        raise _unreadable(source, "the table has two columns of one name", "rename one")
    return _with_op(source, table).append_column(AT, pa.array(range(table.num_rows), pa.int32()))


def _with_op(source: PushSource, table: pa.Table) -> pa.Table:
    if OP not in table.column_names:
        return table.append_column(OP, pa.nulls(table.num_rows, pa.string()))
    try:
        ops = table[OP].cast(pa.string())
    except pa.ArrowException as error:
        raise _unreadable(source, f"{OP} is {table[OP].type}, not text", "send 'u' or 'd'") from error
    return table.set_column(table.column_names.index(OP), OP, ops)


def _fit(shape: Shape, rows: str, casts: Mapping[str, Cast], tables: Mapping[str, pa.Table]) -> Fitted:
    """Fits rows that have a column OP; with a key they get ``__w``."""
    text = shape.con.sqltype("VARCHAR")
    if not shape.key:
        no_op = Cast(OP, f"{OP} IS NULL", OP, text, "cannot be carried out: the source has no key")
        fitted = fit(shape.con, rows, {**casts, OP: no_op}, tables=tables)
    else:
        weighted = f"SELECT *, CAST(CASE {OP} WHEN 'd' THEN -1 ELSE 1 END AS TINYINT) AS __w FROM ({rows})"
        op = Cast(OP, f"coalesce({OP} IN ('u', 'd'), true)", OP, text, "is neither u nor d")
        fitted = fit(shape.con, weighted, {**keyed(casts, shape.key), OP: op}, keep=["__w"], tables=tables)
    return replace(fitted, rows=fitted.rows.drop_columns([OP]))


def _unreadable(source: PushSource, what: str, fix: str) -> SourceError:
    return SourceError(f"Source {source.name}: {what}", code="HR-410", state="nothing was taken", fix=fix)


_PARSERS: Mapping[str, Callable[[PushSource, Shape, bytes], Piece]] = {
    "application/x-ndjson": _lines,
    "application/json": _json,
    "application/vnd.apache.arrow.stream": _arrow,
}
