"""The queries, one SELECT a file in ``models/``: as Headrace models, and for DuckDB alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

from bench.nexmark.streams import SIDE_INPUT, STREAMS
from headrace.engine import Engine, SourceTable
from headrace.sql import Catalog, Program, Relation, SqlText, compile_model, watermark

FOLDER = Path(__file__).parent / "models"
QUERIES = tuple(f"q{number}" for number in range(24))

# What TUMBLE, HOP and SESSION mean, written independently of the compiler: the texts run on DuckDB as they are.
_WINDOWS = """
CREATE MACRO tumble(relation, ts, size) AS TABLE
  SELECT *, time_bucket(size, ts, TIMESTAMP '1970-01-01') AS window_start, window_start + size AS window_end
  FROM query_table(relation);
CREATE MACRO hop(relation, ts, slide, size) AS TABLE
  SELECT *, window_start + size AS window_end
  FROM (
    SELECT *, unnest(generate_series(time_bucket(slide, ts - size, TIMESTAMP '1970-01-01') + slide,
      time_bucket(slide, ts, TIMESTAMP '1970-01-01'), slide)) AS window_start
    FROM query_table(relation)
  );
CREATE MACRO session(relation, ts, gap, key) AS TABLE
  SELECT * EXCLUDE (__begins, __number), min(ts) OVER (PARTITION BY key, __number) AS window_start,
    max(ts) OVER (PARTITION BY key, __number) + gap AS window_end
  FROM (
    SELECT *, sum(__begins) OVER (PARTITION BY key ORDER BY ts) AS __number
    FROM (SELECT *, (ts - lag(ts, 1, ts) OVER (PARTITION BY key ORDER BY ts) > gap)::INTEGER AS __begins FROM query_table(relation))
  );
"""


def text(query: str) -> str:
    return (FOLDER / f"{query}.sql").read_text()


def sources() -> tuple[SourceTable, ...]:
    """The streams, to which rows are only added, and the table that q13 joins."""
    return (
        *(SourceTable(name, columns) for name, columns in STREAMS.items()),
        SourceTable("side_input", SIDE_INPUT, True, ("key",)),
    )


def compiled(
    engine: Engine, queries: Iterable[str] = QUERIES, tables: Sequence[SourceTable] | None = None
) -> list[Program]:
    """Their delta programs.

    Args:
        tables: the sources, should they be others than `sources` gives.
    """
    relations = {s.name: _relation(s) for s in tables or sources()}
    for relation in relations.values():
        engine.oracle.declare(relation.name, relation.columns)
    catalog = Catalog(relations, engine.oracle)
    return [compile_model(query, SqlText(text(query), FOLDER / f"{query}.sql"), catalog) for query in queries]


def _relation(source: SourceTable) -> Relation:
    time = {} if source.changelog else {"date_time": watermark(source.name, "TIMESTAMP")}
    aside = source.sets_aside is not None
    return Relation(
        source.name, source.columns, not source.changelog, source.changelog, source.key, frontier=time, sets_aside=aside
    )


def teach_windows(connection: duckdb.DuckDBPyConnection) -> None:
    """Give plain DuckDB the window functions of the texts."""
    connection.execute(_WINDOWS)
