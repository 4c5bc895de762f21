"""One query on Flink: run by the Python of the environment that environments.py makes. on_flink.py QUERY.sql FOLDER JARS STREAMS

Timed: from submitting the INSERT to the job's end, in a JVM that has run a small job before. Bounded streaming, parallelism 2, Nexmark's own
mini-batch settings, state on the heap (faster than RocksDB where it fits); the sources are Parquet files, two for each stream so that both
tasks read, without compression, of which Flink reads the columns it needs; the sink is a black hole.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from pyflink.table import EnvironmentSettings, TableDescriptor, TableEnvironment

SETTINGS = {
    "parallelism.default": "2",
    "taskmanager.numberOfTaskSlots": "2",
    "taskmanager.memory.managed.size": "2gb",
    "taskmanager.memory.network.max": "256mb",
    "state.backend.type": "hashmap",
    "table.exec.mini-batch.enabled": "true",
    "table.exec.mini-batch.allow-latency": "2s",
    "table.exec.mini-batch.size": "50000",
    "table.optimizer.distinct-agg.split.enabled": "true",
    "table.local-time-zone": "UTC",
}
KINDS = {"VARCHAR": "STRING", "TIMESTAMP": "TIMESTAMP(3)"}


def environment(folder: Path, jars: list[Path], streams: dict[str, dict[str, str]]) -> TableEnvironment:
    table = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
    config = table.get_config()
    for name, value in SETTINGS.items():
        config.set(name, value)
    config.set("pipeline.jars", ";".join(f"file://{jar}" for jar in jars))
    for stream, columns in streams.items():
        body = ", ".join(f"`{name}` {KINDS.get(kind, kind)}" for name, kind in columns.items())
        late = ", WATERMARK FOR date_time AS date_time - INTERVAL '4' SECOND" if "date_time" in columns else ""
        options = f"'connector' = 'filesystem', 'path' = 'file://{folder / stream}.parquet', 'format' = 'parquet', 'parquet.utc-timezone' = 'true'"
        table.execute_sql(f"CREATE TABLE {stream} ({body}{late}) WITH ({options})")
    return table


def finished(table: TableEnvironment, query: str) -> float:
    """Seconds of the job."""
    began = time.perf_counter()
    table.sql_query(query).execute_insert(TableDescriptor.for_connector("blackhole").build()).wait()
    return time.perf_counter() - began


def main(query: Path, folder: Path, jars: Path, streams: str) -> None:
    table = environment(folder, sorted(jars.glob("*.jar")), json.loads(streams))
    finished(table, "SELECT id FROM person WHERE id < 0")
    print(json.dumps({"seconds": finished(table, query.read_text())}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
