"""The gate's edges: what comes in beside the text, how much of it, what is said of a refusal, and what it touches."""

from __future__ import annotations

import ast
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pytest
from sqlglot import exp

import headrace.security
from headrace.errors import AccessDenied, UsageError
from headrace.security import Catalog, Principal, gate
from headrace.security.functions import CLOCK
from headrace.security.reading import MAX_BYTES, MAX_TOKENS
from tests.sampling import in_ci

from .conftest import ANN, CATALOG

NOW = datetime(2024, 2, 29, 13, 14, 15, 161718)


def value(connection: duckdb.DuckDBPyConnection, sql: str, **parameters: Any) -> Any:
    """The one value that an admitted query answers with."""
    table = connection.execute(gate(ANN, sql, CATALOG, parameters, now=NOW).sql).to_arrow_table()
    return table.column(0)[0].as_py()


PARAMETERS = [
    (None, '"NULL"'),
    (True, "BOOLEAN"),
    (7, "INTEGER"),
    (-7, "INTEGER"),
    (2**62, "BIGINT"),
    (-(2**100), "HUGEINT"),
    (1.5, "DOUBLE"),
    (-0.1, "DOUBLE"),
    (math.inf, "DOUBLE"),
    ("", "VARCHAR"),
    ("it's -- /* $x ü 😀 \\ \" \n", "VARCHAR"),
    (Decimal("12.340"), "DECIMAL(5,3)"),
    (Decimal("-0.05"), "DECIMAL(2,2)"),
    (Decimal("1E+3"), "DECIMAL(4,0)"),
    (date(2024, 2, 29), "DATE"),
    (time(1, 2, 3, 4), "TIME"),
    (datetime(2024, 2, 29, 1, 2, 3, 4), "TIMESTAMP"),
    (datetime(2024, 2, 29, 1, tzinfo=UTC), "TIMESTAMP WITH TIME ZONE"),
    (datetime(2024, 2, 29, 1, tzinfo=timezone(timedelta(hours=5))), "TIMESTAMP WITH TIME ZONE"),
    (UUID(int=5), "UUID"),
    (b"\x00'\xff\\", "BLOB"),
    ([1, 2, -3], "INTEGER[]"),
    (["a'", "b"], "VARCHAR[]"),
]


@pytest.mark.parametrize(("given", "kind"), PARAMETERS)
def test_a_parameter_is_a_constant_of_its_own_type(closed: duckdb.DuckDBPyConnection, given: Any, kind: str) -> None:
    answer = value(closed, "SELECT $p", p=given)
    assert answer == (str(given) if isinstance(given, UUID) else given)
    assert value(closed, "SELECT typeof($p)", p=given) == kind


@pytest.mark.parametrize("given", [timedelta(days=3, hours=-5), timedelta(microseconds=-1), timedelta()])
def test_a_duration(closed: duckdb.DuckDBPyConnection, given: timedelta) -> None:
    start = datetime(2024, 1, 1)
    assert value(closed, "SELECT TIMESTAMP '2024-01-01' + $p", p=given) == start + given


def test_a_parameter_is_never_more_than_a_value(closed: duckdb.DuckDBPyConnection) -> None:
    for attack in ("'; DROP TABLE orders; --", "x' OR 'a' = 'a", "secret", "$q", "now()", '"', "\\' --"):
        assert value(closed, "SELECT count(*) FROM orders WHERE product = $p", p=attack) == 0
        assert value(closed, "SELECT $p || $q", p=attack, q="$p") == attack + "$p"
    assert value(closed, "SELECT count(*) FROM orders WHERE ordered_at < $p", p="2024-01-02") > 0
    assert value(closed, "SELECT 5 - $p * 2 ** $p", p=-1) == 5.5
    assert value(closed, "SELECT sum(x) FROM (FROM range(10) r(x) LIMIT $n OFFSET $n)", n=3) == 12
    assert value(closed, "SELECT DATE '2024-01-31' + INTERVAL ($n) DAY", n=1) == datetime(2024, 2, 1)


def test_the_column_keeps_its_name(closed: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT $p, now(), current_date, upper($p), $p AS x, date_trunc('day', now()) FROM orders"
    names = closed.execute(gate(ANN, sql, CATALOG, {"p": "a"}, now=NOW).sql).to_arrow_table().column_names
    assert names == ["$p", "now()", "current_date", "upper($p)", "x", "date_trunc('day', now())"]


@pytest.mark.parametrize(
    "given", [object(), {"a": 1}, float, {1}, [object()], "a\0b", time(1, tzinfo=UTC), Decimal("NaN")]
)
def test_a_value_without_a_constant(given: Any) -> None:
    with pytest.raises(UsageError, match="no constant") as caught:
        gate(ANN, "SELECT $p", CATALOG, {"p": given})
    assert caught.value.code == "HR-155"


def test_a_parameter_that_was_not_given() -> None:
    with pytest.raises(UsageError) as caught:
        gate(ANN, "SELECT $limt", CATALOG, {"limit": 1})
    assert (caught.value.code, caught.value.fix) == ("HR-155", "did you mean `limit`?")


READINGS = {
    "now()": NOW.replace(tzinfo=UTC),
    "current_timestamp": NOW.replace(tzinfo=UTC),
    "get_current_timestamp()": NOW.replace(tzinfo=UTC),
    "transaction_timestamp()": NOW.replace(tzinfo=UTC),
    "current_localtimestamp()": NOW,
    "localtimestamp": NOW,
    "current_date": NOW.date(),
    "current_date()": NOW.date(),
    "today()": NOW.date(),
    "localtime": NOW.time(),
    "current_localtime()": NOW.time(),
    "current_time::VARCHAR": "13:14:15.161718+00",
    "get_current_time()::VARCHAR": "13:14:15.161718+00",
}


def test_every_clock_is_read_here() -> None:
    assert {reading.removesuffix("::VARCHAR").removesuffix("()") for reading in READINGS} == CLOCK


@pytest.mark.parametrize("reading", READINGS)
def test_the_clock_stands_still(closed: duckdb.DuckDBPyConnection, reading: str) -> None:
    assert value(closed, f"SELECT {reading}") == READINGS[reading]
    clock = reading.removesuffix("::VARCHAR")
    [[kind]] = closed.execute(f"SELECT typeof({clock})").fetchall()
    assert value(closed, f"SELECT typeof({clock})") == kind


def test_age_counts_to_the_logical_day(closed: duckdb.DuckDBPyConnection) -> None:
    [[today]] = closed.execute("SELECT current_date").fetchall()
    for moment in ("TIMESTAMP '2020-03-01 10:00:00'", "TIMESTAMPTZ '2020-03-01 10:00:00+00'", "DATE '2020-03-01'"):
        sql = gate(ANN, f"SELECT age({moment})::VARCHAR", CATALOG, now=datetime.combine(today, time(23))).sql
        assert closed.execute(sql).fetchall() == closed.execute(f"SELECT age({moment})::VARCHAR").fetchall()


def test_a_zone_is_turned_to_utc(closed: duckdb.DuckDBPyConnection) -> None:
    now = datetime(2024, 3, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    sql = gate(ANN, "SELECT current_date, localtimestamp, now()", CATALOG, now=now).sql
    [row] = closed.execute(sql).to_arrow_table().to_pylist()
    assert list(row.values()) == [date(2024, 2, 29), datetime(2024, 2, 29, 23), now]


@pytest.mark.parametrize("reading", [*READINGS, "age(TIMESTAMP '2020-01-01')"])
def test_a_time_not_yet_known_is_bound_by_the_engine(closed: duckdb.DuckDBPyConnection, reading: str) -> None:
    """The epoch that answers is known once its transaction has begun: its time is a parameter of the prepared query."""
    admitted = gate(ANN, f"SELECT {reading}, count(*) FROM orders WHERE ordered_at < now()", CATALOG)
    bound = closed.execute(admitted.sql, {"now": NOW.replace(tzinfo=UTC)}).to_arrow_table()
    known = gate(ANN, f"SELECT {reading}, count(*) FROM orders WHERE ordered_at < now()", CATALOG, now=NOW)
    assert bound.equals(closed.execute(known.sql).to_arrow_table())
    with pytest.raises(duckdb.InvalidInputException, match="now"):
        closed.execute(admitted.sql)


def test_the_tree_is_written_in_one_way() -> None:
    sql = "SELECT tags[1], product ~ 'a', last(id IGNORE NULLS) OVER () FROM orders"
    admitted = gate(ANN, sql, CATALOG)
    assert admitted.expression.sql("spark") == admitted.expression.sql("duckdb", comments=False) == admitted.sql
    assert admitted.expression.transform(lambda node: node).sql() == admitted.sql
    assert "[1]" in admitted.sql
    assert "IGNORE NULLS" in admitted.sql
    with pytest.raises(ValueError, match="Unsupported expression type Sealed"):
        exp.select("*").from_(admitted.expression).sql("duckdb")


def test_the_engine_may_place_what_is_read(closed: duckdb.DuckDBPyConnection) -> None:
    def placed(node: exp.Expr) -> exp.Expr:
        at = {"orders": "secret"}.get(node.name) if isinstance(node, exp.Table) else None
        return exp.to_table(f"memory.main.{at}") if at else node

    catalog = Catalog({"orders": {"x": "INTEGER"}})
    moved = gate(ANN, "WITH secret AS (FROM orders) SELECT x FROM secret", catalog).expression.transform(placed)
    assert closed.execute(moved.sql("duckdb")).fetchall() == [(42,)]


def test_random_is_left_to_chance(closed: duckdb.DuckDBPyConnection) -> None:
    """A query asked once may be unrepeatable; it may not be unsafe."""
    assert 0 <= value(closed, "SELECT random()") < 1
    assert len(value(closed, "SELECT uuid()::VARCHAR")) == 36


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("", "HR-152"),
        (" \n ; ", "HR-152"),
        ("-- only a comment", "HR-152"),
        ("SELECT 1 /* unfinished", "HR-151"),
        ("SELECT 'unfinished", "HR-151"),
        ("SELECT (1", "HR-151"),
        ("SELECT FROM WHERE", "HR-151"),
        ("SELECT 1\0 FROM orders", "HR-151"),
        ("SELECT '\ud800'", "HR-151"),
        ("SHOW ALL", "HR-151"),
        ("SELECT '" + "x" * MAX_BYTES + "'", "HR-150"),
        ("SELECT '" + "ü" * (MAX_BYTES // 2) + "'", "HR-150"),
        ("SELECT " + "1," * (MAX_TOKENS // 2 + 1) + "1", "HR-150"),
        ("SELECT " + "(" * 300 + "1" + ")" * 300, "HR-150"),
        ("SELECT " + "NOT " * 2000 + "true", "HR-150"),
        ("SELECT * FROM " + "(SELECT * FROM " * 200 + "orders" + ")" * 200, "HR-150"),
        ("SELECT " + "abs(" * 400 + "1" + ")" * 400, "HR-150"),
        ("SELECT " + "CASE WHEN true THEN " * 300 + "1" + " END" * 300, "HR-150"),
    ],
    ids=lambda text: text[:24],
)
def test_limits(sql: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        gate(ANN, sql, CATALOG)
    assert caught.value.code == code


@in_ci
def test_what_is_within_the_limits(closed: duckdb.DuckDBPyConnection) -> None:
    many = ", ".join(map(str, range(10_000)))
    assert value(closed, f"SELECT count(*) FROM orders WHERE id IN ({many})") == 40
    assert value(closed, "SELECT " + "1 + " * 500 + "1") == 501
    assert value(closed, "SELECT " + "(" * 20 + "1" + ")" * 20) == 1
    assert value(closed, f"SELECT length('{'x' * 500_000}')") == 500_000
    assert value(closed, "SELECT true" + " AND true" * 900) is True


def test_a_refusal_says_what_where_and_what_next() -> None:
    with pytest.raises(AccessDenied) as caught:
        gate(Principal("bea"), "SELECT id,\n       getenv('HOME') AS home\nFROM orders", CATALOG)
    assert str(caught.value) == (
        "HR-903: `getenv` may not be called in a query: it reads the settings or the secrets of the engine\n"
        "  at    <query>:2:8\n"
        "               getenv('HOME') AS home\n"
        "               ^^^^^^\n"
        "  state nothing was run for bea\n"
        "  fix   `headrace status` shows what may be known of the node"
    )


def test_the_excerpt_of_a_long_line_is_short() -> None:
    with pytest.raises(UsageError) as caught:
        gate(ANN, "SELECT " + "id, " * 2000 + "idd FROM orders " + "-- " + "x" * 9000, CATALOG)
    assert caught.value.where is not None
    assert caught.value.where.column == 8008
    line, carets = str(caught.value.where.excerpt).splitlines()
    assert len(line) == 120
    assert line[carets.index("^") : len(carets)] == "idd"


@pytest.mark.parametrize(
    ("sql", "marked"),
    [
        ("INSERT INTO orders VALUES (1)", "INSERT"),
        ("SELECT * FROM (DESCRIBE orders)", "orders"),
        ("SELECT 1 FROM orders WHERE x::mood = 1", "x"),
        ("SELECT $p FROM orders", "p"),
        ("SELECT id FROM orders, hidden", "hidden"),
        ("SELECT id FROM other.hidden", "other"),
        ("SELECT id FROM orders ORDER BY nextval('x')", "nextval"),
        ("SELECT current_user", "current_user"),
        ("SELECT 1; SELECT 2", ";"),
        ("SELECT id FRM orders", "orders"),
    ],
)
def test_the_word_that_is_marked(sql: str, marked: str) -> None:
    with pytest.raises((AccessDenied, UsageError)) as caught:
        gate(ANN, sql, CATALOG)
    assert caught.value.where is not None
    line, carets = str(caught.value.where.excerpt).splitlines()
    assert line[carets.index("^") : len(carets)] == marked


def test_no_principal_is_above_the_gate() -> None:
    with pytest.raises(AccessDenied):
        gate(Principal("root", admin=True), "FROM duckdb_secrets()", CATALOG)


def test_the_gate_is_pure() -> None:
    """Its modules import the standard library, sqlglot, the errors and each other: no engine, no files."""
    folder = Path(headrace.security.__file__).parent
    allowed = {"sqlglot", "headrace.errors", "headrace.security", "__future__"}
    standard = {
        "collections",
        "dataclasses",
        "datetime",
        "decimal",
        "difflib",
        "itertools",
        "pathlib",
        "re",
        "typing",
        "uuid",
    }
    for module in folder.glob("*.py"):
        if module.name == "tokens.py":
            continue
        for node in ast.walk(ast.parse(module.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert name.split(".")[0] in standard | allowed or name.startswith(tuple(allowed)), (module, name)
                assert not name.startswith("headrace.sql"), module
