"""Tables of many small commits: their files become few and their snapshots fewer, their rows stay, and nothing is committed twice."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from headrace.engine import Arrived, DuckDBEngine, Mark
from headrace.engine.spark import store as store_module
from headrace.engine.spark.engine import SparkEngine
from tests.spark.test_exactly_once import MODELS, SOURCE, BrokenOffError, break_off, programs, rows

pytestmark = pytest.mark.xdist_group("spark")
SCHEMA = pa.schema({"k": pa.string(), "v": pa.int32(), "__w": pa.int8()})
EPOCHS, AFTER, KEEPS = 7, 4, 2


def epoch(number: int) -> tuple[Mark, dict[str, Arrived]]:
    """A new row, and from the third epoch on an older one that goes."""
    made = [{"k": "ab"[number % 2], "v": number, "__w": 1}]
    start = 0 if number == 1 else 1 if number == 2 else 2 * number - 4
    if number > 2:
        made.append({"k": "ab"[number % 2], "v": number - 2, "__w": -1})
    mark = Mark(number, {"bag": start + len(made)}, datetime(2013, 1, number, tzinfo=UTC))
    return mark, {"bag": Arrived(pa.Table.from_pylist(made, schema=SCHEMA), start)}


def test_tables_stay_small_however_many_epochs_there_are(
    empty: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "TIDY_AFTER", AFTER)
    monkeypatch.setattr(store_module, "TIDY_KEEPS", KEEPS)
    embedded = DuckDBEngine(tmp_path / "state.duckdb", tmp_path / "lake")
    made = programs(embedded)
    embedded.install([SOURCE], made)
    engine = SparkEngine(empty)
    engine.install([SOURCE], made)
    for number in range(1, EPOCHS + 1):
        mark, arrived = epoch(number)
        embedded.run(mark, arrived)
        if number == EPOCHS:
            # What is tidied before an epoch that is broken off is as that epoch found it.
            with pytest.MonkeyPatch.context() as patch:
                break_off(patch, 2)
                with pytest.raises(BrokenOffError):
                    engine.run(mark, arrived)
            engine = SparkEngine(empty)
            engine.install([SOURCE], made)
        engine.run(mark, arrived)
    assert {model: rows(engine, model) for model in MODELS} == {model: rows(embedded, model) for model in MODELS}
    _, results = engine.recompute(list(MODELS))
    assert [(r.missing, r.extra) for r in results] == [(0, 0)] * len(MODELS)
    for kind in ("state", "live", "hot"):
        for row in empty.sql(f"SHOW TABLES IN headrace.{kind}").collect():
            name = f"headrace.{kind}.`{row['tableName']}`"
            assert empty.sql(f"SELECT * FROM {name}.snapshots").count() <= AFTER + 2
            assert empty.sql(f"SELECT * FROM {name}.files").count() < EPOCHS
    embedded.close()
