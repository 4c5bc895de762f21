"""Sources whose rows leave and change, filters on time, and models of models: what Spark keeps equals DuckDB's and a recompute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from headrace.engine import Arrived, DuckDBEngine, Mark
from headrace.engine.spark import keeping
from headrace.engine.spark.engine import SparkEngine
from tests.engine.test_incremental_equals_batch import SOURCES, Stream, compiled
from tests.spark.test_nexmark import unlike

pytestmark = pytest.mark.xdist_group("spark")
EPOCHS = 2
MODELS = {
    "grouped": "select k, count(*) n, sum(x) s, avg(d) a, max(x) mx from ev group by k",
    "last_3_hours": "select k, count(*) c from ev where ts > now() - interval 3 hour group by k",
    "smallest": "select k, min(v) a, arg_max(k, v) b, arg_min(v, null::integer) c, avg(v) d from bag group by k",
    "numbered": "select t.r, b.v from range(0, 9) as t(r) left join bag b on t.r = b.v",
    "looked_up": "select e.k, e.x, (select bit_and(b.v) from bag b where b.k = e.k) as bits from ev e",
    "numbered_copies": "select b.v, row_number() over (partition by b.k order by b.v) n, row_number() over (order by b.k, b.v) m from bag b "
    "qualify row_number() over (order by b.k, b.v) <= 5",
    "first_of_ties": "select {'a': case when x > 3 then x end, 'b': k} st, x % 2 p from ev order by p, 1 limit 3",
    "left_joined": "select g.k, g.n, r.name from grouped g left join ref r on g.k = r.k",
}


def joined(one: dict[str, Arrived], other: dict[str, Arrived]) -> dict[str, Arrived]:
    """Two epochs' rows as one's."""
    both = {name: [part[name] for part in (one, other) if name in part] for name in {**one, **other}}
    return {name: Arrived(pa.concat_tables([a.rows for a in parts]), parts[0].start) for name, parts in both.items()}


def test_changes_of_every_kind(empty: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "FOLD_AFTER", 3)
    embedded = DuckDBEngine(tmp_path / "state.duckdb", tmp_path / "lake")
    programs = compiled(embedded, MODELS)
    engine = SparkEngine(empty)
    embedded.install(SOURCES, programs)
    engine.install(SOURCES, programs)
    stream = Stream(0)
    for number in range(1, EPOCHS + 1):
        arrived = joined(stream.epoch(), stream.epoch())
        mark = Mark(number, dict(stream.offsets), stream.now)
        embedded.run(mark, arrived)
        engine.run(mark, arrived)
        for model in MODELS:
            expected, kept = embedded.content(model)[0], engine.content(model)[0]
            assert unlike(expected, kept, embedded.columns(model)) == (0, 0), f"{model}, epoch {number}"
    _, results = engine.recompute(list(MODELS))
    assert [(r.model, r.missing, r.extra) for r in results] == [(model, 0, 0) for model in MODELS]
    embedded.close()
