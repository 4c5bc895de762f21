"""Generated queries on Spark: what it keeps after each epoch is what DuckDB keeps, and what a recompute gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from headrace.engine import Arrived, DuckDBEngine, Mark
from headrace.engine.spark.check import unfaithful
from headrace.engine.spark.engine import SparkEngine
from headrace.sql import Program
from tests.fuzz.case import Case
from tests.fuzz.generate import project
from tests.fuzz.sources import SOURCES, schema
from tests.fuzz.stream import Epoch, Row
from tests.fuzz.trial import tried
from tests.spark.test_nexmark import unlike

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.timeout(900)]
PROJECTS = 4
EPOCHS = 2
# Of the generator's own epochs, which are many and small.
BATCHES = 12


def merged(epochs: Sequence[Epoch]) -> list[Epoch]:
    """The same rows in few epochs."""
    size = -(-len(epochs) // EPOCHS)
    made = []
    for first in range(0, len(epochs), size):
        some = epochs[first : first + size]
        rows: dict[str, list[Row]] = {}
        for epoch in some:
            for source, arriving in epoch.rows.items():
                rows.setdefault(source, []).extend(arriving)
        made.append(Epoch(some[-1].time, rows))
    return made


def arriving(epochs: Sequence[Epoch]) -> Iterator[tuple[Mark, dict[str, Arrived]]]:
    schemas = {source.name: schema(source) for source in SOURCES}
    offsets = dict.fromkeys(schemas, 0)
    for number, epoch in enumerate(epochs, 1):
        arrived = {}
        for source, rows in epoch.rows.items():
            arrived[source] = Arrived(pa.Table.from_pylist(list(rows), schema=schemas[source]), offsets[source])
            offsets[source] += len(rows)
        yield Mark(number, dict(offsets), epoch.time), arrived


def kept_by_spark(programs: Sequence[Program]) -> list[Program]:
    """Those that Spark can keep, and whose models it can."""
    refused = {model for model, why in unfaithful(SOURCES, programs).items() if why is not None}
    for program in programs:
        if refused.intersection(program.reads):
            refused.add(program.model)
    return [program for program in programs if program.model not in refused]


@pytest.mark.parametrize("seed", range(PROJECTS))
def test_what_spark_keeps_is_what_duckdb_keeps(seed: int, empty: Any, tmp_path: Path) -> None:
    made = project(seed, epochs=BATCHES)
    epochs = merged(made.epochs)
    verdict = tried(Case(made.models, epochs))
    assert not verdict.faults
    programs = kept_by_spark(list(verdict.programs.values()))
    assert programs
    embedded = DuckDBEngine(tmp_path / "state.duckdb", tmp_path / "lake")
    embedded.install(SOURCES, programs)
    engine = SparkEngine(empty)
    engine.install(SOURCES, programs)
    for mark, arrived in arriving(epochs):
        embedded.run(mark, arrived)
        engine.run(mark, arrived)
        for program in programs:
            expected, kept = embedded.content(program.model)[0], engine.content(program.model)[0]
            different = unlike(expected, kept, embedded.columns(program.model))
            assert different == (0, 0), f"{program.model}, epoch {mark.epoch}: {made.models[program.model]}"
    _, results = engine.recompute([program.model for program in programs])
    assert {r.model: (r.missing, r.extra) for r in results} == {program.model: (0, 0) for program in programs}
    engine.close()
    embedded.close()
