"""A statement is planned once, and again when its plan no longer fits."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from headrace.engine.statements import LOOK_AFTER, SMALL, Statements

ADD = 'INSERT INTO state."s" SELECT * FROM "delta.d"'
COUNT = 'SELECT count(*) FROM state."s" AS s JOIN "delta.d" AS d ON s.a = d.a'


class Counting:
    """A connection that counts how often it plans."""

    def __init__(self) -> None:
        self._connection = duckdb.connect()
        self.prepared: list[str] = []

    def execute(self, text: str) -> duckdb.DuckDBPyConnection:
        if text.startswith("PREPARE"):
            self.prepared.append(text.split(" AS ", 1)[1])
        return self._connection.execute(text)

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def connection() -> Iterator[Counting]:
    made = Counting()
    made.execute('CREATE SCHEMA state; CREATE TABLE state.s (a INT); CREATE TEMP TABLE "delta.d" (a INT)')
    yield made
    made.close()


@pytest.fixture
def statements(connection: Counting) -> Statements:
    return Statements(connection)  # type: ignore[arg-type]


def fill(connection: Counting, statements: Statements, rows: int) -> None:
    connection.execute(f'INSERT INTO "delta.d" FROM range({rows})')
    statements.sized("delta.d", rows)


def test_what_stays_small_is_planned_once(connection: Counting, statements: Statements) -> None:
    fill(connection, statements, 10)
    for _ in range(LOOK_AFTER * 3):
        statements.run(ADD, {})
        statements.run(COUNT, {})
    assert connection.prepared == [ADD, COUNT]


def test_what_reads_a_table_that_has_grown_is_planned_again(connection: Counting, statements: Statements) -> None:
    assert statements.run(COUNT, {}) == 0
    fill(connection, statements, SMALL)
    for _ in range(5):
        statements.run(ADD, {})
    assert statements.run(COUNT, {}) == 5 * SMALL
    assert connection.prepared.count(COUNT) == 2


def test_what_has_shrunk_is_looked_at_now_and_then(connection: Counting, statements: Statements) -> None:
    fill(connection, statements, 100 * SMALL)
    statements.run(ADD, {})
    statements.run(COUNT, {})
    statements.run('TRUNCATE state."s"', {})
    for _ in range(LOOK_AFTER - 1):
        statements.run(COUNT, {})
    assert connection.prepared.count(COUNT) == 1
    statements.run(COUNT, {})
    assert connection.prepared.count(COUNT) == 2


def test_after_a_change_of_the_catalog_all_are_planned_again(connection: Counting, statements: Statements) -> None:
    statements.run(COUNT, {})
    connection.execute("CREATE TABLE state.other (a INT)")
    statements.catalog_changed()
    statements.run(COUNT, {})
    statements.run(COUNT, {})
    assert connection.prepared == [COUNT, COUNT]


def test_the_sizes_there_are_at_the_start_count(connection: Counting, statements: Statements) -> None:
    connection.execute(f"INSERT INTO state.s FROM range({SMALL * 5})")
    statements.restart()
    statements.run(COUNT, {})
    fill(connection, statements, SMALL)
    statements.run(ADD, {})
    statements.run(COUNT, {})
    assert connection.prepared.count(COUNT) == 1


def test_what_runs_once_is_not_prepared(connection: Counting) -> None:
    once = Statements(connection, once=True)  # type: ignore[arg-type]
    assert once.run(COUNT, {}) == 0
    assert connection.prepared == []


def test_an_asof_join_is_planned_at_every_use(connection: Counting, statements: Statements) -> None:
    connection.execute("SET asof_loop_join_threshold = 0")
    near = 'SELECT count(*) FROM "delta.d" AS d ASOF JOIN state."s" AS s ON d.a = s.a AND d.a >= s.a'
    fill(connection, statements, 10)
    statements.run(ADD, {})
    assert [statements.run(near, {}) for _ in range(3)] == [10, 10, 10]
    assert connection.prepared.count(near) == 3
