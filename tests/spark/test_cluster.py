"""Models on Spark with their copy in DuckDB: one answer, whatever is lost on the way."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlglot

from headrace.engine import Arrived, Asked, DuckDBEngine, Mark, SetsAside
from headrace.engine.cluster import ClusterEngine
from headrace.engine.spark.engine import SparkEngine
from headrace.engine.spark.ledger import Ledger
from headrace.errors import EngineError
from tests.engine.test_incremental_equals_batch import SOURCES, Stream, compiled
from tests.spark.test_changes import joined
from tests.spark.test_nexmark import unlike

pytestmark = pytest.mark.xdist_group("spark")
MODELS = {
    "grouped": "select k, count(*) n, sum(x) s, avg(d) a from ev group by k",
    "busiest": "select k, n from grouped where n > 1",
    "bags": "select k, v from bag where v > 1",
}
CHANGED = {**MODELS, "grouped": "select k, count(*) + 1 n, 'new' as t from ev group by k", "by_v": "select v from bag"}
del CHANGED["bags"]


class Both:
    """The same epochs on the cluster engine and on DuckDB alone."""

    def __init__(self, spark: Any, folder: Path) -> None:
        self._spark = spark
        self._folder = folder
        self._stream = Stream(3)
        self._arrived: list[dict[str, Arrived]] = []
        self._mark = Mark(0, {}, None)
        self.marks: list[Mark] = []
        self._models: dict[str, str] = {}
        self.alone = DuckDBEngine(folder / "alone.duckdb", folder / "lake")
        self.cluster = self.opened()

    def opened(self) -> ClusterEngine:
        path = self._folder / "copy.duckdb"
        lake = self._folder / "lake"
        return ClusterEngine(SparkEngine(self._spark), path, lambda: DuckDBEngine(path, lake), lambda: None)

    def install(self, models: Mapping[str, str]) -> tuple[str, ...]:
        self._models = dict(models)
        programs = compiled(self.alone, self._models)
        self.alone.install(SOURCES, programs)
        if (at := self.cluster.to_restore(self._mark)) is not None:
            every: dict[str, Arrived] = {}
            for arrived in self._arrived[: at.epoch]:
                every = joined(every, arrived)
            self.cluster.restore(at, SOURCES, every)
        return self.cluster.install(SOURCES, programs)

    def next(self) -> tuple[Mark, dict[str, Arrived]]:
        self._arrived.append(joined(self._stream.epoch(), self._stream.epoch()))
        self._mark = Mark(self._mark.epoch + 1, dict(self._stream.offsets), self._stream.now)
        self.marks.append(self._mark)
        self.alone.run(self._mark, self._arrived[-1])
        return self._mark, self._arrived[-1]

    def agree(self) -> None:
        assert self.cluster.mark() == self._mark
        for model in self._models:
            columns = self.alone.columns(model)
            assert self.cluster.columns(model) == columns
            assert self.differing(self.alone.content(model)[0], self.cluster.content(model)[0], columns) == (0, 0), (
                model
            )
        for source in SOURCES:
            columns = self.alone.columns(source.name)
            assert self.differing(
                self.alone.content(source.name)[0], self.cluster.content(source.name)[0], columns
            ) == (0, 0)

    @staticmethod
    def differing(expected: pa.Table, found: pa.Table, columns: Mapping[str, str]) -> tuple[int, int]:
        return unlike(expected, found, dict(columns))


@pytest.fixture
def both(empty: Any, tmp_path: Path) -> Both:
    return Both(empty, tmp_path)


def asked(text: str) -> list[Asked]:
    query = sqlglot.parse_one(text, read="duckdb")
    assert isinstance(query, sqlglot.exp.Query)
    return [Asked(query)]


def test_it_answers_as_duckdb_alone_and_goes_on_from_where_it_was(both: Both) -> None:
    assert both.install(MODELS) == tuple(MODELS)
    for _ in range(2):
        committed = both.cluster.run(*both.next())
        for model in MODELS:
            change = both.cluster.changes(model)
            assert change.num_rows == committed.changed.get(model, 0)
            columns = {**both.alone.columns(model), "__w": "TINYINT"}
            assert both.differing(both.alone.changes(model), change, columns) == (0, 0), model
        both.agree()
    text = "SELECT k, n, s FROM grouped ORDER BY k"
    (found,), mark = both.cluster.query(asked(text))
    (wanted,), _ = both.alone.query(asked(text))
    assert isinstance(found, pa.Table)
    assert isinstance(wanted, pa.Table)
    assert (found.to_pylist(), mark.epoch) == (wanted.to_pylist(), 2)
    (before,), (wanted,) = (engine.query_at(asked(text), both.marks[0]) for engine in (both.cluster, both.alone))
    assert isinstance(before, pa.Table)
    assert isinstance(wanted, pa.Table)
    assert before.to_pylist() == wanted.to_pylist() != found.to_pylist()
    _, results = both.cluster.recompute(list(MODELS))
    assert [(r.model, r.missing, r.extra) for r in results] == [(model, 0, 0) for model in MODELS]
    both.cluster.close()
    both.cluster = both.opened()
    assert both.cluster.to_restore(mark) is None
    assert both.install(MODELS) == ()
    both.agree()
    both.cluster.run(*both.next())
    both.agree()
    both.cluster.close()
    both.alone.close()


def test_a_change_that_is_lost_with_a_worker_is_found_in_the_tables(
    both: Both, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.install(MODELS)
    both.cluster.run(*both.next())
    content, changes = SparkEngine.content, SparkEngine.changes

    def lost(*_: Any) -> Any:
        raise EngineError("a block is not there", code="HR-613", state="", fix="")

    monkeypatch.setattr(SparkEngine, "changes", lost)
    monkeypatch.setattr(SparkEngine, "content", lost)
    mark, arrived = both.next()
    with pytest.raises(EngineError, match="a block is not there"):
        both.cluster.run(mark, arrived)
    monkeypatch.setattr(SparkEngine, "content", content)
    both.cluster.run(mark, arrived)
    for model in MODELS:
        columns = {**both.alone.columns(model), "__w": "TINYINT"}
        assert both.differing(both.alone.changes(model), both.cluster.changes(model), columns) == (0, 0), model
    both.agree()
    monkeypatch.setattr(SparkEngine, "changes", changes)
    both.cluster.run(*both.next())
    both.agree()
    both.cluster.close()
    both.alone.close()


def test_an_epoch_whose_commit_nobody_answered_is_in_the_copy_too(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    both.install(MODELS)
    both.cluster.run(*both.next())
    committing = Ledger.set_mark

    def unanswered(ledger: Ledger, mark: Mark) -> None:
        committing(ledger, mark)
        raise EngineError("the connection has been closed", code="HR-613", state="", fix="")

    mark, arrived = both.next()
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "set_mark", unanswered)
        with pytest.raises(EngineError, match="has been closed"):
            both.cluster.run(mark, arrived)
    committed = both.cluster.run(mark, arrived)
    for model in MODELS:
        columns = {**both.alone.columns(model), "__w": "TINYINT"}
        assert both.cluster.changes(model).num_rows == committed.changed.get(model, 0)
        assert both.differing(both.alone.changes(model), both.cluster.changes(model), columns) == (0, 0), model
    both.agree()
    both.cluster.run(*both.next())
    both.agree()
    both.cluster.close()
    both.alone.close()


def test_a_copy_that_is_behind_or_fails_is_made_again(
    both: Both, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.install(MODELS)
    both.cluster.run(*both.next())
    both.cluster.checkpoint()
    saved = shutil.copy(tmp_path / "copy.duckdb", tmp_path / "saved.duckdb")
    mark, arrived = both.next()
    copy = both.cluster._copy
    with monkeypatch.context() as patch:
        patch.setattr(copy, "run", lambda *_: (_ for _ in ()).throw(EngineError("full", code="HR-602")))
        with pytest.raises(EngineError, match="HR-602"):
            both.cluster.run(mark, arrived)
    assert both.cluster.mark().epoch == 1
    both.cluster.run(mark, arrived)
    both.agree()
    # The process dies: what the copy had since it was saved is lost, and Spark is ahead of it.
    copy._connection.close()
    shutil.copy(saved, tmp_path / "copy.duckdb")
    both.cluster = both.opened()
    assert both.cluster.to_restore(mark) == mark
    both.install(MODELS)
    both.agree()
    both.cluster.run(*both.next())
    both.agree()
    # It dies again, while a changed model is copied: the copy is not taken for whole.
    with monkeypatch.context() as patch:
        patch.setattr(DuckDBEngine, "mirror", lambda *_: (_ for _ in ()).throw(EngineError("full", code="HR-602")))
        with pytest.raises(EngineError, match="HR-602"):
            both.install(CHANGED)
    both.cluster.close()
    both.cluster = both.opened()
    assert both.cluster.to_restore(mark) is not None
    both.install(CHANGED)
    both.agree()
    both.cluster.run(*both.next())
    both.agree()
    both.cluster.close()
    both.alone.close()


def test_a_source_that_sets_late_rows_aside_is_refused(both: Both) -> None:
    late = replace(SOURCES[0], sets_aside=SetsAside("ts", timedelta(hours=1)))
    with pytest.raises(EngineError, match="HR-614"):
        both.cluster.install([late], [])
    both.cluster.close()
    both.alone.close()
