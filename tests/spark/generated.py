"""A generated project on Spark: its models are built from rows that are there, then kept; each is held against DuckDB and a recompute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

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

# Of the generator's own epochs, which are many and small, and what they are made into: what is there already, and two changes.
BATCHES, EPOCHS = 12, 3


@dataclass
class Outcome:
    """What came of a project.

    Attributes:
        refused: model -> why Spark does not keep it.
        wrong: model -> how what Spark keeps differs, and its SQL.
    """

    kept: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)


def outcome(seed: int, spark: Any, folder: Path) -> Outcome:
    """Try the project of ``seed`` in a session with nothing in its catalog."""
    made = project(seed, epochs=BATCHES)
    epochs = merged(made.epochs)
    verdict = tried(Case(made.models, epochs))
    found = Outcome(refused=refusals(list(verdict.programs.values())))
    found.wrong.update((fault.model, f"DuckDB: {fault.kind}: {fault.detail}") for fault in verdict.faults.values())
    programs = [program for name, program in verdict.programs.items() if name not in found.refused]
    found.kept = [program.model for program in programs]
    with (
        closing(DuckDBEngine(folder / "state.duckdb", folder / "lake")) as embedded,
        closing(SparkEngine(spark)) as engine,
    ):
        embedded.install(SOURCES, programs)
        engine.install(SOURCES, [])
        for mark, arrived in arriving(epochs):
            embedded.run(mark, arrived)
            engine.run(mark, arrived)
            if mark.epoch == 1:
                engine.install(SOURCES, programs)
        for model in found.kept:
            expected, kept = embedded.content(model)[0], engine.content(model)[0]
            missing, extra = unlike(expected, kept, embedded.columns(model))
            if missing or extra:
                found.wrong[model] = f"{missing} rows missing, {extra} extra: {made.models[model]}"
        _, results = engine.recompute(found.kept)
        found.wrong.update(
            (r.model, f"recomputed: {r.missing} rows missing, {r.extra} extra: {made.models[r.model]}")
            for r in results
            if r.missing or r.extra
        )
    return found


def refusals(programs: Sequence[Program]) -> dict[str, str]:
    """Why Spark does not keep a model: of what it has no words for, or of a model that it reads."""
    refused: dict[str, str] = {}
    found: Mapping[str, str | None] = unfaithful(SOURCES, programs)
    for program in programs:
        why = found[program.model] or next((f"it reads {name}" for name in program.reads if name in refused), None)
        if why is not None:
            refused[program.model] = why
    return refused


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
