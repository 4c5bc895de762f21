"""A value that a window partitions by is named once."""

from __future__ import annotations

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.text import SqlText


def partitions(query: exp.Query, catalog: Catalog, text: SqlText) -> exp.Query:
    """
    DuckDB 1.5 takes windows for alike whose lists are as long as each other and share all values of one of them, counted with its
    repetitions: beside PARTITION BY a, a it gives PARTITION BY a, b the partitions of a (duckdb/duckdb#24629).

    Example:
        SELECT SUM(t.x) OVER (PARTITION BY t.a, (t.a)) AS s FROM t  ->  SELECT SUM(t.x) OVER (PARTITION BY t.a) AS s FROM t
    """
    for window in query.find_all(exp.Window):
        by = window.args.get("partition_by") or []
        once = dict.fromkeys(value.unnest() for value in by)
        if len(once) < len(by):
            window.set("partition_by", [value.copy() for value in once])
    return query
