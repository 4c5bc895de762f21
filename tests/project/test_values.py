"""Durations, names, column types."""

from __future__ import annotations

import re
from datetime import timedelta

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.project.columns import canonical_type
from headrace.project.declared import name_fault, parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10 seconds", timedelta(seconds=10)),
        ("5 minutes", timedelta(minutes=5)),
        ("1 day", timedelta(days=1)),
        ("250 ms", timedelta(milliseconds=250)),
        ("0 s", timedelta(0)),
        ("2 weeks", timedelta(weeks=2)),
        ("0.5 s", timedelta(milliseconds=500)),
        ("1 hour 30 minutes", timedelta(minutes=90)),
        ("1h30min", timedelta(minutes=90)),
        ("  3 h ", timedelta(hours=3)),
    ],
)
def test_durations(text, expected):
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "10", "s", "ten seconds", "-1 s", "1 month", "1 S", "1.s", "1 s,", "1e3 s", "999999999999999 days", "١ s"],
)
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        parse_duration(text)


@given(st.timedeltas(min_value=timedelta(0)))
def test_a_duration_spelled_out_is_read_back(length):
    text = f"{length.days} days {length.seconds} seconds {length.microseconds / 1000} ms"
    assert parse_duration(text) == length


@pytest.mark.parametrize("name", ["a", "late_bids", "q4", "headrace"])
def test_names(name):
    assert name_fault(name) == ""


@pytest.mark.parametrize("name", ["", "A", "4q", "_a", "a-b", "a b", "é", "headrace_rejected", "a\n"])
def test_what_is_no_name(name):
    assert name_fault(name)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("int", "INTEGER"),
        ("timestamptz", "TIMESTAMP WITH TIME ZONE"),
        ("timestamp with time zone", "TIMESTAMP WITH TIME ZONE"),
        ("double precision", "DOUBLE"),
        ("decimal(9, 2)", "DECIMAL(9,2)"),
        ("varchar[]", "VARCHAR[]"),
        ("STRUCT(a INT, b VARCHAR[])[3]", "STRUCT(a INTEGER, b VARCHAR[])[3]"),
        ("map(int, text)", "MAP(INTEGER, VARCHAR)"),
        ("enum('x', 'y')", "ENUM('x', 'y')"),
    ],
)
def test_types_are_told_as_duckdb_spells_them(text, canonical):
    assert canonical_type(text) == canonical
    assert canonical_type(canonical) == canonical
    assert str(duckdb.sql(f"SELECT CAST(NULL AS {canonical})").types[0]) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BIGNIT",
        "bigint, x int",
        "BIGINT DEFAULT 3",
        "INT NOT NULL",
        "int; drop table x",
        "int)",
        "NULL",
        "DECIMAL(99,2)",
    ],
)
def test_what_is_no_type(text):
    with pytest.raises(ValueError, match=r"name of one type|does not exist|hold a value|must be between"):
        canonical_type(text)
