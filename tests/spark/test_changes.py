"""Sources whose rows leave and change, filters on time, and models of models: what Spark keeps equals DuckDB's and a recompute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from headrace.engine import DuckDBEngine, Mark
from headrace.engine.spark.engine import SparkEngine
from tests.engine.test_incremental_equals_batch import SOURCES, Stream, compiled
from tests.spark.test_nexmark import unlike

pytestmark = pytest.mark.xdist_group("spark")
EPOCHS = 5
MODELS = {
    "grouped": "select k, count(*) n, sum(x) s, avg(d) a, max(x) mx, min(d) mn from ev group by k",
    "joined": "select e.k, r.name, e.x from ev e join ref r using (k) where e.x > 1 and r.name <> 'b'",
    "last_3_hours": "select k, count(*) c from ev where ts > now() - interval 3 hour group by k",
    "smallest": "select k, min(v) a, arg_max(k, v) b, count(distinct v) c, avg(v) d from bag group by k",
    "left_joined": "select g.k, g.n, b.v from grouped g left join bag b on g.k = b.k",
    "numbered": "select k, v, row_number() over (partition by k order by v desc) r from bag",
}


def test_changes_of_every_kind(empty: Any, tmp_path: Path) -> None:
    embedded = DuckDBEngine(tmp_path / "state.duckdb", tmp_path / "lake")
    programs = compiled(embedded, MODELS)
    engine = SparkEngine(empty)
    embedded.install(SOURCES, programs)
    engine.install(SOURCES, programs)
    stream = Stream(0)
    for number in range(1, EPOCHS + 1):
        arrived = stream.epoch()
        mark = Mark(number, dict(stream.offsets), stream.now)
        embedded.run(mark, arrived)
        engine.run(mark, arrived)
        for model in MODELS:
            expected, kept = embedded.content(model)[0], engine.content(model)[0]
            assert unlike(expected, kept, embedded.columns(model)) == (0, 0), f"{model}, epoch {number}"
    _, results = engine.recompute(list(MODELS))
    assert [(r.model, r.missing, r.extra) for r in results] == [(model, 0, 0) for model in MODELS]
    embedded.close()
