"""Every shape of SQL that is split, over random changes: kept equals recomputed after each epoch, and what each costs is as it is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.engine import DuckDBEngine, Mark
from tests.sampling import sampled

from .shapes import SHAPES
from .test_incremental_equals_batch import MODELS, SOURCES, Stream, compiled

WHOLE = {
    "any_all",
    "asof_w",
    "copies5b",
    "limit_bag",
    "list_distinct",
    "litord",
    "median_nokey",
    "pct",
    "pivot",
    "rn_anti",
    "session_leaves_nokey",
    "setops7",
    "sq_any",
    "sq_order_limit",
    "structs",
    "two_parts",
}
"""Those of which something large is recomputed as a whole; all others are incremental."""
BASE = {"grouped": MODELS["grouped"]}


@pytest.mark.parametrize("about", sampled(SHAPES, 6))
def test_kept_equals_recomputed(tmp_path: Path, about: str) -> None:
    engine = DuckDBEngine(tmp_path / "state.duckdb", tmp_path / "lake")
    models = BASE | SHAPES[about]
    engine.install(SOURCES, compiled(engine, models))
    stream = Stream(len(about))
    for number in range(1, 13):
        arrived = stream.epoch()
        engine.run(Mark(number, dict(stream.offsets), stream.now), arrived)
        mark, results = engine.recompute(list(models))
        assert [r for r in results if r.missing or r.extra] == [], f"epoch {mark.epoch}"
    engine.close()


def test_what_is_incremental(tmp_path: Path) -> None:
    engine = DuckDBEngine(tmp_path / "state.duckdb", tmp_path / "lake")
    models = BASE | {name: sql for shapes in SHAPES.values() for name, sql in shapes.items()}
    programs = compiled(engine, models)
    assert {program.model for program in programs if not program.incremental} == WHOLE & set(models)
    engine.close()
