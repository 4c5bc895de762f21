"""How fast the log takes rows durably, beside the bare disk: python bench/log.py [--folder DIR] [--appends N] [--json]

Appends of 10,000 rows alternate, in rounds, with writes of the same encoded bytes to a plain file, each followed by
fdatasync; so both meet the same disk and the same neighbours. Then: one-row appends from 1, 4 and 16 threads
(what group commit is for), and reading everything back.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

import pyarrow as pa

from headrace.log import Log, Part, open_sqlite
from headrace.log.batch import encode

ROWS = 10_000
ROUND = 20


def bids(chance: random.Random, first: int) -> pa.Table:
    """Rows like Nexmark's bids: four numbers, a short repeating text, a long unrepeating one; 94 bytes each."""
    urls = [f"https://www.nexmark.com/item.htm?query={chance.randrange(1 << 30)}" for _ in range(ROWS)]
    return pa.table(
        {
            "auction": [chance.randrange(1000, 2000) for _ in range(ROWS)],
            "bidder": [chance.randrange(1000, 5000) for _ in range(ROWS)],
            "price": [chance.randrange(1, 100_000) for _ in range(ROWS)],
            "channel": chance.choices(["Google", "Facebook", "Baidu", "Apple"], k=ROWS),
            "date_time": pa.array(range(first, first + 100 * ROWS, 100), pa.timestamp("us")),
            "url": urls,
        }
    )


def seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def large_appends(log: Log, folder: Path, tables: list[pa.Table], appends: int) -> dict[str, float]:
    blobs = [b"".join(batch.blob.to_pybytes() for batch in encode(table)) for table in tables]
    logged: list[float] = []
    raw: list[float] = []
    with (folder / "raw").open("wb", buffering=0) as file:
        while len(logged) < appends:
            for table in tables:
                parts = [Part("bid", table)]
                logged += [seconds(lambda parts=parts: log.append(parts, source="bench", position="p"))]
            for blob in blobs:
                raw += [seconds(lambda blob=blob: (file.write(blob), os.fdatasync(file.fileno())))]
    return {
        "rows_per_second": ROWS * len(logged) / sum(logged),
        "raw_rows_per_second": ROWS * len(raw) / sum(raw),
        "share_of_raw": sum(raw) / sum(logged),
        "share_of_raw_median": median(raw) / median(logged),
        "bytes_per_append": sum(map(len, blobs)) / len(blobs),
        "append_ms_median": median(logged) * 1e3,
        "append_ms_p99": quantiles(logged, n=100)[98] * 1e3,
        "raw_ms_median": median(raw) * 1e3,
    }


def small_appends(log: Log, row: pa.Table, writers: int, each: int = 200) -> float:
    def write(_: int) -> None:
        for _ in range(each):
            log.append([Part("small", row)], source="bench")

    with ThreadPoolExecutor(writers) as threads:
        return writers * each / seconds(lambda: list(threads.map(write, range(writers))))


def reading(log: Log) -> dict[str, float]:
    """Everything, in ranges of 100,000 rows: about what a busy node takes at a time."""
    end = log.ends()["bid"]
    step = 10 * ROWS
    took = seconds(lambda: [log.read("bid", at, min(at + step, end)) for at in range(0, end, step)])
    return {"read_rows_per_second": end / took}


def measure(folder: Path, appends: int) -> dict[str, float]:
    chance = random.Random(1)
    tables = [bids(chance, n * 100 * ROWS) for n in range(ROUND)]
    with closing(open_sqlite(folder / "log.sqlite", clock=lambda: datetime.now(UTC))) as log:
        figures = large_appends(log, folder, tables, appends)
        for writers in (1, 4, 16):
            rate = small_appends(log, tables[0].slice(0, 1), writers)
            figures[f"one_row_appends_per_second_{writers}_threads"] = rate
        return figures | reading(log)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--folder", type=Path, help="on the disk to measure; default: the system's temporary folder")
    arguments.add_argument("--appends", type=int, default=400)
    arguments.add_argument("--json", action="store_true")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        figures = measure(Path(folder), asked.appends)
    if asked.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:40} {value:>16,.2f}")


if __name__ == "__main__":
    main()
