"""Weighted rows in Spark."""

from __future__ import annotations

from collections.abc import Sequence

from headrace.engine.spark.store import ident
from headrace.sql import WEIGHT


def netted(relation: str, names: Sequence[str]) -> str:
    """The rows of a weighted relation with opposite ones cancelled; copies stay separate rows."""
    columns = ", ".join(map(ident, names))
    total = f"sum(CAST({WEIGHT} AS BIGINT))"
    counted = f"SELECT {columns}, {total} AS __n FROM {relation} GROUP BY {columns} HAVING {total} <> 0"
    copies = f"SELECT {columns}, __n, explode(sequence(1, CAST(abs(__n) AS INT))) AS __nth FROM ({counted})"
    return f"SELECT {columns}, CAST(if(__n > 0, 1, -1) AS TINYINT) AS {WEIGHT} FROM ({copies})"


def current(relation: str, names: Sequence[str]) -> str:
    """What a weighted relation adds up to, without weights."""
    return f"SELECT {', '.join(map(ident, names))} FROM ({netted(relation, names)})"


def weighted(relation: str, names: Sequence[str]) -> str:
    """Rows as a change: all of them arrive."""
    return f"SELECT {', '.join(map(ident, names))}, CAST(1 AS TINYINT) AS {WEIGHT} FROM {relation}"
