"""What a principal may not do is refused, with a code, the place, and what to do instead."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from headrace.errors import AccessDenied, HeadraceError, UsageError
from headrace.security import gate

from .conftest import ANN, CATALOG, HIDDEN, paragraphs

HOSTILE = [tuple(part.removeprefix("-- ").split("\n", 1)) for part in paragraphs("hostile.sql")]


def written(sql: str, folder: Path) -> str:
    return sql.replace("{csv}", str(folder / "people.csv")).replace("{folder}", str(folder))


def test_the_corpus_is_wide() -> None:
    assert len(HOSTILE) > 200


@pytest.mark.parametrize(("heading", "sql"), HOSTILE, ids=[sql for _, sql in HOSTILE])
def test_refused(heading: str, sql: str, folder: Path) -> None:
    with pytest.raises(HeadraceError) as caught:
        gate(ANN, written(sql, folder), CATALOG)
    error = caught.value
    assert error.code == heading.split(maxsplit=1)[0]
    assert isinstance(error, AccessDenied if error.code.startswith("HR-9") else UsageError)
    assert error.state == "nothing was run for ann"
    assert "^" in ((error.where and error.where.excerpt) or "")


@pytest.mark.parametrize(
    "sql", [sql for heading, sql in HOSTILE if "not DuckDB's" not in heading and "$" not in sql and "?" not in sql]
)
def test_it_would_have_run(sql: str, folder: Path) -> None:
    """Unguarded, DuckDB does as it is told: otherwise a refusal here would prove nothing."""
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE customers (id INT)")
        connection.execute("CREATE TABLE orders (id INT, price INT, status VARCHAR, ordered_at TIMESTAMP)")
        connection.execute("INSERT INTO orders VALUES (1, 2, 'paid', now())")
        connection.execute(HIDDEN)
        connection.execute(written(sql, folder)).to_arrow_table()
