"""Every type of DuckDB comes back from the lake as it went in, or is refused with a way out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pyiceberg.catalog.sql import SqlCatalog

from headrace.errors import LakeError
from headrace.lake import Lake, open_lake

from .rows import connect, held, texts

# An example takes a tenth of a second, and shrinking takes thousands of them.
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)

# DuckDB type -> what Iceberg keeps it as, values at the edges.
TYPES = {
    "BOOLEAN": ("boolean", ["true", "false"]),
    "TINYINT": ("int", ["-128", "127"]),
    "SMALLINT": ("int", ["-32768", "32767"]),
    "INTEGER": ("int", ["-2147483648", "2147483647"]),
    "BIGINT": ("long", ["-9223372036854775808", "9223372036854775807"]),
    "UTINYINT": ("int", ["0", "255"]),
    "USMALLINT": ("int", ["0", "65535"]),
    "UINTEGER": ("long", ["0", "4294967295"]),
    "UBIGINT": ("decimal(20, 0)", ["0", "18446744073709551615"]),
    "HUGEINT": ("decimal(38, 0)", ["-" + "9" * 38, "9" * 38]),
    "UHUGEINT": ("decimal(38, 0)", ["0", "9" * 38]),
    "BIGNUM": ("string", ["-" + "9" * 60, "9" * 60]),
    "FLOAT": ("float", ["-3.4028235e38", "1e-45", "nan", "inf", "-0"]),
    "DOUBLE": ("double", ["-1.7976931348623157e308", "5e-324", "nan", "-inf", "0.1"]),
    "DECIMAL(4,1)": ("decimal(4, 1)", ["-999.9", "999.9"]),
    "DECIMAL(18,3)": ("decimal(18, 3)", ["-999999999999999.999", "0.001"]),
    "DECIMAL(38,10)": ("decimal(38, 10)", ["-9999999999999999999999999999.9999999999", "0.0000000001"]),
    "VARCHAR": ("string", ["", "naïve ☃ 𝄞", "it's", '"q"', "a\nb"]),
    "BLOB": ("binary", ["", "\\x00\\xFF'"]),
    "BIT": ("string", ["0", "1", "010101011"]),
    "UUID": ("uuid", ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff"]),
    "DATE": ("date", ["1970-01-01", "5877642-06-25 (BC)", "5881580-07-10", "infinity", "-infinity"]),
    "TIME": ("time", ["00:00:00", "23:59:59.999999", "24:00:00"]),
    "TIME_NS": ("string", ["00:00:00.000000001", "23:59:59.999999999"]),
    "TIME WITH TIME ZONE": ("string", ["00:00:00+15:59:59", "23:59:59.999999-15:59:59"]),
    "TIMESTAMP": ("timestamp", ["290309-12-22 (BC) 00:00:00", "294247-01-10 04:00:54.775806", "infinity", "-infinity"]),
    "TIMESTAMP_S": ("timestamp", ["1969-12-31 23:59:59", "2026-01-01 00:00:00", "infinity"]),
    "TIMESTAMP_MS": ("timestamp", ["1969-12-31 23:59:59.999", "9999-12-31 23:59:59.999"]),
    "TIMESTAMP_NS": ("string", ["1969-12-31 23:59:59.999999999", "2262-04-11 23:47:16.854775806"]),
    "TIMESTAMP WITH TIME ZONE": ("timestamptz", ["2026-03-29 01:30:00+02", "1900-01-01 00:00:00+00", "infinity"]),
    "INTERVAL": ("string", ["0 days", "-1 year 3 days -00:00:00.000001", "2147483647 months", "-2147483648 days"]),
    "JSON": ("string", ['{"a": [1, null, "x"], "b":  1.50}', "null", "[]"]),
    "ENUM('low', 'it''s', 'high')": ("string", ["high", "it's"]),
    "INTEGER[]": ("list<int>", ["[1, NULL, 3]", "[]"]),
    "INTEGER[3]": ("list<int>", ["[1, NULL, 3]"]),
    "INTERVAL[][]": ("list<list<string>>", ["[[1 day, NULL], [], NULL]"]),
    'STRUCT(a UTINYINT, "b c" STRUCT(d DATE)[])': (None, ["{'a': 255, 'b c': [{'d': 2026-01-01}, NULL]}"]),
    "MAP(VARCHAR, UBIGINT)": ("map<string, decimal(20, 0)>", ["{a=18446744073709551615, b=NULL}", "{}"]),
    'MAP(INTEGER, STRUCT("at" TIMESTAMP_NS))': (None, ["{1={'at': 2026-01-01 00:00:00.000000001}}"]),
}

# Without the lossless export these leave DuckDB as something else, their values changed.
LOST_IN_EXPORT = {"BIT", "TIME WITH TIME ZONE", "UHUGEINT"}


def values(kind: str, texts: list[str]) -> str:
    """A query for rows of one column ``x`` of that type, a null among them, and their offsets."""
    quoted = [text.replace("'", "''") for text in texts]
    rows = ", ".join(f"(CAST('{text}' AS {kind}))" for text in quoted)
    return f"SELECT x, row_number() OVER () - 1 AS __offset FROM (VALUES {rows}, (NULL)) AS t(x)"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """One lake for all types, a table for each."""
    with open_lake(tmp_path_factory.mktemp("types") / "lake") as lake:
        yield lake


@pytest.mark.parametrize("kind", TYPES)
def test_values_come_back_with_their_type(shared: Lake, sql: duckdb.DuckDBPyConnection, kind: str) -> None:
    table = f"raw.t{list(TYPES).index(kind)}"
    kept, examples = TYPES[kind]
    rows = sql.sql(values(kind, examples)).to_arrow_table()
    # Arrow has no enumeration: only the column schema can say that it is one.
    columns = {"x": kind} if kind.startswith("ENUM") else None
    shared.append(table, rows, start=0, stop=rows.num_rows, epoch=1, columns=columns)
    assert shared.columns(table)["x"] == kind
    assert [str(found) for found in sql.sql(shared.select(table)).types] == [kind, "BIGINT"]
    assert held(shared, table) == texts(sql, rows)
    if kept:
        found = str(shared._catalog.get(table).schema().find_type("x"))
        assert re.sub(r"\d+: (element|key|value): (optional|required) ", "", found).replace("optional ", "") == kept


@pytest.mark.parametrize("kind", [kind for kind in TYPES if kind not in LOST_IN_EXPORT])
def test_a_column_schema_restores_what_arrow_does_not_say(
    shared: Lake, sql: duckdb.DuckDBPyConnection, kind: str
) -> None:
    """Without the lossless export UUID and JSON leave DuckDB as text, HUGEINT as a decimal."""
    table = f"raw.lossy{list(TYPES).index(kind)}"
    query = values(kind, TYPES[kind][1])
    with sql.cursor() as plain:
        plain.execute("SET TimeZone = 'UTC'")
        rows = plain.sql(query).to_arrow_table()
    shared.append(table, rows, start=0, stop=rows.num_rows, epoch=1, columns={"x": kind})
    assert shared.columns(table)["x"] == kind
    assert held(shared, table) == texts(sql, sql.sql(query).to_arrow_table())


def test_casts_name_the_columns_that_parquet_shows_otherwise(lake: Lake, sql: duckdb.DuckDBPyConnection) -> None:
    rows = sql.sql(
        "SELECT 0::BIGINT AS __offset, 1::UTINYINT AS u, INTERVAL 1 DAY AS i, {'order': 1} AS s, [1]::INT[1] AS a, 'x' AS v"
    ).to_arrow_table()
    lake.append("raw.t", rows, start=0, stop=1, epoch=1)
    casts = lake.casts("raw.t")
    assert casts == {"u": "UTINYINT", "i": "INTERVAL", "a": "INTEGER[1]"}
    replaced = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in casts.items())
    by_hand = sql.sql(f"SELECT * REPLACE ({replaced}) FROM read_parquet({lake.files('raw.t')})")
    assert dict(zip(by_hand.columns, map(str, by_hand.types), strict=True)) == lake.columns("raw.t")


@pytest.mark.parametrize(
    ("query", "way_out"),
    [
        ("SELECT union_value(k := 1) AS x", "union_extract"),
        ("SELECT [union_value(k := 1)] AS x", "union_extract"),
    ],
)
def test_a_type_without_a_lossless_form_is_refused(lake: Lake, query: str, way_out: str) -> None:
    with connect() as sql, pytest.raises(LakeError, match="HR-704") as refused:
        lake.overwrite("models.m", sql.sql(query).to_arrow_table(), epoch=1, offsets={})
    assert "'x'" in refused.value.what
    assert way_out in refused.value.fix
    assert lake.tables() == []


@pytest.mark.parametrize("kind", [pa.decimal256(40, 2), pa.struct([]), pa.float16()])
def test_an_arrow_type_that_duckdb_does_not_read_is_refused_by_name(lake: Lake, kind: pa.DataType) -> None:
    rows = pa.table({"fine": [1], "odd": pa.nulls(1, kind)})
    with pytest.raises(LakeError, match="HR-704") as refused:
        lake.overwrite("models.m", rows, epoch=1, offsets={})
    assert "'odd'" in refused.value.what


@pytest.mark.parametrize(
    ("kind", "value"), [("HUGEINT", "1" + "0" * 38), ("ENUM('a')", "b"), ("JSON", "{"), ("TIMESTAMP_S", "294248-01-01")]
)
def test_a_value_that_does_not_fit_is_refused_and_not_rounded(lake: Lake, kind: str, value: str) -> None:
    rows = pa.table({"x": [value]})
    with pytest.raises(LakeError, match="HR-704"):
        lake.overwrite("models.m", rows, epoch=1, offsets={}, columns={"x": kind})
    assert lake.snapshots("models.m") == []


def test_a_value_that_duckdb_cannot_write_as_text_is_refused(lake: Lake, sql: duckdb.DuckDBPyConnection) -> None:
    rows = pa.table({"x": pa.array([FIRST_NANOSECOND - 1], pa.timestamp("ns"))})
    with pytest.raises(LakeError, match="HR-704"):
        lake.overwrite("models.m", rows, epoch=1, offsets={})


def test_a_hugeint_that_arrow_passed_off_as_a_decimal_is_refused(lake: Lake, root: Path) -> None:
    """Without the lossless export DuckDB says DECIMAL(38,0), whatever the value."""
    with duckdb.connect() as plain:
        rows = plain.sql(f"SELECT {2**127 - 1}::HUGEINT AS x").to_arrow_table()
    assert str(rows.schema.field("x").type) == "decimal128(38, 0)"
    with pytest.raises(LakeError, match="HR-704"):
        lake.overwrite("models.m", rows, epoch=1, offsets={})
    assert list(root.rglob("*.parquet")) == []


def test_two_columns_of_one_name_are_refused(lake: Lake) -> None:
    with pytest.raises(LakeError, match="HR-704"):
        lake.overwrite("models.m", pa.table({"a": [1], "A": [2]}), epoch=1, offsets={})


def test_columns_keep_names_that_need_quotes(lake: Lake, sql: duckdb.DuckDBPyConnection) -> None:
    names = ["two words", "2nd", "naïve", 'a"b', "it's", "order", "a.b", "x{y}", "CamelCase"]
    rows = pa.table({name: [at] for at, name in enumerate(names)})
    lake.overwrite("models.m", rows, epoch=1, offsets={})
    assert sql.sql(lake.select("models.m")).columns == names
    assert sql.sql(f"FROM read_parquet({lake.files('models.m')})").columns == names
    assert held(lake, "models.m") == texts(sql, rows)


def test_what_arrow_can_say_and_duckdb_does_not_export(lake: Lake, sql: duckdb.DuckDBPyConnection) -> None:
    rows = pa.table(
        {
            "large": pa.array(["x"], pa.large_string()),
            "view": pa.array(["x"], pa.string_view()),
            "dictionary": pa.array(["x"]).dictionary_encode(),
            "large_list": pa.array([[1]], pa.large_list(pa.int8())),
            "date64": pa.array([86_400_000], pa.date64()),
            "time32": pa.array([1], pa.time32("s")),
            "duration": pa.array([1], pa.duration("us")),
            "fixed": pa.array([b"abcd"], pa.binary(4)),
            "paris": pa.array([0], pa.timestamp("us", "Europe/Paris")),
        }
    )
    lake.overwrite("models.m", rows, epoch=1, offsets={})
    assert held(lake, "models.m") == texts(sql, rows)


def test_outside_engines_read_the_tables_as_iceberg(root: Path, sql: duckdb.DuckDBPyConnection) -> None:
    """pyiceberg with its own access to files, as any other engine: nothing of ours is needed to read."""
    rows = sql.sql(
        "SELECT range AS __offset, range::UTINYINT AS small, 'a' || range AS \"two words\", uuid() AS u, INTERVAL 1 DAY AS i,"
        " [range] AS l, {'a': range} AS s, MAP {'k': range} AS m, 1.5 AS d, TIMESTAMPTZ '2026-01-01' AS at FROM range(9)"
    ).to_arrow_table()
    with open_lake(root) as lake:
        lake.append("raw.t", rows.slice(0, 4), start=0, stop=4, epoch=1)
        lake.append("raw.t", rows.slice(4), start=4, stop=9, epoch=1)
        for _ in range(2):
            outside = SqlCatalog(
                "headrace", uri=f"sqlite:///{root}/catalog.sqlite", warehouse=f"file://{root}/warehouse"
            )
            table = outside.load_table("raw.t")
            found = table.scan().to_arrow()
            outside.engine.dispose()
            assert found.column_names == rows.column_names
            assert sorted(found["__offset"].to_pylist()) == list(range(9))
            assert found["two words"].to_pylist() == [f"a{offset}" for offset in found["__offset"].to_pylist()]
            assert found["i"].to_pylist() == ["1 day"] * 9
            assert table.schema().find_field("i").doc == "INTERVAL"
            assert table.scan(row_filter="__offset >= 7").to_arrow().num_rows == 2
            assert lake.compact("raw.t", at_least=2) is not None


intervals = st.builds(
    lambda months, days, micros: f"{months} months {days} days {micros} microseconds",
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(-(2**62), 2**62),
)
# DuckDB itself cannot write a TIMESTAMP_NS of the first day of its range, in September 1677, as text.
FIRST_NANOSECOND = -9_223_286_400_000_000_000
nanoseconds = st.integers(FIRST_NANOSECOND, 2**63 - 2).map(lambda value: f"make_timestamp_ns({value})")


@given(st.lists(intervals, min_size=1, max_size=20), st.lists(nanoseconds, min_size=1, max_size=20))
@settings(
    max_examples=15, deadline=None, phases=NO_SHRINKING, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_values_kept_as_text_are_equal_to_the_last_bit(
    lake: Lake, sql: duckdb.DuckDBPyConnection, intervals: list[str], nanoseconds: list[str]
) -> None:
    either = ", ".join(f"(INTERVAL '{value}', NULL)" for value in intervals)
    other = ", ".join(f"(NULL, {value})" for value in nanoseconds)
    rows = sql.sql(f"SELECT * FROM (VALUES {either}, {other}) AS t(i, n)").to_arrow_table()
    lake.overwrite("models.m", rows, epoch=1, offsets={})
    parts = "epoch_ns(n), datepart(['year', 'month', 'day', 'microsecond', 'hour', 'minute'], i), i, n"
    back = sql.sql(f"SELECT {parts} FROM ({lake.select('models.m')})").to_arrow_table()
    assert back.equals(sql.from_arrow(rows).project(parts).to_arrow_table())
