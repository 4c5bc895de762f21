"""Tables to which changes are only added: rows that cancel are dropped once they may be a good part of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from headrace.engine import Arrived, Mark, SourceTable
from headrace.engine.spark import keeping
from headrace.engine.spark.engine import SparkEngine
from headrace.engine.spark.store import At, Store

pytestmark = pytest.mark.xdist_group("spark")
SCHEMA = pa.schema({"v": pa.int32(), "__w": pa.int8()})


def changes(*rows: tuple[int, int]) -> pa.Table:
    return pa.Table.from_pylist([{"v": v, "__w": w} for v, w in rows], schema=SCHEMA)


def test_a_table_is_folded_when_a_quarter_of_it_takes_back_others(empty: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FOLD_AFTER", 3)
    engine = SparkEngine(empty)
    engine.install([SourceTable("bag", {"v": "INTEGER"}, True, ())], [])
    there = [changes(*((v, 1) for v in range(4))), changes(*((v, -1) for v in range(4))), changes((9, 1))]
    sizes, start = [], 0
    for number, rows in enumerate(there, 1):
        arrived = {"bag": Arrived(rows, start)}
        start += rows.num_rows
        engine.run(Mark(number, {"bag": start}, datetime(2013, 1, number, tzinfo=UTC)), arrived)
        sizes.append(engine.sizes()["live.bag"])
    assert sizes == [4, 8, 1]
    assert engine.content("bag")[0].to_pylist() == [{"v": 9}]
    engine.close()


def test_rows_that_are_let_go_of_do_not_put_the_look_off(empty: Any) -> None:
    store = Store(empty, "headrace")
    store.names("state")
    store.create("state", "m.s0", {"v": "INTEGER", "__w": "TINYINT"})
    rows = empty.createDataFrame(changes((1, 1), (2, 1), (1, -1)))
    store.append("state", "m.s0", rows, At(1, 0), None, looked=2)
    store.delete("state", "m.s0", "v = 2", At(2, 0), {})
    held = store.last("state", "m.s0")
    assert held is not None
    assert (held.at, held.looked) == (At(2, 0), 2)
