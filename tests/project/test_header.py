"""The SQL of a model keeps the lines and columns of its file, whatever its header is."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.project.header import is_empty, split

PATH = Path("models/a.sql")


@pytest.mark.parametrize(
    ("text", "owner", "sql", "first_line"),
    [
        ("SELECT 1", None, "SELECT 1", 1),
        ("\n\n  SELECT 1\n\n", None, "  SELECT 1", 3),
        ("/* ---\nowner: x\n--- */\nSELECT 1", "x", "SELECT 1", 4),
        ("/* --- owner: x --- */ SELECT 1", "x", " " * 23 + "SELECT 1", 1),
        ("\n/* ---\nowner: x\n--- */ SELECT\n 1", "x", " " * 7 + "SELECT\n 1", 4),
        ("/* ---\n--- */\nSELECT 1", None, "SELECT 1", 3),
        ("/* ---\nowner: a --- b\n---*/\nSELECT 1", "a --- b", "SELECT 1", 4),
        ("/* a comment */ SELECT 1", None, "/* a comment */ SELECT 1", 1),
        ("/* ------ banner ------ */\nSELECT 1", None, "/* ------ banner ------ */\nSELECT 1", 1),
        ("SELECT 1 /* ---\nowner: x\n--- */", None, "SELECT 1 /* ---\nowner: x\n--- */", 1),
    ],
)
def test_split(text, owner, sql, first_line):
    parts = split(PATH, text)
    assert (parts.header.value.get("owner"), parts.sql, parts.first_line) == (owner, sql, first_line)


@given(st.sampled_from(["", "/* ---\nowner: x\n--- */", "\n\n/* --- owner: x --- */"]), st.text("\r\n\t Sé1-/*;"))
def test_every_character_of_the_sql_stands_where_the_file_has_it(header, body):
    file = f"{header}\n{body}S".split("\n")
    parts = split(PATH, f"{header}\n{body}S")
    for offset, line in enumerate(parts.sql.split("\n")):
        there = file[parts.first_line - 1 + offset]
        assert len(line) == len(there)
        assert line.strip() in there


@pytest.mark.parametrize("sql", ["", " \n", "-- SELECT", "/* a\n*/ ;;\n--x", "/**/"])
def test_what_says_nothing(sql):
    assert is_empty(sql)


@pytest.mark.parametrize("sql", ["SELECT 1", "/* a", "-- a\nx", "/* a */ x /* b */"])
def test_what_says_something(sql):
    assert not is_empty(sql)


def test_many_comments_are_read_in_no_time():
    assert not is_empty("/* a */ ; -- b\n" * 20_000 + "x")
