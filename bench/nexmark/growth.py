"""State and cost as a query goes on: python -m bench.nexmark.growth QUERY FOLDER EVENTS [ledger]

The events of FOLDER are taken again and again, each time with later times and further ids, until there were EVENTS of them. After every
25 epochs state is saved, and a line of JSON tells what is kept. Raw rows, and final ones, are dropped as when the lake has them: what is
left is state.

With ``ledger`` the sources set rows aside that are later than four seconds, so that results become final.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from bench.nexmark.dropping import Dropping
from bench.nexmark.epochs import Epoch, epoch, epochs
from bench.nexmark.models import compiled, sources
from headrace.engine import DuckDBEngine, SetsAside

EPOCH_EVENTS, TOLD_AFTER = 200_000, 25
LATENESS = timedelta(seconds=4)
IDS = {"person": ("id",), "auction": ("id", "seller"), "bid": ("auction", "bidder")}


def repeated(folder: Path, streams: list[str], events: int) -> Iterator[Epoch]:
    """Epochs of 200,000 events, over and over, none of them twice the same."""
    offsets = dict.fromkeys(streams, 0)
    number, cycle = 0, 0
    while True:
        for _, arrived in epochs(folder, streams, EPOCH_EVENTS):
            if number * EPOCH_EVENTS >= events:
                return
            number += 1
            moved = {name: _later(name, rows.rows, cycle) for name, rows in arrived.items()}
            yield epoch(number, moved, offsets)
        cycle += 1


def _later(stream: str, rows: pa.Table, cycle: int) -> pa.Table:
    if stream not in IDS or not cycle:
        return rows
    for name in IDS[stream]:
        moved = pc.add(rows[name], pa.scalar(cycle * 10_000_000, pa.int64()))
        rows = rows.set_column(rows.column_names.index(name), name, moved)
    for name in ("date_time", "expires"):
        if name in rows.column_names:
            moved = pc.add(rows[name], pa.scalar(cycle * timedelta(hours=1), pa.duration("us")))
            rows = rows.set_column(rows.column_names.index(name), name, pc.cast(moved, rows[name].type))
    return rows


def measured(query: str, folder: Path, events: int, *, ledger: bool) -> Iterator[dict[str, float]]:
    """Events so far, mean milliseconds of an epoch since the last line, rows of state, megabytes of the state file and of memory."""
    with tempfile.TemporaryDirectory() as scratch:
        engine = DuckDBEngine(Path(scratch) / "state.duckdb", Path(scratch) / "lake")
        aside = SetsAside("date_time", LATENESS) if ledger else None
        tables = [replace(s, sets_aside=None if s.changelog else aside) for s in sources()]
        (program,) = compiled(engine, [query], tables)
        engine.install([t for t in tables if t.name in program.reads], [program])
        dropping = Dropping(engine)
        spent, count = 0.0, 0
        for mark, arrived in repeated(folder, list(program.reads), events):
            started = time.perf_counter()
            engine.run(mark, arrived)
            spent += time.perf_counter() - started
            dropping.after(mark, arrived)
            count += 1
            if count == TOLD_AFTER:
                _saved(engine, query)
                yield _line(engine, Path(scratch), mark.epoch, spent / count)
                spent, count = 0.0, 0
        engine.close()


def _saved(engine: DuckDBEngine, query: str) -> None:
    """State is on disk, and final rows are as in the lake."""
    engine.checkpoint()
    generation = engine.generation(query)
    if generation is not None:
        engine.sealed(query, generation, engine.final_rows(query), "")
        engine.checkpoint()


def _line(engine: DuckDBEngine, scratch: Path, epoch: int, seconds: float) -> dict[str, float]:
    sizes = engine.sizes()
    kept = sum(rows for name, rows in sizes.items() if name.startswith(("state.", "live.")))
    return {
        "events": epoch * EPOCH_EVENTS,
        "epoch_ms": round(seconds * 1000, 1),
        "rows": kept,
        "file_mb": round((scratch / "state.duckdb").stat().st_size / 1e6, 1),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
    }


if __name__ == "__main__":
    for line in measured(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), ledger="ledger" in sys.argv[4:]):
        print(json.dumps(line), flush=True)
