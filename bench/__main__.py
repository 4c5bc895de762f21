"""``make bench``: every benchmark, one after another. Each prints its figures with what they are measured against."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import duckdb
import pyarrow as pa

import headrace

ORDER = ("log", "lake", "flights", "tpch", "nexmark", "epochs", "latency")


def main() -> None:
    """Run the named benchmarks, or all."""
    print(
        f"headrace {headrace.__version__}, DuckDB {duckdb.__version__}, Arrow {pa.__version__}, Python {platform.python_version()}"
    )
    print(f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, load {os.getloadavg()[0]:.1f}\n")
    for name in sys.argv[1:] or ORDER:
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"bench.{name}"], check=True)


main()
