"""CSV: what is a record, what is a field, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.errors import SourceError
from headrace.ingest import records
from headrace.ingest.records import Records, split_csv, split_lines
from headrace.project import FileSource

from .taking import Taken, drain, opened, write

Declare = Callable[..., FileSource]
COLUMNS = {"id": "BIGINT", "text": "VARCHAR"}


@pytest.fixture
def taken(tmp_path: Path, file_source: Declare) -> Callable[..., Taken]:
    def take(content: str | bytes, columns: dict[str, str] = COLUMNS, *, size: int = 10_000, **settings: Any) -> Taken:
        write(tmp_path / "a.csv", content.encode() if isinstance(content, str) else content)
        return drain(
            opened(file_source("a.csv", "csv", columns=columns, **settings), tmp_path, None, lambda: 0.0), size
        )

    return take


Take = Callable[..., Taken]


def test_text_is_kept_as_it_is(taken: Take) -> None:
    texts = [" a ", "-5.50", "NA", "\tx", 'say "hi"', "tail\\", "07", "ünï✓", "a\x00b", "line\nbreak", "cr\r\nlf"]
    rows = "".join('{},"{}"\n'.format(n, text.replace('"', '""')) for n, text in enumerate(texts))
    assert [row["text"] for row in taken("id,text\n" + rows).rows] == texts
    assert [row["text"] for row in taken("id,text\n1, a \n2,b'c\n3,5\" nail\n").rows] == [" a ", "b'c", '5" nail']


def test_null_markers_are_null_unless_quoted_text(taken: Take) -> None:
    content = 'id,text\nNA,NA\n"NA","NA"\n,\n3,""\n'
    rows = taken(content, null_values=["NA", ""]).rows
    assert [tuple(row.values()) for row in rows] == [(None, None), (None, "NA"), (None, None), (3, "")]
    kept = taken("id,text\n1,\n2,NA\n", null_values=[]).rows
    assert [row["text"] for row in kept] == ["", "NA"]


def test_columns_are_found_by_name_whatever_their_case_and_order(taken: Take) -> None:
    rows = taken("more,TEXT, Id\nx,a,1\n").rows
    assert rows == [{"id": 1, "text": "a"}]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_headers(taken: Take, delimiter: str) -> None:
    content = f'"a,;|",id,text\n1,2,"x{delimiter}y"\n'.replace(",id", f"{delimiter}id").replace("id,", f"id{delimiter}")
    content = content.replace("1,2,", f"1{delimiter}2{delimiter}")
    assert taken(content).rows == [{"id": 2, "text": f"x{delimiter}y"}]


def test_line_ends_blank_lines_and_a_bom_are_no_matter(taken: Take) -> None:
    result = taken(b"\xef\xbb\xbfid,text\r\n\r\n1,a\r\n\r\n\n2,b\r\n")
    assert [row["text"] for row in result.rows] == ["a", "b"]
    assert result.read == 2
    assert taken("\n\nid,text\n1,a\n").rows == [{"id": 1, "text": "a"}]


def test_what_does_not_fit_is_refused_with_reason_text_and_place(taken: Take) -> None:
    content = 'id,text\n1,"two\nlines"\nx,a\n2,b,c\n\n3\n4,d\n1.5,"e\n"\n'
    result = taken(content)
    assert [row["id"] for row in result.rows] == [1, 4]
    assert [(one["position"], one["raw"]) for one in result.rejected] == [
        ("a.csv:4", "x,a"),
        ("a.csv:5", "2,b,c"),
        ("a.csv:7", "3"),
        ("a.csv:9", '1.5,"e\n"'),
    ]
    assert result.reasons == [
        "column id: 'x' is not a BIGINT",
        "the record has 3 fields, the header has 2",
        "the record has 1 fields, the header has 2",
        "column id: '1.5' is not a BIGINT",
    ]
    assert {one["source"] for one in result.rejected} == {"s"}


@pytest.mark.parametrize("size", [1, 2, 1000])
def test_bytes_that_are_no_utf8_cost_their_record_only(taken: Take, size: int) -> None:
    result = taken(b"id,text\n1,a\n2,\xff\xfe\n3,c\n4,\xc3\xa9\n", size=size)
    assert [(row["id"], row["text"]) for row in result.rows] == [(1, "a"), (3, "c"), (4, "é")]
    assert result.positions == ["a.csv:3"]
    assert "UTF-8" in result.reasons[0]
    assert result.rejected[0]["raw"] == r"2,\xff\xfe"


def test_a_stray_carriage_return_costs_its_record_only(taken: Take) -> None:
    result = taken(b'id,text\n1,a\rb\n2,c\n3,"d\re"\n')
    assert [row["id"] for row in result.rows] == [2, 3]
    assert result.positions == ["a.csv:2"]


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_an_open_quote_costs_its_line_only(taken: Take, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "RECORD_BYTES", 64)
    unquoted = "".join(f"{n},x\n" for n in range(3, 40))
    quoted = "".join(f'{n},"{n}"\n' for n in range(41, 80))
    result = taken(f'id,text\n1,a\n2,"open\n{unquoted}40,"open\n{quoted}', size=size)
    assert [row["id"] for row in result.rows] == [1, *range(3, 40), *range(41, 80)]
    assert result.positions == ["a.csv:3", "a.csv:41"]
    assert "not closed" in result.reasons[0]


def test_text_after_a_closing_quote_costs_its_line_only(tmp_path: Path, file_source: Declare) -> None:
    source = file_source("a.csv", "csv", columns=COLUMNS, bounded=False)
    write(tmp_path / "a.csv", b'id,text\n1,"a"b\n2,"c"\n3,"d')
    result = drain(opened(source, tmp_path, None, lambda: 0.0))
    assert [row["id"] for row in result.rows] == [2]
    assert result.positions == ["a.csv:2"]


def test_an_open_quote_to_the_end_swallows_no_lines(taken: Take) -> None:
    result = taken('id,text\n1,a\n2,"open\n3,c\n4,d\n')
    assert [row["id"] for row in result.rows] == [1, 3, 4]
    assert result.positions == ["a.csv:3"]
    assert result.rejected[0]["raw"] == '2,"open'


def test_a_declared_column_must_be_in_the_header(taken: Take) -> None:
    with pytest.raises(SourceError, match="no column text") as caught:
        taken("id,txet\n1,a\n")
    assert caught.value.code == "HR-406"
    assert "txet" in caught.value.fix
    with pytest.raises(SourceError, match="two columns id"):
        taken("id,text,ID\n1,a,2\n")


CAST: list[tuple[str, str, bool]] = [
    ("BIGINT", "9223372036854775807", True),
    ("BIGINT", "9223372036854775808", False),
    ("BIGINT", "1.0", True),
    ("BIGINT", "1e3", True),
    ("BIGINT", "1.5", False),
    ("BIGINT", "15e-1", False),
    ("BIGINT", "", False),
    ("UTINYINT", "-1", False),
    ("DOUBLE", "1e308", True),
    ("DOUBLE", "1e400", False),
    ("DOUBLE", "inf", True),
    ("DOUBLE", "1,5", False),
    ("DATE", "2013-02-28", True),
    ("DATE", "2013-02-30", False),
    ("DATE", "2013-02-28 00:00:00", True),
    ("DATE", "2013-02-28 10:00:00", False),
    ("TIMESTAMP", "2013-02-28 25:00:00", False),
    ("BOOLEAN", "maybe", False),
    ("DECIMAL(4,2)", "12.345", True),
    ("DECIMAL(4,2)", "123.45", False),
    ("BIGINT[]", "[1, 2]", True),
    ("BIGINT[]", "[1, x]", False),
    ("STRUCT(a INTEGER)", "{a: 1}", True),
    ("UUID", "e3b0c442-98fc-4c14-9afb-f4c8996fb924", True),
    ("UUID", "e3b0", False),
    ("ENUM('x', 'y')", "z", False),
    ("JSON", "{", False),
]


@pytest.mark.parametrize(("type", "text", "fits"), CAST)
def test_a_value_fits_only_if_nothing_of_it_is_lost(taken: Take, type: str, text: str, fits: bool) -> None:
    result = taken(f'v,w\n"{text}",1\n', {"v": type}, null_values=[])
    assert (len(result.rows), len(result.rejected)) == (fits, not fits)


@pytest.mark.parametrize(
    "text",
    [
        "2013-01-01T10:00:00Z",
        "2013-01-01 10:00:00",
        "2013-01-01 12:00:00+02",
        "2013-01-01T04:30:00.0-05:30",
        "2013-01-01 09:00:00-01",
    ],
)
def test_timestamps_are_utc_whatever_their_offset(taken: Take, text: str) -> None:
    result = taken(f"a,b\n{text},{text}\n", {"a": "TIMESTAMP", "b": "TIMESTAMP WITH TIME ZONE"})
    assert result.rows[0]["a"].isoformat() == "2013-01-01T10:00:00"
    assert result.rows[0]["b"].timestamp() == 1357034400


FIELD = st.text(st.sampled_from(['"', ",", "a", "\n", "é"]), max_size=6)


@settings(max_examples=300, deadline=None)
@given(rows=st.lists(st.lists(FIELD, min_size=1, max_size=3), max_size=6), cut=st.integers(1, 5))
def test_records_are_split_as_they_were_written(rows: list[list[str]], cut: int) -> None:
    texts = [",".join('"' + field.replace('"', '""') + '"' for field in row) for row in rows]
    buffer = "".join(text + "\n" for text in texts).encode()
    found: list[bytes] = []
    while buffer:
        part: Records = split_csv(b",")(buffer, cut, 1, False)
        assert 0 < len(part.texts) <= cut
        assert not part.broken
        found += part.texts
        buffer = buffer[len(part.data) :]
    assert [one.decode() for one in found] == texts


@settings(max_examples=300, deadline=None)
@given(content=st.text(st.sampled_from(['"', ",", "a", "\n"]), max_size=30), limit=st.integers(1, 4))
def test_splitting_loses_no_byte_whatever_the_limit(content: str, limit: int) -> None:
    for split in (split_csv(b","), split_lines):
        whole = split(content.encode(), 1000, 1, True)
        assert b"\n".join(whole.texts) == content.removesuffix("\n").encode() or not content
        pieces, buffer, line = [], content.encode(), 1
        while buffer:
            part = split(buffer, limit, line, True)
            assert part.lines()[:-1] == [
                line + sum(1 + t.count(b"\n") for t in part.texts[:i]) for i in range(len(part.texts))
            ]
            pieces += part.texts
            buffer, line = buffer[len(part.data) :], part.lines()[-1]
        assert pieces == whole.texts
