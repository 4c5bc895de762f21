"""One Spark session for all of these tests, which are one xdist group; without Java, pyspark or the jar they are skipped, in CI they fail."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from headrace.engine.spark.jars import JARS
from headrace.engine.spark.session import missing
from tests.sampling import CI
from tests.spark.differences import COLUMNS, ROWS
from tests.spark.session import emptied, quick_session


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("warehouse")


@pytest.fixture(scope="session")
def spark(warehouse: Path) -> Iterator[Any]:
    why = missing(JARS)
    if why and CI:
        pytest.fail(f"Spark cannot run: {why}; make spark")
    if why:
        pytest.skip(f"Spark cannot run: {why}; in a checkout, make spark")
    session = quick_session(warehouse)
    yield session
    session.stop()
    _closed()


@pytest.fixture(scope="module")
def embedded() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    body = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    connection.execute(f"CREATE TABLE t ({body})")
    connection.execute(f"INSERT INTO t VALUES {ROWS}")
    yield connection
    connection.close()


@pytest.fixture(autouse=True, scope="module")
def closing() -> Iterator[None]:
    yield
    _closed()


def _closed() -> None:
    """Close what pyspark leaves open, here: each result that it fetches leaves a socket to the garbage collector."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"))


@pytest.fixture
def empty(spark: Any) -> Any:
    """The session, with nothing in its catalog."""
    return emptied(spark)
