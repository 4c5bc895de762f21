"""Answers as bytes: nothing is lost, whatever the type."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.serve import iso, to_arrow, to_csv, to_json, to_parquet
from headrace.serve.encode import Raw, columns_of, distinct, dumps, fragments, to_rows, utc

PATIENT = settings(deadline=None)
"""A slow machine is no defect of an encoder."""


def rows(sql: str) -> pa.Table:
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    return connection.execute(sql).to_arrow_table()


def only(sql: str) -> str:
    """The JSON text of the one value that a SELECT returns."""
    (text,) = fragments(rows(sql).column(0))
    return text


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("select 9007199254740993::bigint", "9007199254740993"),
        ("select 170141183460469231731687303715884105::hugeint", "170141183460469231731687303715884105"),
        ("select 1.50::decimal(9,2)", "1.50"),
        ("select -0.000000001::decimal(18,9)", "-0.000000001"),
        ("select 0.1::double", "0.1"),
        ("select 1.1::float", "1.1"),
        ("select 'nan'::double", '"NaN"'),
        ("select 'inf'::float", '"Infinity"'),
        ("select '-inf'::double", '"-Infinity"'),
        ("select true", "true"),
        ("select null::integer", "null"),
        ("select timestamp '2013-01-01 05:00:00.25'", '"2013-01-01T05:00:00.25Z"'),
        ("select timestamptz '2013-01-01 05:00:00+02'", '"2013-01-01T03:00:00Z"'),
        ("select timestamp_ns '2013-01-01 00:00:00.123456789'", '"2013-01-01T00:00:00.123456789Z"'),
        ("select 'infinity'::timestamp", '"infinity"'),
        ("select '-infinity'::date", '"-infinity"'),
        ("select date '12345-06-07'", '"+012345-06-07"'),
        ("select '0001-01-01 (BC)'::date", '"0000-01-01"'),
        ("select '0045-03-15 (BC)'::date", '"-000044-03-15"'),
        ("select time '05:00:00.25'", '"05:00:00.25"'),
        ("select interval '1 year 2 months 3 days 4.5 seconds'", '"P1Y2M3DT4.5S"'),
        ("select interval '-90 minutes'", '"PT-1H-30M"'),
        ("select interval '0 days'", '"PT0S"'),
        ("select '\\x00\\xFF'::blob", '"AP8="'),
        ("select [1, null, 3]", "[1,null,3]"),
        ("select []::integer[]", "[]"),
        ("select [1, 2]::integer[2]", "[1,2]"),
        ("select [[1], [], null]", "[[1],[],null]"),
        ("select {'a': 1, 'b': [date '2013-01-01']}", '{"a":1,"b":["2013-01-01"]}'),
        ("select map {'k': 1}", '{"k":1}'),
        ("select map {7: 'x'}", '[{"key":7,"value":"x"}]'),
        ("select map {}::map(varchar, integer)", "{}"),
        ("select 'x'::enum('x', 'y')", '"x"'),
        ("select union_value(n := 1.5::decimal(3,1))", "1.5"),
    ],
)
def test_a_value_has_one_json_form(sql: str, text: str) -> None:
    assert only(sql) == text
    json.loads(text)


def test_nulls_and_slices_of_nested_values_stay_in_their_rows() -> None:
    table = rows(
        "select * from (values (1, [1, 2], {'a': 1}, map {'k': [1]}), (2, null, null, null),"
        " (3, [], {'a': null}, map {})) t(i, l, s, m) order by i"
    )
    texts = ['[1,[1,2],{"a":1},{"k":[1]}]', "[2,null,null,null]", '[3,[],{"a":null},{}]']
    assert to_rows(table) == f"[{','.join(texts)}]"
    assert to_rows(table.slice(1)) == f"[{','.join(texts[1:])}]"
    assert to_rows(table.slice(0, 0)) == "[]"


def test_many_chunks_are_one_column() -> None:
    chunks = pa.chunked_array([[1, 2], [], [3]], pa.int64())
    assert fragments(chunks) == ["1", "2", "3"]


def test_views_and_encodings_read_like_what_they_hold() -> None:
    plain = pa.array(["a", None, "a"])
    for column in (plain, plain.cast(pa.string_view()), plain.dictionary_encode(), plain.cast(pa.large_string())):
        assert fragments(column) == ['"a"', "null", '"a"']
    assert fragments(pa.compute.run_end_encode(pa.array([1, 1, 2]))) == ["1", "1", "2"]
    assert fragments(pa.array([timedelta(seconds=1.5)], pa.duration("ms"))) == ['"PT1.5S"']
    assert fragments(pa.array([b"x" * 16], pa.uuid())) == ['"78787878-7878-7878-7878-787878787878"']


TEXT = st.text(st.characters(codec="utf-8"))
COLUMNS: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.decimal128(38, 6): st.decimals(-(10**31), 10**31, places=6),
    pa.float64(): st.floats(),
    pa.string(): TEXT,
    pa.bool_(): st.booleans(),
    pa.binary(): st.binary(),
    pa.timestamp("us"): st.datetimes(),
    pa.date32(): st.dates(),
    pa.time64("us"): st.times(),
    pa.list_(pa.string()): st.lists(st.none() | TEXT),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    types = draw(st.lists(st.sampled_from(list(COLUMNS)), min_size=1, max_size=4))
    count = draw(st.integers(0, 5))
    columns = [
        pa.array(draw(st.lists(st.none() | COLUMNS[type_], min_size=count, max_size=count)), type_) for type_ in types
    ]
    return pa.table(columns, names=[f"c{index}" for index in range(len(types))])


def same(parsed: Any, value: Any, type_: pa.DataType) -> bool:
    """Whether a parsed JSON value is the Arrow value, to the last digit."""
    if value is None:
        return parsed is None
    if pa.types.is_floating(type_):
        return math.isnan(value) if parsed == "NaN" else float(parsed) == value
    if pa.types.is_decimal(type_):
        return bool(parsed == value)
    if pa.types.is_timestamp(type_):
        return bool(datetime.fromisoformat(parsed) == value.replace(tzinfo=UTC))
    if pa.types.is_date(type_):
        return bool(date.fromisoformat(parsed) == value)
    if pa.types.is_time(type_):
        return bool(time.fromisoformat(parsed) == value)
    if pa.types.is_binary(type_):
        return bool(base64.b64decode(parsed) == value)
    return bool(parsed == value)


@PATIENT
@given(tables())
def test_json_reads_back_as_the_same_rows(table: pa.Table) -> None:
    parsed = json.loads(to_json(table), parse_float=lambda text: Decimal(text) if "e" not in text else float(text))
    assert len(parsed) == table.num_rows
    for row, original in zip(parsed, table.to_pylist(), strict=True):
        assert list(row) == table.column_names
        assert all(same(row[name], original[name], table.schema.field(name).type) for name in row)


@PATIENT
@given(tables())
def test_json_is_one_line_to_every_line_reader(table: pa.Table) -> None:
    assert len(to_json(table).splitlines()) == 1


@PATIENT
@given(st.lists(st.tuples(st.none() | TEXT, st.none() | TEXT)))
def test_csv_tells_null_from_the_empty_string(values: list[tuple[str | None, str | None]]) -> None:
    table = pa.table(
        {"a": pa.array([a for a, _ in values], pa.string()), "b": pa.array([b for _, b in values], pa.string())}
    )
    assert parse_csv(to_csv(table)) == [("a", "b"), *values]


def parse_csv(text: str) -> list[tuple[str | None, ...]]:
    """Read RFC 4180 by its grammar; Python's reader cannot tell an empty field from a quoted empty one."""
    rows_: list[tuple[str | None, ...]] = []
    row: list[str | None] = []
    at = 0
    while at < len(text):
        if text[at] == '"':
            end = at + 1
            while (text[end] == '"' and text[end + 1] == '"') or text[end] != '"':
                end += 2 if text[end] == '"' else 1
            row.append(text[at + 1 : end].replace('""', '"'))
            at = end + 1
        else:
            end = min(found for found in (text.find(",", at), text.find("\n", at)) if found >= 0)
            row.append(text[at:end] or None)
            at = end
        if text[at] == "\n":
            rows_.append(tuple(row))
            row = []
        at += 1
    return rows_


def test_csv_of_every_kind() -> None:
    table = rows(
        "select 1 as i, 1.50::decimal(9,2) as d, timestamp '2013-01-01' as t, 'a,\"b\"' as s, [1, 2] as l,"
        " 'inf'::double as f, null as n, 'x'::enum('x') as e"
    )
    (header, row) = list(csv.reader(io.StringIO(to_csv(table))))
    assert header == ["i", "d", "t", "s", "l", "f", "n", "e"]
    assert row == ["1", "1.50", "2013-01-01T00:00:00Z", 'a,"b"', "[1,2]", "Infinity", "", "x"]


def test_csv_of_one_column_keeps_its_null_rows() -> None:
    text = to_csv(pa.table({"a": [1, None, 3]}))
    assert text == 'a\n1\n""\n3\n'
    assert len(list(csv.DictReader(io.StringIO(text)))) == 3


def test_csv_is_what_duckdb_reads_back(tmp_path: Path) -> None:
    table = rows("select i, 'v' || i as s, timestamp '2013-01-01' + to_days(i::integer) as t from range(50) r(i)")
    (tmp_path / "x.csv").write_text(to_csv(table))
    back = rows(f"select i, s, t::timestamp as t from read_csv('{tmp_path}/x.csv')")
    assert back.to_pylist() == table.to_pylist()


@PATIENT
@given(tables())
def test_arrow_and_parquet_hold_the_very_table(table: pa.Table) -> None:
    arrow = pa.ipc.open_stream(to_arrow(table)).read_all()
    assert arrow.schema == table.schema
    assert to_rows(arrow) == to_rows(table)
    assert to_rows(pq.read_table(io.BytesIO(to_parquet(table)))) == to_rows(table)


def test_parquet_takes_what_its_writer_does_not_know() -> None:
    table = rows("select interval '1 day' as i, union_value(n := 1) as u, [interval '1 hour'] as l")
    read = pq.read_table(io.BytesIO(to_parquet(table))).to_pylist()
    assert read == [{"i": "P1D", "u": "1", "l": '["PT1H"]'}]


def test_columns_that_share_a_name_are_all_there() -> None:
    table = pa.table([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "a", "a_1"])
    assert json.loads(to_json(table)) == [{"a": 1, "a_2": 2, "a_1": 3}]
    assert pq.read_table(io.BytesIO(to_parquet(table))).column_names == ["a", "a_2", "a_1"]


@PATIENT
@given(st.lists(st.sampled_from(["a", "a_1", "a_2", "b"]), max_size=8))
def test_distinct_names_are_distinct_and_the_first_keeps_its_own(names: list[str]) -> None:
    made = distinct(names)
    assert len(set(made)) == len(names)
    assert all(made[names.index(name)] == name for name in names)


def test_types_are_named_as_duckdb_names_them() -> None:
    sql = """
        select 1::tinyint a, 1::uinteger b, 1::hugeint c, 1::decimal(9,2) d, 1::double e, 'x' f, 'x'::blob g, true h,
        date '2013-01-01' i, timestamp '2013-01-01' j, timestamptz '2013-01-01' k, time '00:00' l, interval '1 day' m,
        [1] n, [1,2]::int[2] o, {'a': [1]} p, map {'k': 1} q
    """
    described = duckdb.connect().execute(f"describe {sql}").fetchall()
    shown = [(one["name"], one["type"].replace("STRUCT(a ", 'STRUCT("a" ')) for one in columns_of(rows(sql))]
    assert [(name, type_.replace("STRUCT(a ", 'STRUCT("a" ')) for name, type_, *_ in described] == shown


@PATIENT
@given(st.integers(-(10**6), 10**7))
def test_dates_follow_the_calendar(days: int) -> None:
    text = iso.date(days)
    if date.min.toordinal() <= days + date(1970, 1, 1).toordinal() <= date.max.toordinal():
        assert text == date.fromordinal(days + date(1970, 1, 1).toordinal()).isoformat()
    else:
        year, month, day = text.rsplit("-", 2)
        assert len(year) == 7
        assert 1 <= int(month) <= 12
        assert 1 <= int(day) <= 31


@PATIENT
@given(st.integers(-10_000, 10_000), st.integers(-10_000, 10_000), st.integers(-(10**18), 10**18))
def test_intervals_are_read_back_by_duckdb_s_rules(months: int, days: int, nanos: int) -> None:
    text = iso.interval(months, days, nanos)
    date_part, _, time_part = text[1:].partition("T")
    numbers = {letter: float(number) for number, letter in parts(date_part)}
    seconds = {letter: Decimal(number) for number, letter in parts(time_part)}
    assert numbers.get("Y", 0) * 12 + numbers.get("M", 0) == months
    assert numbers.get("D", 0) == days
    assert seconds.get("H", 0) * 3600 + seconds.get("M", 0) * 60 + seconds.get("S", 0) == Decimal(nanos) / 10**9


def parts(text: str) -> list[tuple[str, str]]:
    found, number = [], ""
    for character in text:
        if character.isalpha():
            found.append((number, character))
            number = ""
        else:
            number += character
    return found


def test_python_values_follow_the_same_rules() -> None:
    value = {
        "when": datetime(2013, 1, 1, 5, tzinfo=UTC),
        "naive": datetime(2013, 1, 1, 5),
        "day": date(2013, 1, 1),
        "took": timedelta(seconds=1.5),
        "exact": Decimal("1.50"),
        "odd": float("nan"),
        "names": {"b", "a"},
        "path": Path("/x"),
        "raw": Raw("[1]"),
        "table": pa.table({"a": [1]}),
        "bytes": b"\x00",
        "none": None,
        "yes": True,
    }
    assert dumps(value) == (
        '{"when":"2013-01-01T05:00:00Z","naive":"2013-01-01T05:00:00Z","day":"2013-01-01","took":"PT1.5S","exact":1.50,'
        '"odd":"NaN","names":["a","b"],"path":"/x","raw":[1],"table":[[1]],"bytes":"AA==","none":null,"yes":true}'
    )


def test_a_value_without_a_form_is_an_error_not_a_guess() -> None:
    with pytest.raises(TypeError, match="no JSON form for a object"):
        dumps({"x": object()})


@PATIENT
@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.timezones()))
def test_instants_are_utc(value: datetime) -> None:
    assert datetime.fromisoformat(utc(value)) == value.astimezone(UTC)
