"""Two relations as multisets: how many rows each has that the other lacks. Floating-point columns agree within a tolerance."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from headrace.engine.render import quoted

# Sums of floating-point values depend on the order of adding; equal within this, relative to the larger.
TOLERANCE = {"DOUBLE": 1e-9, "FLOAT": 1e-5}

_LEFT = quoted("compare.left")


def differing(
    connection: duckdb.DuckDBPyConnection, expected: str, kept: str, columns: Sequence[tuple[str, str]]
) -> tuple[int, int]:
    """(missing, extra): rows of ``expected`` that ``kept`` lacks, and the other way round.

    Args:
        expected, kept: relations in SQL, each a table name or a parenthesised query.
        columns: names and type texts.
    """
    names = ", ".join(quoted(name) for name, _ in columns)
    both = f"SELECT {names}, 1 AS __n FROM {expected} UNION ALL SELECT {names}, -1 FROM {kept}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_LEFT} AS SELECT {names}, sum(__n)::BIGINT AS __n FROM ({both}) GROUP BY ALL HAVING sum(__n) <> 0"
    )
    missing, extra = _sides(connection)
    if missing and extra and any(kind in TOLERANCE for _, kind in columns):
        close = _close_pairs(connection, columns)
        missing, extra = missing - close, extra - close
    connection.execute(f"DROP TABLE {_LEFT}")
    return missing, extra


def _sides(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    row = connection.execute(
        f"SELECT coalesce(sum(__n) FILTER (__n > 0), 0)::BIGINT, coalesce(-sum(__n) FILTER (__n < 0), 0)::BIGINT FROM {_LEFT}"
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def _close_pairs(connection: duckdb.DuckDBPyConnection, columns: Sequence[tuple[str, str]]) -> int:
    """Pairs of leftover rows alike in all else whose floating-point values, in order, are close."""
    exact = [quoted(name) for name, kind in columns if kind not in TOLERANCE]
    floats = [(quoted(name), TOLERANCE[kind]) for name, kind in columns if kind in TOLERANCE]
    order = ", ".join(name for name, _ in floats)
    copies = f"SELECT * EXCLUDE (__n), sign(__n) AS __s FROM (SELECT *, unnest(range(abs(__n))) AS __c FROM {_LEFT})"
    partition = ", ".join([*exact, "__s"])
    ranked = f"SELECT *, row_number() OVER (PARTITION BY {partition} ORDER BY {order}) AS __i FROM ({copies})"
    same = " AND ".join([f"a.{name} IS NOT DISTINCT FROM b.{name}" for name in exact] + ["a.__i = b.__i"])
    near = " AND ".join(
        f"(a.{n} IS NOT DISTINCT FROM b.{n} OR abs(a.{n} - b.{n}) <= {tolerance} * greatest(abs(a.{n}), abs(b.{n})))"
        for n, tolerance in floats
    )
    row = connection.execute(
        f"WITH r AS MATERIALIZED ({ranked}) SELECT count(*) FROM r AS a JOIN r AS b ON {same} WHERE a.__s > 0 AND b.__s < 0 AND {near}"
    ).fetchone()
    assert row is not None
    return int(row[0])
