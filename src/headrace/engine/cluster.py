"""Models kept by Spark, answers from a copy of them in DuckDB.

Spark has the state and the content of every model, in Iceberg tables. What an epoch changes goes into the copy, as the changelog of a
source would; there queries, dashboards and followers find it, exactly as without Spark. The copy is only that: if it is not of
the same epoch, after a crash or on another machine, it is thrown away and made again, from Spark's tables, the lake and the log.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from headrace.engine.copied import Copied, delete
from headrace.engine.duckdb import DuckDBEngine
from headrace.engine.protocol import Arrived, Committed, Mark, Pace, Recomputed, SourceTable
from headrace.engine.spark.engine import SparkEngine
from headrace.engine.spark.failures import FAILED
from headrace.errors import EngineError
from headrace.sql import WEIGHT, Program

# An epoch of fifteen models takes a minute however few its rows are.
PACE = Pace(first_rows=1_000_000, seconds=900.0)


class ClusterEngine(Copied):
    """See :class:`headrace.engine.protocol.Engine`.

    Args:
        spark: keeps the models.
        path: the copy's file.
        open_copy: opens the copy there.
        ended: called when all is closed.
    """

    def __init__(
        self, spark: SparkEngine, path: Path, open_copy: Callable[[], DuckDBEngine], ended: Callable[[], None]
    ) -> None:
        self._spark = spark
        self._ended = ended
        self._path = path
        self._copy = open_copy()
        self._whole = False
        """The copy has all that Spark has: only then may it be kept."""
        self._last: Committed | None = None
        self._turn = threading.Lock()
        """A session has one set of views: epochs and recomputes take turns."""
        self._states: dict[str, int] = {}
        self._changes: dict[str, pa.Table] | None = None
        """Of the last epoch, once Spark has told all of them."""
        self._mark = spark.mark()
        if _place(self._copy.mark()) != _place(self._mark):
            self._copy.close()
            delete(path)
            self._copy = open_copy()

    pace = PACE

    def mark(self) -> Mark:
        return self._mark

    def durable(self) -> Mark:
        """Each commit of Spark's is."""
        return self._mark

    def definitions(self) -> dict[str, dict[str, str]]:
        return self._spark.definitions()

    # -- sources and models

    def to_restore(self, last: Mark) -> Mark | None:  # noqa: ARG002 - the ledger's later epochs are run again
        return self._mark if self._mark.epoch and not self._copy.mark().epoch else None

    def install(self, sources: Sequence[SourceTable], programs: Sequence[Program]) -> tuple[str, ...]:
        """Make Spark and the copy hold exactly these.

        Raises:
            SqlError: HR-311, a model has something that Spark cannot give DuckDB's answer for.
            EngineError: HR-606; HR-613 and HR-617, Spark fails; HR-614, a source sets late rows aside, which Spark does not do yet.
        """
        for source in sources:
            if source.sets_aside is not None:
                raise _late(source)
        self._whole = False
        with self._turn:
            built = self._spark.install(sources, programs)
        made = self._made(programs)
        mirrors = [self._mirrored(program) for program in programs]
        self._forget({mirror.name: mirror for mirror in mirrors})
        self._copy.install([*sources, *mirrors], [])
        self._copy.recomputes(programs)
        had = self._copy.mirrors()
        for mirror in mirrors:
            if had.get(mirror.name) != made[mirror.name]:
                with self._turn:
                    rows, _ = self._spark.content(mirror.name)
                ones = pa.repeat(pa.scalar(1, pa.int8()), rows.num_rows)
                self._copy.mirror(mirror, rows.append_column(WEIGHT, ones), made[mirror.name])
        self._whole = True
        return built

    def _mirrored(self, program: Program) -> SourceTable:
        return SourceTable(program.model, self._spark.columns(program.model), changelog=True, mirrored=True)

    def _made(self, programs: Sequence[Program]) -> dict[str, str]:
        """What each model's content was made by: its own program, and those of the models that it reads."""
        made: dict[str, str] = {}
        for program in programs:
            parts = [self._spark.fingerprint(program.model), *(made[name] for name in program.reads if name in made)]
            made[program.model] = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        return made

    def _forget(self, mirrors: Mapping[str, SourceTable]) -> None:
        """Drop what the copy has of models that are gone, or have other columns."""
        known = self._copy.definitions()
        for name in self._copy.mirrors():
            if name not in mirrors or known.get(name) != dict(mirrors[name].columns):
                self._copy.forget_mirror(name)

    # -- epochs

    def run(self, mark: Mark, arrived: Mapping[str, Arrived]) -> Committed:
        """Run one epoch on Spark, and bring the copy up to date. If the copy fails, the same epoch may be run again."""
        mirrors = self._copy.mirrors()
        with self._turn:
            if self._last is None or self._last.mark.epoch != mark.epoch:
                self._last, self._changes = self._spark.run(mark, arrived), None
            if self._changes is None:
                self._changes = {name: self._change(name) for name in self._last.changed if name in mirrors}
        changes = {name: Arrived(rows, 0) for name, rows in self._changes.items()}
        committed = self._copy.run(mark, {**arrived, **changes})
        self._mark = mark
        return committed

    def _change(self, model: str) -> pa.Table:
        """What the epoch changed. Workers hold that, and take it with them when they are lost; what it came to is in the tables."""
        try:
            return self._spark.changes(model)
        except EngineError as error:
            if error.code not in FAILED:
                raise
            return self._copy.towards(model, self._spark.content(model)[0])

    # -- answers

    def recompute(self, models: Sequence[str]) -> tuple[Mark, list[Recomputed]]:
        with self._turn:
            return self._spark.recompute(models)

    def late(self, source: str) -> int:  # noqa: ARG002 - none is set aside
        return 0

    def sizes(self) -> dict[str, int]:
        """Rows by table: what the copy has, and Spark's states, as they were last when nobody else asked Spark."""
        if self._turn.acquire(blocking=False):
            try:
                found = self._spark.sizes()
                self._states = {name: rows for name, rows in found.items() if name.startswith("state.")}
            except EngineError as error:
                if error.code not in FAILED:  # whoever keeps the models meets it too, and tries again
                    raise
            finally:
                self._turn.release()
        return {**self._copy.sizes(), **self._states}

    def close(self) -> None:
        """Save the copy, if it is one, and end the session."""
        try:
            self._copy.close()
            if not self._whole:
                delete(self._path)
        finally:
            self._spark.close()
            self._ended()


def _place(mark: Mark) -> tuple[int, dict[str, int]]:
    return mark.epoch, dict(mark.offsets)


def _late(source: SourceTable) -> EngineError:
    return EngineError(
        f"source {source.name} sets late rows aside (`late: ledger`), which the Spark engine does not do yet",
        code="HR-614",
        state="nothing was changed",
        fix="leave out `late: ledger`, or run on a target without an engine of its own",
    )
