"""What ends an answer while its rows are read is an error of ours, however many came before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headrace.engine import Asked, DuckDBEngine
from headrace.errors import EngineError
from headrace.sql import SqlText, parse

FAILS = "SELECT CAST(CASE WHEN i = {at} THEN 'x' ELSE '1' END AS INT) AS n FROM range({rows}) AS t(i)"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    made = DuckDBEngine(tmp_path / "state.duckdb", tmp_path / "lake")
    yield made
    made.close()


def asked(text: str, limit: int | None = None) -> list[Asked]:
    return [Asked(parse(SqlText(text, Path("q.sql"))), limit=limit)]


@pytest.mark.parametrize("rows", [10_000, 2_000_000])
@pytest.mark.parametrize("limit", [None, 5_000_000])
def test_a_value_that_fails_late_fails_as_an_early_one(engine: DuckDBEngine, rows: int, limit: int | None) -> None:
    ((found,), _) = engine.query(asked(FAILS.format(at=rows - 1, rows=rows), limit))
    assert isinstance(found, EngineError)
    assert (found.code, found.what) == (
        "HR-605",
        "Conversion Error: Could not convert string 'x' to INT32 (while reading)",
    )


def test_a_limit_ends_it_before(engine: DuckDBEngine) -> None:
    ((found,), _) = engine.query(asked(FAILS.format(at=1_999_999, rows=2_000_000), 100))
    assert not isinstance(found, Exception)
    assert found.num_rows == 100


def test_one_that_is_cut_off_while_rows_come_says_so(engine: DuckDBEngine) -> None:
    def soon(interrupt: Callable[[], None]) -> None:
        threading.Timer(0.3, interrupt).start()

    many = "SELECT a.i + b.i AS n FROM range(100000000) AS a(i), range(3) AS b(i)"
    with pytest.raises(EngineError) as cut:
        engine.query(asked(many), on_start=soon)
    assert cut.value.code == "HR-604"
