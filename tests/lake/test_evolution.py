"""Columns that come, go and change between appends."""

from __future__ import annotations

from itertools import product
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from headrace.errors import LakeError
from headrace.lake import Lake
from headrace.lake.columns import Column, evolve, stored

from .rows import connect, held


def add(lake: Lake, query: str, columns: dict[str, str] | None = None) -> None:
    """Append one row: the query's columns and the next offset."""
    start = lake.covered("raw.t")
    with connect() as sql:
        rows = sql.sql(f"SELECT {query}, {start}::BIGINT AS __offset").to_arrow_table()
    lake.append("raw.t", rows, start=start, stop=start + 1, epoch=start + 1, columns=columns)


def values(lake: Lake, columns: str = "* EXCLUDE (__offset)") -> list[tuple[Any, ...]]:
    with connect() as sql:
        return sql.sql(f"SELECT {columns} FROM ({lake.select('raw.t')}) ORDER BY __offset").fetchall()


def test_a_new_column_is_null_in_older_rows(lake: Lake) -> None:
    add(lake, "1 AS a")
    add(lake, "2 AS a, INTERVAL 1 DAY AS b, [1]::UTINYINT[] AS c")
    assert values(lake, "a, CAST(b AS VARCHAR), c") == [(1, None, None), (2, "1 day", [1])]
    assert lake.columns("raw.t") == {"a": "INTEGER", "__offset": "BIGINT", "b": "INTERVAL", "c": "UTINYINT[]"}


def test_a_column_that_is_no_longer_sent_is_null(lake: Lake) -> None:
    add(lake, "1 AS a, 'x' AS b")
    add(lake, "2 AS a")
    add(lake, "'z' AS b, 3 AS a")
    assert values(lake) == [(1, "x"), (2, None), (3, "z")]


def test_a_snapshot_has_the_columns_of_its_time(lake: Lake) -> None:
    add(lake, "1 AS a")
    add(lake, "2 AS a, 'x' AS b")
    first, second = lake.snapshots("raw.t")
    assert list(lake.columns("raw.t", snapshot=first.id)) == ["a", "__offset"]
    assert list(lake.columns("raw.t", snapshot=second.id)) == ["a", "__offset", "b"]
    assert held(lake, "raw.t", first.id) == {("1", "0"): 1}


@pytest.mark.parametrize(
    ("first", "then", "widened"),
    [
        ("1::TINYINT", "300::SMALLINT", "SMALLINT"),
        ("300::SMALLINT", "1::TINYINT", "SMALLINT"),
        ("200::UTINYINT", "-100::TINYINT", "SMALLINT"),
        ("1::INTEGER", "5000000000::BIGINT", "BIGINT"),
        ("5000000000::BIGINT", "1::INTEGER", "BIGINT"),
        ("4000000000::UINTEGER", "-1::INTEGER", "BIGINT"),
        ("18446744073709551615::UBIGINT", "-1::HUGEINT", "HUGEINT"),
        ("1.5::FLOAT", "0.1::DOUBLE", "DOUBLE"),
        ("1.5::DECIMAL(3,1)", "12345.5::DECIMAL(6,1)", "DECIMAL(6,1)"),
        ("1::DECIMAL(38,0)", "2::HUGEINT", "DECIMAL(38,0)"),
        ("'2026-01-01'::TIMESTAMP_S", "'2026-01-01 00:00:00.000001'::TIMESTAMP", "TIMESTAMP"),
        ("'x'", "INTERVAL 1 DAY", "VARCHAR"),
        ("'{}'::JSON", "'not json'", "VARCHAR"),
    ],
)
def test_a_type_widens(lake: Lake, first: str, then: str, widened: str) -> None:
    add(lake, f"{first} AS a")
    add(lake, f"{then} AS a")
    add(lake, f"{first} AS a")
    with connect() as sql:
        wanted = sql.sql(f"SELECT unnest([({first})::{widened}, ({then})::{widened}, ({first})::{widened}])").fetchall()
        assert sql.sql(f"SELECT a FROM ({lake.select('raw.t')}) ORDER BY __offset").fetchall() == wanted
    assert lake.columns("raw.t")["a"] == widened
    lake.compact("raw.t", at_least=2)
    assert len(lake.files("raw.t")) == 1
    assert values(lake, "a") == wanted


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("1", "'x'"),
        ("1", "1.5::DOUBLE"),
        ("1::UINTEGER", "1::UBIGINT"),
        ("1::BIGINT", "1::HUGEINT"),
        ("1.5::DECIMAL(3,1)", "1.25::DECIMAL(3,2)"),
        ("DATE '2026-01-01'", "TIMESTAMP '2026-01-01'"),
        ("TIMESTAMP '2026-01-01'", "TIMESTAMPTZ '2026-01-01'"),
        ("INTERVAL 1 DAY", "'{}'::JSON"),
        ("[1]", "['x']"),
        ("{'a': 1}", "{'a': 1, 'b': 2}"),
    ],
)
def test_an_incompatible_change_is_refused_and_changes_nothing(lake: Lake, first: str, then: str) -> None:
    add(lake, f"{first} AS a")
    before = lake.columns("raw.t"), values(lake)
    with pytest.raises(LakeError, match="HR-703") as refused:
        add(lake, f"{then} AS a")
    assert "'a' of raw.t" in refused.value.what
    assert "schema" in refused.value.fix
    assert (lake.columns("raw.t"), values(lake)) == before
    add(lake, f"{first} AS a")


def test_an_enumeration_may_gain_values_at_its_end(lake: Lake) -> None:
    add(lake, "'a' AS e", {"e": "ENUM('b', 'a')"})
    add(lake, "'c' AS e", {"e": "ENUM('b', 'a', 'c')"})
    add(lake, "'b' AS e", {"e": "ENUM('b', 'a', 'c')"})
    assert lake.columns("raw.t")["e"] == "ENUM('b', 'a', 'c')"
    with pytest.raises(LakeError, match="HR-703"):
        add(lake, "'a' AS e", {"e": "ENUM('a', 'b', 'c')"})
    with connect() as sql:
        ordered = sql.sql(f"SELECT CAST(e AS VARCHAR) FROM ({lake.select('raw.t')}) ORDER BY e").fetchall()
    assert ordered == [("b",), ("a",), ("c",)], "in the order of the enumeration"


@pytest.mark.parametrize("kind", ["VARCHAR", "INTEGER", "DATE[]", "STRUCT(a INTERVAL)"])
def test_a_column_of_nothing_but_nulls_takes_the_first_type_that_comes(
    lake: Lake, sql: duckdb.DuckDBPyConnection, kind: str
) -> None:
    rows = pa.table({"n": pa.nulls(2), "__offset": [0, 1]})
    lake.append("raw.t", rows, start=0, stop=2, epoch=1)
    assert lake.columns("raw.t") == {"n": "NULL", "__offset": "BIGINT"}
    assert held(lake, "raw.t") == {(None, "0"): 1, (None, "1"): 1}
    add(lake, f"NULL::{kind} AS n")
    lake.append("raw.t", pa.table({"n": pa.nulls(1), "__offset": [3]}), start=3, stop=4, epoch=4)
    assert lake.columns("raw.t")["n"] == kind
    assert values(lake, "n") == [(None,)] * 4
    lake.compact("raw.t", at_least=2)
    assert values(lake, "n") == [(None,)] * 4


def test_columns_of_nothing_but_nulls_cannot_be_alone(lake: Lake) -> None:
    with pytest.raises(LakeError, match="HR-704"):
        lake.overwrite("models.m", pa.table({"n": pa.nulls(2)}), epoch=1, offsets={})


def test_names_are_compared_without_case_and_keep_their_first_spelling(lake: Lake) -> None:
    add(lake, "1 AS Id")
    add(lake, "2 AS ID, 'x' AS name")
    assert list(lake.columns("raw.t")) == ["Id", "__offset", "name"]
    assert values(lake) == [(1, None), (2, "x")]


INTEGERS = {
    "TINYINT": (-(2**7), 2**7 - 1),
    "SMALLINT": (-(2**15), 2**15 - 1),
    "INTEGER": (-(2**31), 2**31 - 1),
    "BIGINT": (-(2**63), 2**63 - 1),
    "UTINYINT": (0, 2**8 - 1),
    "USMALLINT": (0, 2**16 - 1),
    "UINTEGER": (0, 2**32 - 1),
    "UBIGINT": (0, 2**64 - 1),
    "HUGEINT": (-(2**127), 2**127 - 1),
}


def test_a_widened_integer_holds_the_ends_of_both(sql: duckdb.DuckDBPyConnection) -> None:
    def column(kind: str) -> Column:
        return Column("a", kind, stored("a", sql.type(kind)))

    merged = 0
    for one, other in product(INTEGERS, INTEGERS):
        try:
            (wide,) = evolve("raw.t", [column(one)], [column(other)]).columns
        except LakeError:
            assert {"UBIGINT", "HUGEINT"} & {one, other}, (
                "only what Iceberg keeps as a decimal cannot follow an integer"
            )
            continue
        merged += 1
        for kind, end in [(one, INTEGERS[one][0]), (one, INTEGERS[one][1]), (other, INTEGERS[other][1])]:
            assert sql.sql(f"SELECT CAST(CAST('{end}' AS {kind}) AS {wide.type})").fetchall() == [(end,)]
    assert merged >= 40
