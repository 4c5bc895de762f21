"""Memory does not grow with what has passed through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from headrace.engine import Arrived, DuckDBEngine, Mark, SourceTable
from headrace.engine.duckdb import CLEAR_ROWS
from headrace.sql import Catalog, Relation, SqlText, compile_model

ROWS = 50_000
EPOCHS = 4 * CLEAR_ROWS // ROWS


def test_emptied_deltas_give_their_memory_back(tmp_path: Path) -> None:
    engine = DuckDBEngine(tmp_path / "state.duckdb", tmp_path / "lake", read_directly=ROWS + 1)
    columns = {"id": "BIGINT", "word": "VARCHAR"}
    engine.oracle.declare("ev", columns)
    relations = {"ev": Relation("ev", columns, append_only=True, live=False)}
    sql = SqlText("SELECT id % 10 AS k, count(*) AS n, max(word) AS w FROM ev GROUP BY 1", Path("m.sql"))
    engine.install([SourceTable("ev", columns)], [compile_model("m", sql, Catalog(relations, engine.oracle))])
    rows = pa.table({"id": range(ROWS), "word": [f"a word that is not short, number {i}" for i in range(ROWS)]})
    held = []
    for epoch in range(1, EPOCHS + 1):
        stop = epoch * ROWS
        engine.run(
            Mark(epoch, {"ev": stop}, datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=epoch)),
            {"ev": Arrived(rows, stop - ROWS)},
        )
        # As if its rows had gone to the lake, so that only the deltas are left.
        engine.tiered("ev", stop, "")
        engine.checkpoint()
        held.append(_held(engine))
    engine.close()
    assert max(held[EPOCHS // 2 :]) <= 1.1 * max(held[: EPOCHS // 2])


def _held(engine: DuckDBEngine) -> int:
    """Bytes of the temporary tables."""
    text = "SELECT sum(memory_usage_bytes)::BIGINT FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'"
    row = engine._connection.execute(text).fetchone()
    return row[0] if row is not None and row[0] is not None else 0
