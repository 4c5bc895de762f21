"""How long an epoch of a Nexmark query takes on a local Spark session, beside DuckDB: ``python -m bench.spark_epochs [QUERY ...]``."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench.nexmark.epochs import epochs
from bench.nexmark.generator import Config, write
from bench.nexmark.models import compiled, sources
from headrace.engine import DuckDBEngine
from headrace.engine.spark.engine import SparkEngine
from headrace.engine.spark.session import on_this_machine, open_session

QUERIES = ("q3", "q4", "q5", "q18")
SIZES = (1_000, 10_000)
# The first epochs are those in which the JVM compiles itself.
WARM, COUNTED = 5, 5


def main(queries: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spark = open_session(on_this_machine(folder / "warehouse"))
        spark.sparkContext.setLogLevel("ERROR")
        for number, (query, size) in enumerate((q, s) for q in queries for s in SIZES):
            for catalog in ("state", "live", "hot", "node"):
                for row in spark.sql(f"SHOW TABLES IN headrace.{catalog}").collect() if number else []:
                    spark.sql(f"DROP TABLE headrace.{catalog}.`{row['tableName']}` PURGE")
            seconds = _measured(SparkEngine(spark), folder / f"{number}", query, size)
            print(
                f"{query:4} {size:6} events an epoch: spark {seconds[0]:.2f} s, duckdb {seconds[1]:.3f} s", flush=True
            )
        spark.stop()


def _measured(engine: SparkEngine, folder: Path, query: str, size: int) -> tuple[float, float]:
    """The median of the epochs counted, of either engine."""
    embedded = DuckDBEngine(folder.with_suffix(".duckdb"), folder)
    programs = compiled(embedded, [query])
    read = [source for source in sources() if source.name in programs[0].reads]
    took: tuple[list[float], list[float]] = ([], [])
    folder.mkdir()
    write(Config(), size * (WARM + COUNTED), folder)
    for runs in (engine, embedded):
        runs.install(read, programs)
    for mark, arrived in epochs(folder, programs[0].reads, size):
        for seconds, runs in zip(took, (engine, embedded), strict=True):
            started = time.perf_counter()
            runs.run(mark, arrived)
            seconds.append(time.perf_counter() - started)
    embedded.close()
    return statistics.median(took[0][WARM:]), statistics.median(took[1][WARM:])


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or QUERIES)
