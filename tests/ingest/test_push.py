"""Pushed bodies: every content type, the same rejection rules, and bodies that cannot be read at all."""

from __future__ import annotations

import contextlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.errors import SourceError
from headrace.ingest import Chunk, parse_push
from headrace.project import PushSource

NDJSON, JSON, ARROW = "application/x-ndjson", "application/json", "application/vnd.apache.arrow.stream"
COLUMNS = {"id": "BIGINT", "at": "TIMESTAMP"}
PLAIN = PushSource(name="s", file=Path("s.yaml"), columns=COLUMNS)
KEYED = PushSource(name="s", file=Path("s.yaml"), columns=COLUMNS, key=("id",))


def arrow(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return bytes(sink.getvalue())


def body(rows: list[Any], content_type: str) -> bytes:
    if content_type == NDJSON:
        return b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    if content_type == JSON:
        return json.dumps(rows, indent=1).encode()
    names = {name: None for row in rows for name in row}
    return arrow(pa.table({name: pa.array([row.get(name) for row in rows]) for name in names}))


def rows(chunk: Chunk) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in chunk.rows.to_pylist()] if chunk.rows else []


def refused(chunk: Chunk) -> list[tuple[str, str, str]]:
    found = chunk.rejected.to_pylist() if chunk.rejected else []
    assert chunk.read == chunk.kept + len(found)
    assert chunk.position == ""
    return [(one["position"], one["reason"], one["raw"]) for one in found]


@pytest.mark.parametrize("content_type", [NDJSON, JSON, ARROW, f"{JSON}; charset=utf-8", "Application/X-NDJSON"])
def test_every_content_type_gives_the_same_rows(content_type: str) -> None:
    sent = [{"id": 1, "at": "2013-01-01T10:00:00+01:00", "more": "x"}, {"id": None, "at": None, "more": "y"}]
    chunk = parse_push(PLAIN, body(sent, content_type.lower().partition(";")[0]), content_type)
    assert rows(chunk) == [(1, datetime(2013, 1, 1, 9)), (None, None)]
    assert not refused(chunk)
    assert chunk.rows.column_names == ["id", "at"]


@pytest.mark.parametrize(("content_type", "unit"), [(NDJSON, "line"), (JSON, "row"), (ARROW, "row")])
def test_rows_that_do_not_fit_are_refused_alone(content_type: str, unit: str) -> None:
    sent = [{"id": "1", "at": "2013-01-01"}, {"id": "x", "at": "2013-01-01"}, {"id": "3", "at": "2013-01-03"}]
    chunk = parse_push(PLAIN, body(sent, content_type), content_type)
    assert [row[0] for row in rows(chunk)] == [1, 3]
    [(position, reason, raw)] = refused(chunk)
    assert position == f"{unit}:2"
    assert reason == "column id: 'x' is not a BIGINT"
    assert json.loads(raw) == sent[1]


@pytest.mark.parametrize("content_type", [NDJSON, JSON, ARROW])
def test_a_key_makes_rows_upserts_and_deletes(content_type: str) -> None:
    sent = [
        {"id": 1, "at": "2013-01-01", "__op": None},
        {"id": 1, "at": "2013-01-02", "__op": "u"},
        {"id": 1, "at": "never", "__op": "d"},
        {"id": 2, "at": "2013-01-02", "__op": "x"},
        {"id": None, "at": "2013-01-02", "__op": "u"},
        {"id": 3, "at": None, "__op": "d"},
    ]
    chunk = parse_push(KEYED, body(sent, content_type), content_type)
    days = {1: datetime(2013, 1, 1), 2: datetime(2013, 1, 2)}
    assert rows(chunk) == [(1, days[1], 1), (1, days[2], 1), (1, None, -1), (3, None, -1)]
    assert chunk.rows.schema.field("__w").type == pa.int8()
    assert [reason for _, reason, _ in refused(chunk)] == [
        "column __op: 'x' is neither u nor d",
        "column id: NULL is not a BIGINT NOT NULL",
    ]


@pytest.mark.parametrize("content_type", [NDJSON, JSON, ARROW])
def test_without_a_key_a_delete_is_refused_not_inserted(content_type: str) -> None:
    sent = [{"id": 1, "at": None, "__op": "d"}, {"id": 2, "at": None, "__op": None}]
    chunk = parse_push(PLAIN, body(sent, content_type), content_type)
    assert rows(chunk) == [(2, None)]
    assert "has no key" in refused(chunk)[0][1]


@pytest.mark.parametrize("ops", [pa.nulls(1), pa.array(["u"]).dictionary_encode(), pa.array(["u"], pa.large_string())])
def test_any_arrow_text_says_what_to_do(ops: pa.Array) -> None:
    table = pa.table({"id": [1], "at": pa.nulls(1), "__op": ops})
    assert rows(parse_push(KEYED, arrow(table), ARROW)) == [(1, None, 1)]


def test_json_may_be_one_object_and_lines_may_be_blank() -> None:
    assert rows(parse_push(PLAIN, b' {"id": 1}\n', JSON)) == [(1, None)]
    assert rows(parse_push(PLAIN, b'\n{"id": 1}\r\n\n{"id": 2}', NDJSON)) == [(1, None), (2, None)]
    for empty in (parse_push(PLAIN, b"[]", JSON), parse_push(PLAIN, b"", NDJSON)):
        assert (empty.rows, empty.rejected, empty.read, empty.kept) == (None, None, 0, 0)


def test_elements_that_are_no_objects_are_refused_alone() -> None:
    chunk = parse_push(PLAIN, b'[{"id": 1}, 3, null, [1], {"id": 2}]', JSON)
    assert [row[0] for row in rows(chunk)] == [1, 2]
    assert [(position, raw) for position, _, raw in refused(chunk)] == [
        ("row:2", "3"),
        ("row:3", "null"),
        ("row:4", "[1]"),
    ]


def test_arrow_types_are_cast_exactly_or_refused() -> None:
    source = PushSource(name="s", file=Path("s.yaml"), columns={"n": "INTEGER", "d": "DATE", "t": "VARCHAR"})
    table = pa.table(
        {
            "N": pa.array([1.0, 2.5, 3.0, 2.0**40]),
            "d": pa.array(
                [datetime(2013, 1, 1), datetime(2013, 1, 1), datetime(2013, 1, 1, 5), None], pa.timestamp("us")
            ),
            "t": pa.array([1, 2, 3, 4]).dictionary_encode(),
        }
    )
    chunk = parse_push(source, arrow(table), ARROW)
    assert rows(chunk) == [(1, date(2013, 1, 1), "1")]
    assert [reason for _, reason, _ in refused(chunk)] == [
        "column n: '2.5' is not a INTEGER",
        "column d: '2013-01-01 05:00:00' is not a DATE",
        "column n: '1099511627776.0' is not a INTEGER",
    ]


UNREADABLE: list[tuple[bytes, str, str]] = [
    (b"[1,", JSON, "not valid JSON"),
    (b'{"id": 1}\n{"id": 2}', JSON, "not valid JSON"),
    (b"", JSON, "not valid JSON"),
    (b"3", JSON, "is a JSON"),
    (b"\xff", JSON, "UTF-8"),
    (b"id\n1\n", "text/csv", "content type"),
    (b"", ARROW, "Arrow"),
    (b"ARROW1\0\0", ARROW, "Arrow"),
    (body([{"id": 1, "at": 1}], ARROW)[:-40], ARROW, "Arrow"),
    (arrow(pa.table({"id": [1]})), ARROW, "no column at"),
    (arrow(pa.table({"id": [1], "at": [None], "__op": [[1]]})), ARROW, "not text"),
    (arrow(pa.table([pa.array([1]), pa.array([2]), pa.array([3])], names=["id", "at", "id"])), ARROW, "two columns"),
    (arrow(pa.table({"id": pa.array([date(2013, 1, 1)]), "at": [None]})), ARROW, "cannot become BIGINT"),
]


@pytest.mark.parametrize(("content", "content_type", "what"), UNREADABLE)
def test_a_body_that_cannot_be_read_is_an_error(content: bytes, content_type: str, what: str) -> None:
    with pytest.raises(SourceError, match=what) as caught:
        parse_push(PLAIN, content, content_type)
    assert caught.value.code in ("HR-410", "HR-406", "HR-408")
    assert caught.value.fix
    assert caught.value.state


def test_pushes_at_once_do_not_meet() -> None:
    def push(number: int) -> list[tuple[Any, ...]]:
        return rows(parse_push(PLAIN, body([{"id": number}] * 50 + [{"id": "x"}], NDJSON), NDJSON))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(push, range(64))) == [[(number, None)] * 50 for number in range(64)]


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=60), content_type=st.sampled_from([NDJSON, JSON, ARROW]), keyed=st.booleans())
def test_no_body_does_harm(content: bytes, content_type: str, keyed: bool) -> None:
    with contextlib.suppress(SourceError):
        refused(parse_push(KEYED if keyed else PLAIN, content, content_type))


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 10_000), value=st.integers(0, 255))
def test_a_flipped_byte_in_an_arrow_stream_does_no_harm(place: int, value: int) -> None:
    content = bytearray(body([{"id": n, "at": "2013-01-01"} for n in range(5)], ARROW))
    content[place % len(content)] = value
    with contextlib.suppress(SourceError):
        refused(parse_push(PLAIN, bytes(content), ARROW))
