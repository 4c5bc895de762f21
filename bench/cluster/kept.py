"""A query that Headrace keeps, by either engine: seconds of its epochs, rows of its result, and what they cost as state grows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bench.cluster.places import named
from bench.cluster.plan import Case, Growth
from bench.cluster.results import Grown, Run
from bench.nexmark.dropping import Dropping
from bench.nexmark.epochs import sized
from bench.nexmark.models import compiled, sources
from headrace.engine import DuckDBEngine, Engine
from headrace.engine.cluster import ClusterEngine
from headrace.engine.spark.engine import SparkEngine
from headrace.engine.spark.session import SparkPlace, open_session

Open = Callable[[], Engine]
"""An empty engine."""


def embedded(folder: Path) -> Open:
    numbers = count()

    def opened() -> DuckDBEngine:
        return _duckdb(folder / f"duckdb-{next(numbers)}")

    return opened


@contextmanager
def on_cluster(place: SparkPlace, folder: Path, who: str) -> Iterator[Open]:
    """As a node has it, with a copy in DuckDB; one session for all engines, as its Java process warms up."""
    spark = open_session(place)
    spark.sparkContext.setLogLevel("ERROR")
    numbers = count()

    def opened() -> ClusterEngine:
        name = f"{who}_{next(numbers)}"
        session = open_session(named(place, name))
        copy = folder / name
        return ClusterEngine(SparkEngine(session, name), copy / "state.duckdb", lambda: _duckdb(copy), lambda: None)

    yield opened
    spark.stop()


def _duckdb(folder: Path) -> DuckDBEngine:
    folder.mkdir(parents=True, exist_ok=True)
    return DuckDBEngine(folder / "state.duckdb", folder / "lake")


@dataclass(frozen=True)
class Epoch:
    """Seconds since the system's epoch, from its beginning to its commit."""

    began: float
    ended: float

    @property
    def seconds(self) -> float:
        return self.ended - self.began


def epochs(engine: Engine, query: str, files: Path, sizes: Sequence[int]) -> Iterator[Epoch]:
    """Keep the query in epochs of so many events."""
    (program,) = compiled(engine, [query])
    engine.install([s for s in sources() if s.name in program.reads], [program])
    dropping = Dropping(engine)
    for mark, arrived in sized(files, program.reads, sizes):
        began = time.time()
        engine.run(mark, arrived)
        dropping.after(mark, arrived)
        yield Epoch(began, time.time())


def measured(opened: Open, peer: str, case: Case, files: Path) -> Run:
    engine = opened()
    took = [epoch.seconds for epoch in epochs(engine, case.query, files, case.sizes)]
    rows = engine.content(case.query)[0].num_rows
    engine.close()
    return Run(peer, case.query, case.size, took[case.warm :], rows)


def grown(opened: Open, peer: str, growth: Growth, query: str, files: Path) -> Iterator[Grown]:
    """What epochs cost after so many events."""
    engine = opened()
    planned = list(growth.epochs())
    took: list[float] = []
    for epoch, (_, after) in zip(epochs(engine, query, files, [size for size, _ in planned]), planned, strict=True):
        if after is not None:
            took.append(epoch.seconds)
        if len(took) == growth.counted:
            state = sum(rows for name, rows in engine.sizes().items() if name.startswith("state."))
            yield Grown(peer, query, after or 0, growth.size, took, state)
            took = []
    engine.close()
