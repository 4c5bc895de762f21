"""One query on Spark Structured Streaming: run by the Python of the environment that environments.py makes. on_spark.py QUERY.sql FOLDER STREAMS

Timed: from starting the query to its end, in a session that has run a small query before. The sources are the Parquet files, each taken
whole in one micro-batch, which is the best case for Spark; the sink throws the rows away.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming import StreamingQuery

# What has no window and no append: groups that change for ever.
UPDATED = ("q17",)


def session(folder: Path, streams: dict[str, dict[str, str]]) -> SparkSession:
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.driver.memory", "8g")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    for name, columns in streams.items():
        body = ", ".join(f"`{column}` {kind.replace('VARCHAR', 'STRING')}" for column, kind in columns.items())
        if "date_time" in columns:
            rows = spark.readStream.schema(body).parquet(str(folder), pathGlobFilter=f"{name}.parquet")
            rows.withWatermark("date_time", "4 seconds").createOrReplaceTempView(name)
        else:
            spark.read.schema(body).parquet(str(folder / f"{name}.parquet")).createOrReplaceTempView(name)
    return spark


def finished(rows: DataFrame, mode: str) -> float:
    """Seconds of the query."""
    began = time.perf_counter()
    started: StreamingQuery = rows.writeStream.format("noop").outputMode(mode).trigger(availableNow=True).start()
    started.awaitTermination()
    return time.perf_counter() - began


def main(query: Path, folder: Path, streams: str) -> None:
    spark = session(folder, json.loads(streams))
    finished(spark.sql("SELECT id FROM person WHERE id < 0"), "append")
    print(
        json.dumps({"seconds": finished(spark.sql(query.read_text()), "update" if query.stem in UPDATED else "append")})
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
