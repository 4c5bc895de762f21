"""What watermarks make final is let go of, and every answer stays as it would be with all of it kept."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from headrace.engine import Arrived, DuckDBEngine, Mark, SetsAside, SourceTable
from headrace.engine import duckdb as engine_module
from headrace.sql import Catalog, Forget, Program, Relation, SqlText, compile_model, watermark
from tests.sampling import in_ci

COLUMNS = {"id": "BIGINT", "ts": "TIMESTAMP", "k": "VARCHAR", "v": "INTEGER"}
LATENESS = timedelta(seconds=20)
DIMENSION = SourceTable("dim", {"k": "VARCHAR", "name": "VARCHAR"}, True, ("k",))
SCHEMA = pa.schema([("id", pa.int64()), ("ts", pa.timestamp("us")), ("k", pa.string()), ("v", pa.int32())])
START = datetime(2024, 1, 1)

BOUNDED = {
    "tumbling": "select k, window_start, count(*) n, sum(v) s, max(v) m from tumble(a, ts, interval 10 second) group by all",
    "window_hidden": "select k, count(*) n from tumble(a, ts, interval 10 second) group by k, window_start",
    "hopping": "select window_start, window_end, k, count(*) n from hop(a, ts, interval 5 second, interval 20 second) group by all",
    "bucketed": "select date_trunc('minute', ts) t, count(distinct k) c, median(v) md from a group by 1 having count(*) > 2",
    "by_day": "select ts::date d, k, avg(v) av, min(v) mi from a group by all",
    "top_of_window": "select * from tumble(a, ts, interval 10 second) "
    "qualify row_number() over (partition by window_start, k order by v desc, id) <= 2",
    "ranked": "select id, window_start, rank() over (partition by window_start order by v, id) r "
    "from tumble(a, ts, interval 10 second)",
    "hottest": "with n as (select window_start w, k, count(*) n from tumble(a, ts, interval 10 second) group by all), "
    "m as (select w, max(n) n from n group by w) select n.w, n.k, n.n from n join m on n.w = m.w and n.n = m.n",
    "windows_joined": "select x.k, x.window_start, x.n, y.s from "
    "(select k, window_start, count(*) n from tumble(a, ts, interval 10 second) group by all) x join "
    "(select k, window_start, sum(v) s from tumble(b, ts, interval 10 second) group by all) y using (k, window_start)",
    "left_joined": "select x.k, x.w, x.n, y.n as m from (select k, time_bucket(interval 10 second, ts) w, count(*) n from a group by all) x "
    "left join (select k, time_bucket(interval 10 second, ts) w, count(*) n from b group by all) y on x.k = y.k and x.w = y.w",
    "interval_joined": "select a.id, b.id as other, a.ts from a join b on a.k = b.k "
    "and b.ts between a.ts and a.ts + interval 15 second",
    "passed_on": "select id, ts, v from a where v > 2",
    "over_a_model": "select w, max(n) n, count(*) c from (select window_start w, n from tumbling) group by w",
    "united": "select window_start, count(*) n from (select window_start from tumble(a, ts, interval 10 second) union all "
    "select window_start from tumble(b, ts, interval 10 second)) group by all",
}
# Rows of these that are final still meet rows that are to come, or no watermark says when they are.
UNBOUNDED = {
    "with_dimension": "select t.k, t.window_start, t.n, d.name from tumbling t join dim d using (k)",
    "by_key": "select k, count(*) n, max(ts) t from a group by k",
    "of_windows_by_key": "select k, max(n) n from tumbling group by k",
    "recent": "select count(*) n from a where ts > now() - interval 30 second",
}
MODELS = {**BOUNDED, **UNBOUNDED}


def sources(aside: SetsAside | None) -> tuple[SourceTable, ...]:
    return SourceTable("a", COLUMNS, sets_aside=aside), SourceTable("b", COLUMNS, sets_aside=aside), DIMENSION


def compiled(engine: DuckDBEngine, tables: tuple[SourceTable, ...], models: Mapping[str, str]) -> list[Program]:
    relations = {
        s.name: Relation(
            s.name,
            s.columns,
            not s.changelog,
            s.changelog,
            s.key,
            frontier={} if s.changelog else {"ts": watermark(s.name, "TIMESTAMP")},
            sets_aside=s.sets_aside is not None,
        )
        for s in tables
    }
    for relation in relations.values():
        engine.oracle.declare(relation.name, relation.columns)
    programs = []
    for name, sql in models.items():
        program = compile_model(name, SqlText(sql, Path(f"{name}.sql")), Catalog(relations, engine.oracle))
        columns = dict(engine.oracle.describe(program.batch))
        relations[name] = program.relation(columns)
        engine.oracle.declare(name, columns)
        programs.append(program)
    return programs


class Feed:
    """Out-of-order rows of both sources, some far behind, and changes of the dimension."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.offsets = dict.fromkeys(("a", "b", "dim"), 0)
        self.newest: dict[str, datetime] = {}
        self.late = dict.fromkeys(("a", "b"), 0)
        self.epoch = 0

    def next(self, rows: int = 40) -> tuple[Mark, dict[str, Arrived]]:
        arrived = {
            name: self._rows(name, rows) for name in self.random.sample(["a", "b"], self.random.choice([1, 2, 2]))
        }
        if self.random.random() < 0.3:
            arrived["dim"] = self._dimension()
        for name, rows_ in arrived.items():
            self.offsets[name] += rows_.rows.num_rows
        self.epoch += 1
        moment = (START + timedelta(seconds=3 * self.epoch)).replace(tzinfo=UTC)
        return Mark(self.epoch, dict(self.offsets), moment), arrived

    def _rows(self, name: str, count: int) -> Arrived:
        dice = self.random
        limit = self.newest[name] - LATENESS if name in self.newest else None
        rows = []
        for i in range(dice.randint(1, count)):
            behind = dice.choice([0, 0, 2, 5, 19, 30, 90])
            time = START + timedelta(seconds=3 * self.epoch + dice.random() * 3 - behind)
            moment = None if dice.random() < 0.02 else time
            rows.append(
                (self.offsets[name] + i, moment, dice.choice(["x", "y", "z", None]), dice.choice([1, 2, 3, 7, None]))
            )
        taken = [t for _, t, *_ in rows if t is not None and (limit is None or t >= limit)]
        self.late[name] += sum(1 for _, t, *_ in rows if t is not None and limit is not None and t < limit)
        if taken:
            self.newest[name] = max([*taken, *([self.newest[name]] if name in self.newest else [])])
        columns = [pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), SCHEMA.types, strict=True)]
        return Arrived(pa.table(columns, schema=SCHEMA), self.offsets[name])

    def _dimension(self) -> Arrived:
        row = [[self.random.choice("xyz")], [self.random.choice("pqr")], [self.random.choice([1, 1, -1])]]
        schema = pa.schema([("k", pa.string()), ("name", pa.string()), ("__w", pa.int8())])
        columns = [pa.array(values, kind) for values, kind in zip(row, schema.types, strict=True)]
        return Arrived(pa.table(columns, schema=schema), self.offsets["dim"])


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DuckDBEngine]:
    monkeypatch.setattr(engine_module, "FORGET_EPOCHS", 3)
    engine = DuckDBEngine(tmp_path / "state.duckdb", tmp_path / "lake")
    yield engine
    engine.close()


def differing(engine: DuckDBEngine) -> list[str]:
    _, found = engine.recompute(list(MODELS))
    return [r.model for r in found if r.missing or r.extra]


def test_what_is_kept_equals_a_recompute_and_bounded_states_stay_small(engine: DuckDBEngine) -> None:
    tables = sources(SetsAside("ts", LATENESS))
    programs = compiled(engine, tables, MODELS)
    engine.install(tables, programs)
    feed, sizes = Feed(0), {}
    for epoch in range(60):
        engine.run(*feed.next())
        if epoch % 10 == 9:
            assert differing(engine) == []
        if epoch in (29, 59):
            sizes[epoch] = engine.sizes()
    assert {name: engine.late(name) for name in feed.late} == feed.late
    assert min(feed.late.values()) > 30
    for program in programs:
        if program.model in BOUNDED:
            assert program.seal is not None, program.model
            for state in program.states:
                grown = sizes[59][f"state.{state.name}"], sizes[29][f"state.{state.name}"]
                assert grown[0] < 1.6 * grown[1] + 30, (state, grown)


def test_every_state_of_a_bounded_model_forgets(engine: DuckDBEngine) -> None:
    tables = sources(SetsAside("ts", LATENESS))
    for program in compiled(engine, tables, MODELS):
        forgets = {step.state for step in program.advance if isinstance(step, Forget)}
        if program.model in BOUNDED:
            assert forgets == {state.name for state in program.states}, program.model
            assert all("until the watermark" in state.bound for state in program.states)
        elif program.model != "recent":
            assert forgets < {state.name for state in program.states}, program.model


def test_without_a_ledger_nothing_is_forgotten_and_explain_says_what_would_bound_it(engine: DuckDBEngine) -> None:
    tables = sources(None)
    for program in compiled(engine, tables, BOUNDED):
        assert program.seal is None
        assert not any(isinstance(step, Forget) for step in program.advance)
        for state in program.states:
            assert "late: ledger" in state.warning, (program.model, state)


def test_late_rows_are_kept_apart_with_the_watermark_that_they_came_behind(engine: DuckDBEngine) -> None:
    tables = sources(SetsAside("ts", LATENESS))
    engine.install(tables, compiled(engine, tables, {"tumbling": MODELS["tumbling"]}))
    feed = Feed(7)
    for _ in range(30):
        engine.run(*feed.next())
    ledger = engine.content("headrace_late")[0].to_pylist()
    assert len(ledger) == sum(feed.late.values())
    assert all(row["event_time"] < row["watermark"] for row in ledger)
    assert engine.content("a")[0].num_rows == feed.offsets["a"] - feed.late["a"]


@in_ci
def test_a_state_file_made_anew_sets_the_same_rows_aside(tmp_path: Path) -> None:
    tables = sources(SetsAside("ts", LATENESS))
    feed, epochs = Feed(3), []
    with_all: dict[str, list[pa.Table]] = {"a": [], "b": []}
    first = DuckDBEngine(tmp_path / "first.duckdb", tmp_path / "lake")
    first.install(tables, compiled(first, tables, BOUNDED))
    for _ in range(25):
        mark, arrived = feed.next()
        first.run(mark, arrived)
        epochs.append(mark.offsets)
        for name in with_all:
            with_all[name] += [arrived[name].rows] if name in arrived else []
    second = DuckDBEngine(tmp_path / "second.duckdb", tmp_path / "lake")
    everything = {name: Arrived(pa.concat_tables(rows), 0) for name, rows in with_all.items()}
    second.restore(mark, tables, everything, epochs)
    second.install(tables, compiled(second, tables, BOUNDED))
    for name in [*BOUNDED, "headrace_late", "a"]:
        one, other = (sorted(map(str, e.content(name)[0].to_pylist())) for e in (first, second))
        assert one == other, name
    first.close()
    second.close()
