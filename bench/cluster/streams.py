"""The same queries on Spark Structured Streaming: the same session, one file of each stream an epoch, results in Iceberg as well.

What is appended to goes through Iceberg's own sink; groups that change, through ``foreachBatch`` and a MERGE. An epoch's seconds are those
that the query's progress tells: reading, state, the commits of its checkpoint and of the table.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from bench.cluster.places import named
from bench.cluster.plan import Case
from bench.cluster.results import Run
from bench.nexmark.epochs import sized
from bench.nexmark.streams import STREAMS
from headrace.engine.spark.session import SparkPlace, open_session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.streaming import StreamingQuery

TEXTS = Path(__file__).parents[1] / "nexmark" / "spark"
# Of what changes, by which columns.
KEYS = {"q17": ("auction", "day")}
READS = {"q0": ("bid",), "q3": ("auction", "person"), "q5": ("bid",), "q17": ("bid",)}
_PROPERTIES = "'format-version' = '2', 'write.merge.mode' = 'merge-on-read', 'write.distribution-mode' = 'none', 'write.merge.distribution-mode' = 'none'"


def runs(query: str) -> bool:
    return query in READS


def measured(place: SparkPlace, peer: str, cases: list[Case], files: Path, folder: Path) -> Iterator[Run]:
    """Each case, after one that does not count."""
    name = peer.replace("-", "_")
    spark = open_session(named(place, name))
    spark.sparkContext.setLogLevel("ERROR")
    spark.sql(f"CREATE NAMESPACE {name}.results")
    for number, case in enumerate([cases[0], *cases]):
        scratch = folder / f"{peer}-{number}"
        run = _measured(spark, f"{name}.results.r{number}", peer, case, _cut(case, files, scratch), scratch)
        if number:
            yield run
    spark.stop()


def _cut(case: Case, files: Path, scratch: Path) -> Path:
    """A file of each stream for each epoch, as old as it comes early: so they are taken in turn."""
    for mark, arrived in sized(files, READS[case.query], case.sizes):
        for stream, rows in arrived.items():
            file = scratch / stream / f"{mark.epoch:05}.parquet"
            file.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(rows.rows, file)
            os.utime(file, (mark.epoch, mark.epoch))
    return scratch


def _measured(spark: SparkSession, table: str, peer: str, case: Case, epochs: Path, scratch: Path) -> Run:
    for stream in READS[case.query]:
        _show(spark, stream, epochs / stream)
    rows = spark.sql((TEXTS / f"{case.query}.sql").read_text())
    body = ", ".join(f"`{column.name}` {column.dataType.simpleString()}" for column in rows.schema)
    spark.sql(f"CREATE TABLE {table} ({body}) USING iceberg TBLPROPERTIES ({_PROPERTIES})")
    query = _started(rows, table, case.query, scratch / "checkpoint")
    query.awaitTermination()
    took = [p["durationMs"]["triggerExecution"] / 1000 for p in query.recentProgress if p["numInputRows"]]
    assert len(took) == len(case.sizes), took
    return Run(peer, case.query, case.size, took[case.warm :], spark.table(table).count())


def _show(spark: SparkSession, stream: str, folder: Path) -> None:
    body = ", ".join(f"`{column}` {kind.replace('VARCHAR', 'STRING')}" for column, kind in STREAMS[stream].items())
    rows = spark.readStream.schema(body).option("maxFilesPerTrigger", 1).parquet(str(folder))
    rows.withWatermark("date_time", "4 seconds").createOrReplaceTempView(stream)


def _started(rows: DataFrame, table: str, query: str, checkpoint: Path) -> StreamingQuery:
    writer = rows.writeStream.trigger(availableNow=True).option("checkpointLocation", str(checkpoint))
    if query not in KEYS:
        return writer.format("iceberg").outputMode("append").toTable(table)
    same = " AND ".join(f"t.{key} <=> s.{key}" for key in KEYS[query])

    def merge(batch: DataFrame, _: int) -> None:
        batch.createOrReplaceTempView("changed")
        batch.sparkSession.sql(
            f"MERGE INTO {table} AS t USING changed AS s ON {same} WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
        )

    return writer.foreachBatch(merge).outputMode("update").start()
