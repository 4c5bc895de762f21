"""One query on Headrace's embedded engine: python -m bench.nexmark.on_headrace QUERY FOLDER [EPOCH_EVENTS]; 0 or nothing: as the runtime would choose

Timed: mapping the Arrow files of the streams that the query reads into memory, and running the epochs: delta program, commit. Raw rows
are kept as they arrived and dropped after every quarter of a million, as when the lake has them. Not timed: starting, compiling, and the
final checkpoint. State is a file.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

from bench.nexmark.dropping import Dropping
from bench.nexmark.epochs import chosen, epochs
from bench.nexmark.models import compiled, sources
from headrace.engine import DuckDBEngine


def measured(query: str, folder: Path, events: int) -> dict[str, float]:
    """``seconds`` in all, of them ``reading``; the slowest and the last epoch; rows of the result."""
    with tempfile.TemporaryDirectory() as scratch:
        engine = DuckDBEngine(Path(scratch) / "state.duckdb", Path(scratch) / "lake")
        (program,) = compiled(engine, [query])
        engine.install([s for s in sources() if s.name in program.reads], [program])
        took: list[float] = []
        dropping = Dropping(engine)
        began = time.perf_counter()
        for mark, arrived in epochs(folder, program.reads, events) if events else chosen(folder, program.reads):
            started = time.perf_counter()
            engine.run(mark, arrived)
            dropping.after(mark, arrived)
            took.append(time.perf_counter() - started)
        seconds = time.perf_counter() - began
        result = engine.content(query)[0].num_rows
        engine.close()
    return {
        "seconds": seconds,
        "reading": seconds - sum(took),
        "epochs": len(took),
        "slowest": max(took),
        "last": took[-1],
        "rows": result,
    }


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], Path(sys.argv[2]), int((sys.argv[3:] or ["0"])[0]))))
