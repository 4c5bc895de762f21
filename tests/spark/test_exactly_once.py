"""An epoch that is broken off between two of its commits is finished by running it again, and changes nothing when it is whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from headrace.engine import Arrived, DuckDBEngine, Mark, SourceTable
from headrace.engine.spark.engine import SparkEngine
from headrace.engine.spark.ledger import Ledger
from headrace.engine.spark.store import Store
from headrace.sql import Catalog, Program, Relation, SqlText, compile_model

pytestmark = pytest.mark.xdist_group("spark")
SOURCE = SourceTable("bag", {"k": "VARCHAR", "v": "INTEGER"}, True, ())
MODELS = {
    "totals": "select k, sum(v)::bigint s, count(*) n from bag group by k",
    "pairs": "select a.k, a.v, b.v as w from bag a join bag b on a.k = b.k and a.v < b.v",
}
CHANGES = (
    [("a", 1, 1), ("a", 2, 1), ("b", 5, 1), (None, 7, 1)],
    [("a", 1, -1), ("a", 3, 1), ("b", 6, 1), ("c", None, 1)],
)
WRITES = ("append", "merge", "replace", "delete")


class BrokenOffError(Exception):
    pass


def programs(engine: DuckDBEngine) -> list[Program]:
    relation = Relation(SOURCE.name, SOURCE.columns, append_only=False, live=True)
    engine.oracle.declare(relation.name, relation.columns)
    catalog = Catalog({relation.name: relation}, engine.oracle)
    return [compile_model(name, SqlText(text, Path(f"{name}.sql")), catalog) for name, text in MODELS.items()]


def epochs() -> list[tuple[Mark, dict[str, Arrived]]]:
    made, start = [], 0
    for number, rows in enumerate(CHANGES, 1):
        names = {"k": pa.string(), "v": pa.int32(), "__w": pa.int8()}
        columns = [pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), names.values(), strict=True)]
        arrived = Arrived(pa.Table.from_arrays(columns, names=list(names)), start)
        start += len(rows)
        made.append((Mark(number, {"bag": start}, datetime(2013, 1, number, tzinfo=UTC)), {"bag": arrived}))
    return made


def break_off(patch: pytest.MonkeyPatch, after: int) -> None:
    """Every commit but the first ``after`` fails."""
    done = 0

    def counted(commit: Callable[..., None]) -> Callable[..., None]:
        def checked(*arguments: Any, **named: Any) -> None:
            nonlocal done
            if done >= after:
                raise BrokenOffError
            done += 1
            commit(*arguments, **named)

        return checked

    for name in WRITES:
        patch.setattr(Store, name, counted(getattr(Store, name)))
    patch.setattr(Ledger, "set_mark", counted(Ledger.set_mark))


def rows(engine: Any, model: str) -> list[Any]:
    return sorted(map(repr, engine.content(model)[0].to_pylist()))


def snapshots(spark: Any) -> dict[str, int]:
    found = {}
    for kind in ("state", "live", "hot"):
        for row in spark.sql(f"SHOW TABLES IN headrace.{kind}").collect():
            name = f"headrace.{kind}.`{row['tableName']}`"
            found[name] = spark.sql(f"SELECT * FROM {name}.snapshots").count()
    return found


def test_an_epoch_broken_off_anywhere_is_finished(empty: Any, tmp_path: Path) -> None:
    embedded = DuckDBEngine(tmp_path / "state.duckdb", tmp_path / "lake")
    made = programs(embedded)
    embedded.install([SOURCE], made)
    (first, second) = epochs()
    engine = SparkEngine(empty)
    engine.install([SOURCE], made)
    for mark, arrived in (first, second):
        embedded.run(mark, arrived)
    engine.run(*first)
    whole = {model: rows(engine, model) for model in MODELS}
    after = 0
    while engine.mark() == first[0]:
        with pytest.MonkeyPatch.context() as patch:
            # Three steps further each time; those that an earlier try has committed are passed over.
            break_off(patch, after)
            try:
                engine.run(*second)
            except BrokenOffError:
                assert {model: rows(engine, model) for model in MODELS} == whole
                after += 3
        engine = SparkEngine(empty)
        assert engine.install([SOURCE], made) == ()
    assert after >= 3
    assert {model: rows(engine, model) for model in MODELS} == {model: rows(embedded, model) for model in MODELS}
    _, results = engine.recompute(list(MODELS))
    assert [(r.missing, r.extra) for r in results] == [(0, 0)] * len(MODELS)
    before = snapshots(empty)
    assert engine.run(*second).changed == {}
    assert snapshots(empty) == before
    embedded.close()
