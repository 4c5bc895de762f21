"""The same file on plain DuckDB: whether what it expects is so."""

from __future__ import annotations

from pathlib import Path

import duckdb

from .records import Query, Skipped, read
from .run import Outcome
from .shadow import Shadow
from .values import difference

NAMES = frozenset({"duckdb"})


def checked(path: Path) -> Outcome:
    """Order included, where a query has neither ``rowsort`` nor ``valuesort``."""
    outcome, shadow = Outcome(path), Shadow()
    for record in read(path, NAMES):
        if isinstance(record, Skipped):
            outcome.skipped[record.reason] += 1
        elif found := _wrong(shadow, record):
            outcome.failed.append(f"{path}:{record.line}: {found}")
        else:
            outcome.passed += 1
    shadow.close()
    return outcome


def _wrong(shadow: Shadow, record: Query | object) -> str | None:
    fails = getattr(record, "fails", False)
    try:
        rows = shadow.rows(record.sql) if isinstance(record, Query) else shadow.execute(record.sql)
    except duckdb.Error as error:
        message = getattr(record, "message", "")
        return None if fails and message.lower() in str(error).lower() else str(error).partition("\n")[0]
    if fails:
        return "an error is expected, and there was none"
    return difference(record, rows, ordered=True) if isinstance(record, Query) else None
