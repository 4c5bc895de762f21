"""How fast the lake takes rows, beside a bare Parquet file: python bench/lake.py [--folder DIR] [--appends N] [--json]

Appends of 100,000 rows alternate with writes of the same rows to a plain Parquet file (same codec, flushed to the
disk), so both meet the same processor, disk and neighbours. Then: what kept snapshots cost an append, and compaction,
expiry and reading back through DuckDB.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from headrace.lake import Lake, open_lake

ROWS = 100_000
KEPT = (10, 100, 300)


def bids(first: int) -> pa.Table:
    """Rows like Nexmark's bids: four numbers, a short repeating text, a long unrepeating one."""
    query = f"""
        SELECT range AS __offset, 1000 + (random() * 1000)::BIGINT AS auction, 1000 + (random() * 4000)::BIGINT AS bidder,
            (random() * 100000)::BIGINT AS price, ['Google', 'Facebook', 'Baidu', 'Apple'][1 + range % 4] AS channel,
            make_timestamp(range * 100) AS date_time, 'https://www.nexmark.com/item.htm?query=' || hash(range) AS url
        FROM range({first}, {first + ROWS})"""
    return duckdb.sql(query).to_arrow_table()


def milliseconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1000


def append(lake: Lake, table: str, rows: pa.Table, start: int) -> None:
    lake.append(table, rows, start=start, stop=start + rows.num_rows, epoch=1)


def plain(path: Path, rows: pa.Table) -> None:
    pq.write_table(rows, path, compression="zstd")
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def large_appends(lake: Lake, folder: Path, appends: int) -> dict[str, float]:
    append(lake, "raw.bid", bids(0), 0)  # the first one creates the table
    lake_ms, plain_ms = [], []
    for at in range(1, appends + 1):
        rows = bids(at * ROWS)
        plain_ms.append(milliseconds(partial(plain, folder / "plain.parquet", rows)))
        lake_ms.append(milliseconds(partial(append, lake, "raw.bid", rows, at * ROWS)))
    ratios = [one / other for one, other in zip(lake_ms, plain_ms, strict=True)]
    return {"append_ms": median(lake_ms), "plain_parquet_ms": median(plain_ms), "ratio": median(ratios)}


def kept_snapshots(lake: Lake) -> dict[str, float]:
    """An append of ten rows, by the number of snapshots that the table keeps."""
    found, took = {}, []
    for at in range(max(KEPT)):
        rows = pa.table({"__offset": range(at * 10, at * 10 + 10)})
        took.append(milliseconds(partial(append, lake, "raw.small", rows, at * 10)))
        if at + 1 in KEPT:
            found[f"small_append_ms_with_{at + 1}_snapshots"] = median(took[-5:])
    return found


def upkeep(lake: Lake) -> dict[str, float]:
    query = "SELECT count(DISTINCT auction), sum(price) FROM ({})"
    scattered = milliseconds(lambda: duckdb.sql(query.format(lake.select("raw.bid"))).fetchall())
    compact = milliseconds(lambda: lake.compact("raw.bid", at_least=2))
    merged = milliseconds(lambda: duckdb.sql(query.format(lake.select("raw.bid"))).fetchall())
    expire = milliseconds(lambda: lake.expire("raw.bid", keep=1))
    return {"read_ms": scattered, "compact_ms": compact, "read_compacted_ms": merged, "expire_ms": expire}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where to write; default: a temporary folder")
    parser.add_argument("--appends", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name, open_lake(Path(name) / "lake") as lake:
        found = large_appends(lake, Path(name), options.appends) | upkeep(lake) | kept_snapshots(lake)
    if options.json:
        print(json.dumps({"rows": ROWS, "appends": options.appends} | found))
    else:
        for what, figure in found.items():
            print(f"{what:36} {figure:10.2f}")


if __name__ == "__main__":
    main()
