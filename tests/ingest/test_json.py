"""JSON objects as rows: NDJSON files, and values of every type."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.ingest import parse_push
from headrace.project import FileSource, PushSource

from .taking import Taken, drain, opened, write

Declare = Callable[..., FileSource]


@pytest.fixture
def taken(tmp_path: Path, file_source: Declare) -> Callable[..., Taken]:
    def take(content: str | bytes, columns: dict[str, str], *, size: int = 10_000, **settings: Any) -> Taken:
        write(tmp_path / "a.ndjson", content.encode() if isinstance(content, str) else content)
        source = file_source("a.ndjson", settings.pop("format", "ndjson"), columns=columns, **settings)
        return drain(opened(source, tmp_path, None, lambda: 0.0), size)

    return take


Take = Callable[..., Taken]


def test_fields_are_found_by_exact_name(taken: Take) -> None:
    content = '{"a": 1, "b": null, "more": [1]}\n{"A": 1}\n\n  \n{"a": "x", "b": "y"}\n'
    result = taken(content, {"a": "VARCHAR", "b": "VARCHAR"})
    assert result.rows == [{"a": "1", "b": None}, {"a": None, "b": None}, {"a": "x", "b": "y"}]
    assert result.read == 3


@pytest.mark.parametrize("size", [1, 2, 100])
def test_what_does_not_fit_is_refused_with_reason_text_and_place(taken: Take, size: int) -> None:
    lines = [
        b'{"a": 1}',
        b'{"a": 1',
        b"[1]",
        b"null",
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'{"a": 2.5, "b": "x"}',
        b'{"a": 2}',
    ]
    result = taken(b"\n".join(lines), {"a": "BIGINT", "b": "DATE"}, size=size)
    assert [row["a"] for row in result.rows] == [1, 2]
    assert result.positions == [f"a.ndjson:{line}" for line in range(2, 8)]
    assert result.reasons == [
        "the text is not valid JSON",
        "the JSON is not an object but: array",
        "the JSON is not an object but: null",
        "the text is not valid UTF-8",
        "the text is not valid JSON",
        "column a: '2.5' is not a BIGINT; column b: 'x' is not a DATE",
    ]
    assert result.rejected[0]["raw"] == '{"a": 1'
    assert result.rejected[3]["raw"] == r'{"a": "\xff"}'


# type, JSON value, what DuckDB makes of the column (as text), or None if the row is refused
VALUES: list[tuple[str, Any, str | None]] = [
    ("BIGINT", 12, "12"),
    ("BIGINT", "12", "12"),
    ("BIGINT", 12.0, "12"),
    ("BIGINT", 12.5, None),
    ("BIGINT", True, None),
    ("BIGINT", [1], None),
    ("BIGINT", 9223372036854775808, None),
    ("HUGEINT", 170141183460469231731687303715884105, "170141183460469231731687303715884105"),
    ("DOUBLE", 1, "1.0"),
    ("BOOLEAN", False, "false"),
    ("VARCHAR", "null", "null"),
    ("VARCHAR", {"k": [1]}, '{"k":[1]}'),
    ("VARCHAR", "a\x00b", "a\x00b"),
    ("JSON", "x", '"x"'),
    ("JSON", {"k": [1]}, '{"k":[1]}'),
    ("DATE", "2013-01-01", "2013-01-01"),
    ("DATE", 15706, None),
    ("TIMESTAMP", "2013-01-01T10:00:00+02:00", "2013-01-01 08:00:00"),
    ("TIMESTAMP", 1700000000, None),
    ("DECIMAL(38,10)", "1234567890123456789012345678.0123456789", "1234567890123456789012345678.0123456789"),
    ("UUID", "e3b0c442-98fc-4c14-9afb-f4c8996fb924", "e3b0c442-98fc-4c14-9afb-f4c8996fb924"),
    ("ENUM('x', 'y')", "y", "y"),
    ("ENUM('x', 'y')", "z", None),
    ("BIT", "0101", "0101"),
    ("TIME WITH TIME ZONE", "10:00:00+02", "10:00:00+02"),
    ("INTERVAL", "90 minutes", "01:30:00"),
    ("BIGINT[]", [1, None, "3"], "[1, NULL, 3]"),
    ("BIGINT[]", [], "[]"),
    ("BIGINT[]", [1, 2.5], None),
    ("BIGINT[]", {"a": 1}, None),
    ("BIGINT[][]", [[1], [], None], "[[1], [], NULL]"),
    ("INTEGER[2]", [1, 2], "[1, 2]"),
    ("INTEGER[2]", [1, 2, 3], None),
    ("STRUCT(a INTEGER[2])[]", [{"a": [1, 2]}, None, {}], "[{'a': [1, 2]}, NULL, {'a': NULL}]"),
    ("STRUCT(a INTEGER[2])[]", [{"a": [1]}], None),
    ("STRUCT(a INTEGER, b VARCHAR)", {"a": 1, "c": 3}, "{'a': 1, 'b': NULL}"),
    ("STRUCT(a INTEGER, b VARCHAR)", {"a": "x"}, None),
    ("STRUCT(a INTEGER, b VARCHAR)", [1], None),
    ("STRUCT(a STRUCT(b DATE)[])", {"a": [{"b": "2013-01-01"}, {}]}, "{'a': [{'b': 2013-01-01}, {'b': NULL}]}"),
    ("STRUCT(a STRUCT(b DATE)[])", {"a": [{"b": "2013-01-01"}, {"b": "x"}]}, None),
    ('STRUCT("a b" INTEGER)', {"a b": 1}, "{'a b': 1}"),
    ("MAP(VARCHAR, INTEGER)", {"x": 1, "y": None}, "{x=1, y=NULL}"),
    ("MAP(INTEGER, INTEGER[])", {"1": [2]}, "{1=[2]}"),
    ("MAP(INTEGER, INTEGER)", {"x": 2}, None),
    ("MAP(VARCHAR, INTEGER)", {"x": "y"}, None),
    ("UNION(a INTEGER, b VARCHAR)", {"a": 1}, "1"),
]


@pytest.mark.parametrize(("type", "value", "shown"), VALUES)
def test_any_type_is_exact_or_refused(taken: Take, type: str, value: Any, shown: str | None) -> None:
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    columns = {"v": str(con.sqltype(type)), "n": "INTEGER"}
    content = "".join(json.dumps({"v": one, "n": 1}) + "\n" for one in (value, None, value))
    chunk = parse_push(
        PushSource(name="s", file=Path("s.yaml"), columns=columns), content.encode(), "application/x-ndjson"
    )
    con.register("rows", chunk.rows)
    found = con.execute(f"SELECT CAST(CAST(v AS {type}) AS VARCHAR) FROM rows").fetchall()
    assert found == ([(shown,), (None,), (shown,)] if shown is not None else [(None,)])
    assert chunk.read == 3
    assert chunk.kept == len(found)
    con.close()


NAMES = st.sampled_from(["a", "b", 'q"q', "d.d", "$"])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
TYPES = st.sampled_from(
    ["BIGINT", "VARCHAR", "DOUBLE", "JSON", "BIGINT[]", 'STRUCT("a" BIGINT, "d.d" VARCHAR)', "MAP(VARCHAR, BIGINT)"]
)


@settings(max_examples=150, deadline=None)
@given(
    lines=st.lists(JSON | st.dictionaries(NAMES, JSON, max_size=3), max_size=6),
    types=st.lists(TYPES, min_size=2, max_size=2),
)
def test_no_line_is_lost_whatever_it_holds(lines: list[Any], types: list[str]) -> None:
    source = PushSource(name="s", file=Path("s.yaml"), columns=dict(zip(['q"q', "a"], types, strict=True)))
    body = "\n".join(json.dumps(line) for line in lines).encode()
    chunk = parse_push(source, body, "application/x-ndjson")
    refused = chunk.rejected.num_rows if chunk.rejected else 0
    assert chunk.read == len(lines) == chunk.kept + refused
    assert (chunk.rows.num_rows if chunk.rows else 0) == chunk.kept
    assert refused >= sum(not isinstance(line, dict) for line in lines)


KEYED = {"id": "BIGINT", "v": "VARCHAR"}


def debezium(*changes: Any) -> str:
    return "".join(json.dumps(change) + "\n" for change in changes)


def weighted(taken: Taken) -> list[tuple[int, int, str]]:
    return [(row["__w"], row["id"], row["v"]) for row in taken.rows]


def change(op: str, before: Any = None, after: Any = None) -> dict[str, Any]:
    return {"op": op, "before": before, "after": after, "ts_ms": 1}


def row(id: int, v: str | None = None) -> dict[str, Any]:
    return {"id": id, "v": v}


CHANGES = [
    change("r", None, row(1, "a")),
    {"schema": {"type": "struct"}, "payload": change("c", None, row(2, "b"))},
    change("u", row(1, "a"), row(1, "A")),
    change("u", row(2, "b"), row(3, "b")),
    change("d", row(1, "A")),
    None,
    {"schema": None, "payload": None},
]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_changes_with_a_key_are_upserts_and_deletes(taken: Take, size: int) -> None:
    result = taken(debezium(*CHANGES), KEYED, format="debezium", key=("id",), size=size)
    assert weighted(result) == [(1, 1, "a"), (1, 2, "b"), (1, 1, "A"), (-1, 2, "b"), (1, 3, "b"), (-1, 1, "A")]
    assert result.read == 7
    assert not result.rejected


def test_changes_without_a_key_are_rows_out_and_rows_in(taken: Take) -> None:
    result = taken(debezium(*CHANGES), KEYED, format="debezium")
    assert weighted(result) == [
        *[(1, 1, "a"), (1, 2, "b")],
        *[(-1, 1, "a"), (1, 1, "A")],
        *[(-1, 2, "b"), (1, 3, "b")],
        (-1, 1, "A"),
    ]
    assert result.read == 7
    assert not result.rejected


def test_of_a_delete_by_key_only_the_key_has_to_fit(taken: Take) -> None:
    columns = {"id": "BIGINT", "v": "DATE"}
    result = taken(
        debezium(change("d", {"id": 1}), change("d", row(2, "x")), change("d", row(3))),
        columns,
        format="debezium",
        key=("id",),
    )
    assert weighted(result) == [(-1, 1, None), (-1, 2, None), (-1, 3, None)]


def test_an_update_without_before_or_its_key_did_not_change_the_key(taken: Take) -> None:
    content = debezium(
        change("u", None, row(1, "a")), change("u", {"v": "a"}, row(1, "b")), change("u", row(1), row(1, "c"))
    )
    assert weighted(taken(content, KEYED, format="debezium", key=("id",))) == [(1, 1, "a"), (1, 1, "b"), (1, 1, "c")]


WRONG: list[tuple[Any, str, str]] = [
    (change("t"), "op t is not one of", "op t is not one of"),
    ({"before": None}, "no op", "no op"),
    ({"payload": 3}, "no op", "no op"),
    (change("c"), "op c has no after", "op c has no after"),
    (change("c", None, [1]), "no after", "no after"),
    (change("d"), "op d has no before", "op d has no before"),
    (change("u", None, row(1)), "", "no key to go by"),
    (change("u", row(1), {"id": "x"}), "'x' is not a BIGINT", "'x' is not a BIGINT"),
    (change("u", {"id": "x"}, row(1)), "'x' is not a BIGINT", "'x' is not a BIGINT"),
    (change("c", None, {"v": "a"}), "NULL is not a BIGINT NOT NULL", ""),
    (change("d", {"v": "a"}), "NULL is not a BIGINT NOT NULL", ""),
    ([1], "not an object", "not an object"),
]


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize(("wrong", "with_key", "without_key"), WRONG)
def test_envelopes_that_cannot_be_applied_are_refused_whole(
    taken: Take, wrong: Any, with_key: str, without_key: str, keyed: bool
) -> None:
    content = debezium(change("c", None, row(7, "x")), wrong, change("c", None, row(8, "y")))
    result = taken(content, KEYED, format="debezium", key=("id",) if keyed else ())
    reason = with_key if keyed else without_key
    assert [one for one in weighted(result) if one[1] in (7, 8)] == [(1, 7, "x"), (1, 8, "y")]
    assert result.read == 3
    assert len(result.rejected) == bool(reason)
    if reason:
        assert reason in result.reasons[0]
        assert result.positions == ["a.ndjson:2"]
        assert len(result.rows) == 2
