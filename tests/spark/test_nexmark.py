"""Nexmark on Spark from the very programs that DuckDB runs: after each epoch both hold the same, and what a recompute gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from bench.nexmark.epochs import Epoch, epoch
from bench.nexmark.generator import Config, generate, rows
from bench.nexmark.models import compiled, sources
from bench.nexmark.streams import STREAMS, side_input
from headrace.engine import DuckDBEngine, Mark
from headrace.engine.compare import differing
from headrace.engine.spark.engine import SparkEngine

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.timeout(1200)]
QUERIES = tuple(f"q{n}" for n in range(24))
EVENTS, EPOCHS = 4_000, 2


def feed() -> Iterator[Epoch]:
    events = generate(Config(seed=11, delay_us=20_000, disorder=1000), 0, EVENTS)
    offsets = dict.fromkeys((*STREAMS, "side_input"), 0)
    for number in range(1, EPOCHS + 1):
        stops = {name: rows(name, EVENTS // EPOCHS * number) for name in STREAMS}
        arriving = {name: events[name].slice(offsets[name], stops[name] - offsets[name]) for name in STREAMS}
        if number == 1:
            side = side_input()
            arriving["side_input"] = side.append_column("__w", pa.repeat(pa.scalar(1, pa.int8()), side.num_rows))
        yield epoch(number, arriving, offsets)


def unlike(expected: pa.Table, kept: pa.Table, columns: dict[str, str]) -> tuple[int, int]:
    connection = duckdb.connect()
    connection.from_arrow(expected).create("expected")
    connection.from_arrow(kept).create("kept")
    return differing(connection, "expected", "kept", list(columns.items()))


def agreeing(engine: DuckDBEngine | SparkEngine, mark: Mark) -> tuple[str, ...]:
    """The queries of which the engine's own recompute, as of the epoch, is what it keeps."""
    as_of, results = engine.recompute(QUERIES)
    assert as_of == mark
    return tuple(result.model for result in results if not result.missing and not result.extra)


def test_one_program_on_both_engines(empty: Any, tmp_path: Path) -> None:
    embedded = DuckDBEngine(tmp_path / "state.duckdb", tmp_path / "lake")
    programs = compiled(embedded, QUERIES)
    read = sources()
    engine = SparkEngine(empty)
    embedded.install(read, programs)
    assert engine.install(read, programs) == QUERIES
    for mark, arrived in feed():
        assert dict(engine.run(mark, arrived).changed) == dict(embedded.run(mark, arrived).changed)
        for query in QUERIES:
            expected, kept = embedded.content(query)[0], engine.content(query)[0]
            assert unlike(expected, kept, embedded.columns(query)) == (0, 0), f"{query}, epoch {mark.epoch}"
            assert kept.num_rows > 0
        assert agreeing(embedded, mark) == QUERIES
    assert agreeing(engine, mark) == QUERIES
    assert SparkEngine(empty).install(read, programs) == ()
    embedded.close()
