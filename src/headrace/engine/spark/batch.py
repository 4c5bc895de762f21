"""Models recomputed from history, and held against what is kept."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import duckdb

from headrace.engine.compare import differing
from headrace.engine.protocol import Mark, Recomputed, SourceTable
from headrace.engine.render import quoted
from headrace.engine.session import engine_error
from headrace.engine.spark.arrivals import current, raw_columns
from headrace.engine.spark.epochs import Times, Written, as_shaped
from headrace.engine.spark.relations import view_name
from headrace.engine.spark.store import Store, ident
from headrace.engine.spark.weights import netted
from headrace.sql import WEIGHT

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_ALL, _RAW = "all", "raw"


class Batch:
    """``all.R`` for every relation, as of a mark."""

    def __init__(self, spark: SparkSession, store: Store, mark: Mark) -> None:
        self._spark = spark
        self._store = store
        self._mark = mark
        self._times = Times(spark, mark.time, mark.time)

    def show_source(self, source: SourceTable) -> None:
        commit = self._store.last("hot", source.name, self._mark.epoch)
        raw = view_name(_RAW, source.name)
        self._store.read("hot", source.name, raw_columns(source), commit).createOrReplaceTempView(ident(raw))
        text = current(source, raw, self._mark.offsets.get(source.name, 0))
        self._spark.sql(text).createOrReplaceTempView(ident(view_name(_ALL, source.name)))

    def recompute(self, written: Written) -> DataFrame:
        """The model over all of its inputs, shown as ``all.<model>``."""
        text = written.text(written.program.batch)
        assert text is not None
        columns = written.shapes.relation("live", written.program.model)
        rows = as_shaped(self._times.frame(text), columns).localCheckpoint(eager=True)
        rows.createOrReplaceTempView(ident(view_name(_ALL, written.program.model)))
        return rows

    def compared(self, written: Written, kept: DataFrame) -> Recomputed:
        started = time.perf_counter()
        rows = self.recompute(written)
        columns = written.shapes.relation("live", written.program.model)
        missing, extra = _differing(self._spark, rows, kept, columns)
        return Recomputed(written.program.model, rows.count(), missing, extra, time.perf_counter() - started)


def _differing(spark: SparkSession, rows: DataFrame, kept: DataFrame, columns: Mapping[str, str]) -> tuple[int, int]:
    """(missing, extra). Only rows without an equal leave Spark, to be compared once more within the tolerance of DOUBLE."""
    from pyspark.sql.functions import lit  # noqa: PLC0415 - an optional extra

    weights = (rows.withColumn(WEIGHT, lit(1)), kept.withColumn(WEIGHT, lit(-1)))
    weights[0].unionAll(weights[1]).createOrReplaceTempView("compared")
    left = spark.sql(netted("compared", list(columns))).toArrow()
    names = ", ".join(map(quoted, columns))
    expected, found = (f"(SELECT {names} FROM unmatched WHERE {WEIGHT} {sign} 0)" for sign in (">", "<"))
    with closing(duckdb.connect()) as connection:
        try:
            connection.from_arrow(left).create("unmatched")
            return differing(connection, expected, found, list(columns.items()))
        except duckdb.Error as error:
            raise engine_error(error, "comparing") from error


def upstream(models: Sequence[str], programs: Mapping[str, Written]) -> list[str]:
    """The models, and those they read, in order."""
    needed = set(models)
    for name in reversed(list(programs)):
        if name in needed:
            needed.update(read for read in programs[name].program.reads if read in programs)
    return [name for name in programs if name in needed]
