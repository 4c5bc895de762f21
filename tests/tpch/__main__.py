"""The proof at any size: python -m tests.tpch [--sf 0.1] [--refreshes 10] [--form keyed|bag|append-only] [--seed N] [--spark]

Prints which queries are kept incrementally and why the others are not, then a line for each refresh. Exits with 3 when a
query's kept rows differ from its batch recompute or from the query run by DuckDB on plain tables.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from headrace.engine.spark.engine import SparkEngine
from headrace.engine.spark.session import on_this_machine, open_session
from headrace.sql import Program

from .data import queries
from .kept import Kept, embedded
from .plain import Changes, PlainTables
from .refresh import Form, Refreshes


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sf", type=float, default=0.1, help="scale factor: 1 has six million lineitems")
    arguments.add_argument("--refreshes", type=int, default=10)
    arguments.add_argument(
        "--share", type=float, default=0.001, help="of a table's rows that a refresh adds, takes, changes"
    )
    arguments.add_argument("--epochs", type=int, default=3, help="that a refresh, and the load, is cut into")
    arguments.add_argument("--form", type=Form, default=Form.KEYED, help="keyed, bag or append-only")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--spark", action="store_true", help="a local Spark session keeps them, not DuckDB")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, closing(PlainTables(asked.sf)) as plain:
        engine = SparkEngine(open_session(on_this_machine(Path(folder)))) if asked.spark else embedded(Path(folder))
        sys.exit(3 if proven(asked, Kept(engine, plain, asked.form)) else 0)


def proven(asked: argparse.Namespace, kept: Kept) -> int:
    """How many times a query was wrong."""
    describe(kept.install(queries()))
    stream = Refreshes(kept.plain, asked.form, asked.seed)
    wrong = step(kept, "load", stream.load(asked.epochs))
    for number in range(1, asked.refreshes + 1):
        wrong += step(kept, f"refresh {number}", stream.refresh(asked.share, asked.epochs))
    return wrong


def describe(programs: list[Program]) -> None:
    for program in programs:
        if not program.incremental:
            reasons = [line.reason for line in program.applied if line.rule == "whole" and line.detail != "small"]
            print(f"{program.model}: not incremental: {'; '.join(reasons)}")
    print(f"incremental: {sum(program.incremental for program in programs)} of {len(programs)}", flush=True)


def step(kept: Kept, name: str, epochs: Iterable[Changes]) -> int:
    """Run the epochs, compare every query, say what came of it."""
    started = time.perf_counter()
    changed = kept.take(epochs)
    ran = time.perf_counter() - started
    wrong = kept.wrong()
    compared = time.perf_counter() - started - ran
    print(
        f"{name}: {ran:.1f} s, {len(changed)} queries changed, {len(wrong)} wrong; compared in {compared:.1f} s",
        flush=True,
    )
    for query, what in wrong.items():
        print(f"  {query}: {what}")
    return len(wrong)


if __name__ == "__main__":
    main()
