"""Late rows counted in: afterwards every answer is as if they had come in time, and what changed is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from headrace.engine import Arrived, Asked, DuckDBEngine, Mark, SetsAside
from headrace.engine import duckdb as engine_module
from headrace.errors import EngineError
from headrace.sql import SqlText, parse
from tests.sampling import CI, in_ci

from .test_sealing import LATENESS, MODELS, Feed, compiled, differing, sources

ASIDE = SetsAside("ts", LATENESS)
EPOCHS = 32 if CI else 27


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(engine_module, "FORGET_EPOCHS", 3)
    return tmp_path


@pytest.fixture
def engine(folder: Path) -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(folder / "state.duckdb", folder / "lake")
    yield engine
    engine.close()


def content(engine: DuckDBEngine, relation: str, at: Mark | None = None) -> Counter[str]:
    """A relation's rows, now or as of an earlier epoch."""
    asked = [Asked(parse(SqlText(f"SELECT * FROM {relation}", Path("q.sql"))))]
    (found,) = engine.query(asked)[0] if at is None else engine.query_at(asked, at)
    assert isinstance(found, pa.Table), found
    return Counter(map(str, found.to_pylist()))


def reconcile(engine: DuckDBEngine, feed: Feed, *names: str, models: tuple[str, ...] = ()) -> Mark:
    feed.epoch += 1
    mark = Mark(feed.epoch, dict(feed.offsets), engine.mark().time)
    return engine.reconcile(mark, frozenset(names), models).mark


def test_late_rows_count_and_changes_add_up(engine: DuckDBEngine, folder: Path) -> None:
    """Beside an engine that sets nothing aside: after a reconcile both have the same, and each model's changes come to its rows."""
    with_all = DuckDBEngine(folder / "all.duckdb", folder / "lake")
    with_all.install(sources(None), compiled(with_all, sources(None), MODELS))
    engine.install(sources(ASIDE), compiled(engine, sources(ASIDE), MODELS))
    feed = Feed(0)
    summed: dict[str, Counter[str]] = {name: content(engine, name) for name in MODELS}

    def told() -> None:
        for name in MODELS:
            for row in engine.changes(name).to_pylist():
                weight = row.pop("__w")
                summed[name][str(row)] += weight

    for epoch in range(EPOCHS):
        mark, arrived = feed.next()
        engine.run(mark, arrived)
        told()
        with_all.run(mark, arrived)
        if epoch % 15 == 11:
            names = ("a", "b") if epoch > 20 else ("a",)
            assert engine.late("a") > 0
            marked = reconcile(engine, feed, *names)
            told()
            with_all.run(marked, {})
            assert [engine.late(name) for name in names] == [0] * len(names)
            assert engine.durable() == engine.mark() == marked
            assert differing(engine) == []
            if len(names) == 2:
                for name in [*MODELS, "a", "b"]:
                    assert content(engine, name) == content(with_all, name), (epoch, name)
            for name in MODELS:
                assert +summed[name] == content(engine, name), (epoch, name)
    assert differing(engine) == []
    with_all.close()


@in_ci
def test_an_earlier_epoch_is_as_it_was(engine: DuckDBEngine) -> None:
    tables = sources(ASIDE)
    engine.install(tables, compiled(engine, tables, MODELS))
    feed = Feed(4)
    for _ in range(20):
        engine.run(*feed.next())
    before, rows = engine.mark(), {name: content(engine, name) for name in ("tumbling", "by_key", "headrace_late")}
    reconcile(engine, feed, "a", "b")
    for name, there in rows.items():
        assert content(engine, name) != there
        assert content(engine, name, before) == there, name


@in_ci
def test_what_counts_survives_a_state_file_that_is_lost(engine: DuckDBEngine, folder: Path) -> None:
    tables = sources(ASIDE)
    engine.install(tables, compiled(engine, tables, MODELS))
    feed, epochs = Feed(5), []
    rows: dict[str, list[pa.Table]] = {"a": [], "b": []}
    dimension: list[pa.Table] = []
    for _ in range(2):
        for _ in range(10):
            mark, arrived = feed.next()
            engine.run(mark, arrived)
            epochs.append(mark.offsets)
            for name, one in arrived.items():
                (dimension if name == "dim" else rows[name]).append(one.rows)
        mark = reconcile(engine, feed, "a")
        epochs.append(mark.offsets)
    again = DuckDBEngine(folder / "again.duckdb", folder / "lake")
    everything = {name: Arrived(pa.concat_tables(parts), 0) for name, parts in {**rows, "dim": dimension}.items()}
    again.restore(mark, tables, everything, epochs, engine.counted())
    again.install(tables, compiled(again, tables, MODELS))
    assert again.counted() == engine.counted()
    assert [again.late(name) for name in ("a", "b")] == [engine.late(name) for name in ("a", "b")] != [0, 0]
    for name in [*MODELS, "a", "b", "headrace_late"]:
        assert content(again, name) == content(engine, name), name
    again.close()


def test_a_model_that_differs_is_replaced_by_its_recompute(engine: DuckDBEngine) -> None:
    tables = sources(ASIDE)
    programs = compiled(engine, tables, MODELS)
    engine.install(tables, programs)
    feed = Feed(6)
    for _ in range(10):
        engine.run(*feed.next())
    engine._connection.execute("DELETE FROM live.ranked WHERE rowid = (SELECT max(rowid) FROM live.ranked)")
    assert differing(engine) == ["ranked"]
    feed.epoch += 1
    committed = engine.reconcile(Mark(feed.epoch, dict(feed.offsets), engine.mark().time), (), ("ranked",))
    assert committed.changed == {"ranked": 1}
    assert [row["__w"] for row in engine.changes("ranked").to_pylist()] == [1]
    assert differing(engine) == []
    engine.run(*feed.next())
    assert differing(engine) == []


def test_one_that_fails_leaves_everything_as_it_was(engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = sources(ASIDE)
    engine.install(tables, compiled(engine, tables, MODELS))
    feed = Feed(8)
    for _ in range(15):
        engine.run(*feed.next())
    rows = {name: content(engine, name) for name in [*MODELS, "a", "headrace_late"]}
    late = engine.late("a")
    whole = engine._build

    def fails(prepared: Any, mark: Mark) -> None:
        if prepared.program.model == "by_day":
            raise EngineError("the disk is full", code="HR-602")
        whole(prepared, mark)

    monkeypatch.setattr(engine, "_build", fails)
    with pytest.raises(EngineError, match="HR-602"):
        reconcile(engine, feed, "a", "b")
    feed.epoch -= 1
    monkeypatch.undo()
    assert (engine.late("a"), engine.counted()) == (late, [])
    assert {name: content(engine, name) for name in rows} == rows
    engine.run(*feed.next())
    assert differing(engine) == []
    reconcile(engine, feed, "a", "b")
    assert differing(engine) == []
