"""Rows per second of the flights' year with all models on, beside a one-shot DuckDB recompute of the same models over the same rows.

    python bench/flights.py [EPOCH_ROWS ...]

The year is taken by ``headrace run --until-caught-up`` from its files through log, engine and lake. The limit is the batch SQL
of every model run once over the lake's rows, as ``headrace parity`` does, without the comparison's own time being taken out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEADRACE = str(Path(sys.executable).with_name("headrace"))


def headrace(*arguments: str) -> str:
    return subprocess.run(
        [HEADRACE, *arguments], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ).stdout


def measured(folder: Path, epoch_rows: str) -> tuple[float, float, int, int]:
    """Seconds of the replay, seconds of the recompute, rows, epochs."""
    headrace("init", str(folder), "--template", "flights")
    started = time.perf_counter()
    headrace("run", str(folder), "--until-caught-up", "--no-serve", "--epoch-rows", epoch_rows)
    replay = time.perf_counter() - started
    found = json.loads(headrace("parity", "--project", str(folder), "--json"))
    status = json.loads(headrace("status", "--project", str(folder), "--json"))
    assert all(receipt["equal"] for receipt in found["models"])
    rows = sum(source["kept"] for source in status["sources"])
    return replay, sum(receipt["seconds"] for receipt in found["models"]), rows, status["epoch"]


def main() -> None:
    """A line for each epoch size."""
    for epoch_rows in sys.argv[1:] or ["5000", "200000"]:
        with tempfile.TemporaryDirectory() as scratch:
            replay, batch, rows, epochs = measured(Path(scratch) / "flights", epoch_rows)
        print(
            f"epochs of at most {int(epoch_rows):,} rows: {rows:,} rows in {replay:.1f} s ({epochs:,} epochs, start and end included)"
            f" = {rows / replay:,.0f} rows/s; one-shot recompute {batch:.1f} s; ratio {batch / replay:.3f}"
        )


main()
