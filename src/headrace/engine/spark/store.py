"""What is kept, as Iceberg tables: every commit says of which epoch it is, and every read is as of one.

An epoch changes several tables, each by commits of its own. Each commit carries the number of its epoch and of its step in the summary
of its snapshot, so that an epoch which was broken off can be run again: it reads every table as of the last whole epoch, and
leaves out the steps whose commits are there. The epoch is whole with the last commit, that of the mark (see ``ledger``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headrace.engine.spark.kinds import spark_name

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Snapshots of a table after which it is tidied, and those that it keeps then: epochs add files, of which each read looks at every one.
TIDY_AFTER, TIDY_KEEPS = 50, 10
# Files with so many lists of rows that went are written anew.
_LISTS = 10
EPOCH, STEP, LOOKED = "headrace.epoch", "headrace.step", "headrace.looked"
_SUMMARY = "spark.sql.iceberg.snapshot-property."
_PROPERTIES = {
    "format-version": "2",
    # Small changes to large states: the rows that go are listed, and no file is written anew.
    "write.merge.mode": "merge-on-read",
    "write.delete.mode": "merge-on-read",
    "write.distribution-mode": "none",
    "write.merge.distribution-mode": "none",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "10",
}


@dataclass(frozen=True)
class At:
    """A step of an epoch."""

    epoch: int
    step: int


@dataclass(frozen=True)
class Commit:
    """A snapshot of a table.

    Attributes:
        rows: how many rows the table has with it.
        looked: how many there were when it was last looked at whether to fold them.
        snapshots: how many the table has.
    """

    snapshot: int
    at: At
    rows: int
    looked: int
    snapshots: int = field(compare=False)


def ident(*parts: str) -> str:
    """A quoted, dotted name, as Spark reads it."""
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)


class Store:
    """Iceberg tables by dotted names such as ``state.q4.s0``: the first part is the namespace."""

    def __init__(self, spark: SparkSession, catalog: str) -> None:
        self._spark = spark
        self._catalog = catalog
        self._marking = threading.Lock()
        self._namespaces: set[str] = set()

    def create(self, kind: str, name: str, columns: Mapping[str, str]) -> None:
        """An empty table; ``columns`` have DuckDB's types."""
        body = ", ".join(f"{ident(column)} {spark_name(type_)}" for column, type_ in columns.items())
        properties = ", ".join(f"'{key}' = '{value}'" for key, value in _PROPERTIES.items())
        self._need(kind)
        self._spark.sql(f"CREATE TABLE {self._table(kind, name)} ({body}) USING iceberg TBLPROPERTIES ({properties})")

    def drop(self, kind: str, name: str) -> None:
        self._need(kind)
        self._spark.sql(f"DROP TABLE IF EXISTS {self._table(kind, name)} PURGE")

    def names(self, kind: str) -> list[str]:
        self._need(kind)
        return [row["tableName"] for row in self._spark.sql(f"SHOW TABLES IN {ident(self._catalog, kind)}").collect()]

    def loaded(self, kind: str, name: str) -> Any:
        """Iceberg's own table."""
        util = self._spark._jvm.org.apache.iceberg.spark.Spark3Util
        return util.loadIcebergTable(self._spark._jsparkSession, self._table(kind, name))

    def last(self, kind: str, name: str, epoch: int | None = None) -> Commit | None:
        """The newest commit, or the newest of no later an epoch; None when there is none."""
        loaded = self.loaded(kind, name)
        snapshot = loaded.currentSnapshot()
        count = 0 if snapshot is None else len(loaded.snapshots())
        while snapshot is not None:
            found = _commit(snapshot, count)
            if epoch is None or found.at.epoch <= epoch:
                return found
            parent = snapshot.parentId()
            snapshot = None if parent is None else loaded.snapshot(parent)
        return None

    def read(self, kind: str, name: str, columns: Mapping[str, str], commit: Commit | None) -> DataFrame:
        """The table's rows as of a commit; with DuckDB's types, where Iceberg has wider ones."""
        shown = ", ".join(f"CAST({ident(c)} AS {spark_name(k)}) AS {ident(c)}" for c, k in columns.items())
        source = f"{self._table(kind, name)} VERSION AS OF {commit.snapshot}" if commit else self._table(kind, name)
        return self._spark.sql(f"SELECT {shown} FROM {source}{'' if commit else ' WHERE false'}")

    def tidied(self, kind: str, name: str, commit: Commit | None) -> Commit | None:
        """The table's newest commit, after which nothing of an epoch is there yet, once its small files are one and its old snapshots gone.

        Only every :data:`TIDY_AFTER` snapshots; the rows stay as they are.
        """
        if commit is None or commit.snapshots < TIDY_AFTER:
            return commit
        loaded = self.loaded(kind, name)
        actions = self._spark._jvm.org.apache.iceberg.spark.actions.SparkActions.get(self._spark._jsparkSession)
        rewriting = actions.rewriteDataFiles(loaded).option("delete-file-threshold", str(_LISTS))
        for key, value in _marker(commit.at, commit.looked).items():
            rewriting = rewriting.snapshotProperty(key, value)
        rewriting.option("remove-dangling-deletes", "true").execute()
        loaded = self.loaded(kind, name)
        loaded.expireSnapshots().expireOlderThan(int(time.time() * 1000)).retainLast(TIDY_KEEPS).commit()
        return self.last(kind, name)

    # -- commits: each does nothing when the table has it

    def append(
        self, kind: str, name: str, rows: DataFrame, at: At, held: Commit | None, looked: int | None = None
    ) -> None:
        """Add rows.

        Args:
            held: the table's newest commit.
            looked: see :class:`Commit`; None: as it was.
        """
        if not _reaches(held, at):
            writer = rows.writeTo(self._table(kind, name))
            before = held.looked if held else 0
            for key, value in _marker(at, before if looked is None else looked).items():
                writer = writer.option(f"snapshot-property.{key}", value)
            writer.append()

    def replace(self, kind: str, name: str, rows: DataFrame, at: At) -> None:
        """All rows by others."""
        from pyspark.sql.functions import lit  # noqa: PLC0415 - an optional extra

        if not self._has(kind, name, at):
            writer = rows.writeTo(self._table(kind, name))
            for key, value in _marker(at).items():
                writer = writer.option(f"snapshot-property.{key}", value)
            writer.overwrite(lit(True))

    def merge(
        self, kind: str, name: str, keys: Sequence[str], gone: str, rows: str, columns: Sequence[str], at: At
    ) -> None:
        """Drop the rows whose keys are among those of the view ``gone``, and add those of the view ``rows``."""
        if self._has(kind, name, at):
            return
        absent = ", ".join(f"NULL AS {ident(c)}" for c in columns if c not in keys)
        leaving = ", ".join(ident(key) for key in keys)
        listed = ", ".join(ident(column) for column in columns)
        source = (
            f"SELECT {listed}, true AS __arrives FROM {ident(rows)} UNION ALL "
            f"SELECT {listed}, false FROM (SELECT DISTINCT {leaving}{', ' + absent if absent else ''} FROM {ident(gone)})"
        )
        match = " AND ".join(f"t.{ident(key)} <=> s.{ident(key)}" for key in keys)
        values = ", ".join(f"s.{ident(column)}" for column in columns)
        self._marked(
            f"MERGE INTO {self._table(kind, name)} AS t USING ({source}) AS s ON NOT s.__arrives AND {match} "
            f"WHEN MATCHED THEN DELETE WHEN NOT MATCHED AND s.__arrives THEN INSERT ({listed}) VALUES ({values})",
            _marker(at),
        )

    def delete(self, kind: str, name: str, where: str, at: At, values: Mapping[str, Any]) -> None:
        held = self.last(kind, name)
        if not _reaches(held, at):
            marker = _marker(at, held.looked if held else 0)
            self._marked(f"DELETE FROM {self._table(kind, name)} WHERE {where}", marker, values)

    def _marked(self, text: str, marker: Mapping[str, str], values: Mapping[str, Any] | None = None) -> None:
        """Run a statement whose snapshot takes its marker from the session; those of writers have precedence over it."""
        with self._marking:
            for key, value in marker.items():
                self._spark.conf.set(_SUMMARY + key, value)
            try:
                self._spark.sql(text, args=dict(values or {}))
            finally:
                for key in marker:
                    self._spark.conf.unset(_SUMMARY + key)

    def _need(self, kind: str) -> None:
        if kind not in self._namespaces:
            self._spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {ident(self._catalog, kind)}")
            self._namespaces.add(kind)

    def _table(self, kind: str, name: str) -> str:
        return ident(self._catalog, kind, name)

    def _has(self, kind: str, name: str, at: At) -> bool:
        return _reaches(self.last(kind, name), at)


def _reaches(last: Commit | None, at: At) -> bool:
    """Whether a table with that last commit has this step's. Steps of a table are committed in order."""
    return last is not None and (last.at.epoch, last.at.step) >= (at.epoch, at.step)


def _marker(at: At, looked: int | None = None) -> dict[str, str]:
    """
    Args:
        looked: see :class:`Commit`; None when the table is made anew.
    """
    return {EPOCH: str(at.epoch), STEP: str(at.step), LOOKED: "" if looked is None else str(looked)}


def _commit(snapshot: Any, snapshots: int) -> Commit:
    summary = snapshot.summary()
    epoch, step, rows = (int(summary.get(key) or 0) for key in (EPOCH, STEP, "total-records"))
    looked = summary.get(LOOKED)
    return Commit(snapshot.snapshotId(), At(epoch, step), rows, int(looked) if looked else rows, snapshots)
