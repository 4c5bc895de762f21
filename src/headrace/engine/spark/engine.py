"""The cluster engine's beginning: delta programs on Spark, state, content and raw rows in Iceberg tables.

It has of :class:`headrace.engine.protocol.Engine` what keeping models takes: ``mark``, ``install``, ``run``, ``changes``, ``content``,
``columns``, ``recompute``, ``sizes``. Each commit is durable, so there is no ``checkpoint``. Not there yet: ``query`` and ``query_at``
(admitted queries), tiering (``hot`` tables are in the lake already, and hold all of history), ``restore``; a lock against
a second driver; rows that a lost worker held, which end the epoch, to be run again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from headrace.engine.oracle import DuckDBOracle
from headrace.engine.protocol import Arrived, Committed, Mark, Recomputed, SourceTable
from headrace.engine.spark.arrivals import change, raw_columns, raw_rows
from headrace.engine.spark.batch import Batch, upstream
from headrace.engine.spark.epochs import Deltas, Times, Written, compute, rendered
from headrace.engine.spark.failures import explained
from headrace.engine.spark.handed import Functions
from headrace.engine.spark.keeping import Keeper, kept
from headrace.engine.spark.ledger import Ledger, definition
from headrace.engine.spark.refusal import Unfaithful, refused
from headrace.engine.spark.relations import view_name
from headrace.engine.spark.session import CATALOG, follow_cores
from headrace.engine.spark.shapes import Shapes
from headrace.engine.spark.side_by_side import side_by_side
from headrace.engine.spark.store import At, Store, ident
from headrace.engine.spark.weights import netted, weighted
from headrace.errors import EngineError
from headrace.sql import Program

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_ARRIVING = "records"
# Models that are computed at the same time. What one waits for is mostly a worker, or the catalog.
AT_ONCE = 3


class SparkEngine:
    """Runs delta programs on a session made by :func:`headrace.engine.spark.session.open_session`."""

    def __init__(self, spark: SparkSession, catalog: str = CATALOG) -> None:
        self.oracle = DuckDBOracle()
        self._spark = spark
        self._store = Store(spark, catalog)
        with explained("opening the tables"):
            self._ledger = Ledger(self._store)
        self._functions = Functions(spark)
        self._threads = ThreadPoolExecutor(AT_ONCE, "spark")
        self._start()

    def _start(self) -> None:
        self._shapes = Shapes()
        self._keeper = Keeper(self._spark, self._store, self._shapes)
        self._deltas = Deltas(self._spark, self._shapes)
        self._sources: dict[str, SourceTable] = {}
        self._programs: dict[str, Written] = {}
        self._ran: Committed | None = None
        """What the last epoch that was run here came to, but for its mark perhaps: nobody may have answered when that was committed."""

    def mark(self) -> Mark:
        """The last whole epoch; commits of a later one that was broken off are not seen."""
        with explained("reading which epoch is the last"):
            return self._ledger.mark()

    def durable(self) -> Mark:
        return self.mark()

    # -- sources and models

    def install(self, sources: Sequence[SourceTable], programs: Sequence[Program]) -> tuple[str, ...]:
        """Make the engine hold exactly these, in this (topological) order; returns the models built anew from history.

        Raises:
            SqlError: HR-311, a model has something that Spark cannot give DuckDB's answer for. Nothing is changed then.
            EngineError: HR-605, HR-606, HR-613, HR-615.
        """
        with explained("installing models"):
            return self._installed(sources, programs)

    def _installed(self, sources: Sequence[SourceTable], programs: Sequence[Program]) -> tuple[str, ...]:
        follow_cores(self._spark)
        self._start()
        for source in sources:
            self._shapes.add_source(source)
        for program in programs:
            self._programs[program.model] = self._written(program)
        mark, known = self.mark(), self._ledger.models()
        for source in sources:
            self._install_source(source, mark)
        gone = sorted(known.keys() - self._programs.keys())
        self._ledger.forget(gone)
        self._keeper.drop(gone)
        return self._install_programs(known, mark)

    def _written(self, program: Program) -> Written:
        """The program with every query of it rendered."""
        try:
            return rendered(program, self._shapes, self._functions.add)
        except Unfaithful as found:
            raise refused(program.model, found) from None

    def _install_source(self, source: SourceTable, mark: Mark) -> None:
        known = self._ledger.sources().get(source.name)
        if known not in (None, definition(source)):
            raise EngineError(
                f"source {source.name} was {known} and is now {definition(source)}",
                code="HR-606",
                state="the tables are as they were",
                fix="put the old definition back, give the source a new name, or start anew with another warehouse",
            )
        if known is None:
            self._store.drop("hot", source.name)
            self._store.create("hot", source.name, raw_columns(source))
            if source.changelog:
                self._store.drop("live", source.name)
                self._keeper.create("live", source.name)
            self._ledger.set_source(source)
        self._sources[source.name] = source
        if source.changelog:
            self._keeper.show_live(source.name, mark.epoch, append_only=False)

    def _install_programs(self, known: Mapping[str, str], mark: Mark) -> tuple[str, ...]:
        anew: dict[str, Written] = {}
        for name, written in self._programs.items():
            if known.get(name) != _fingerprint(written) or not anew.keys().isdisjoint(written.program.reads):
                anew[name] = written
        self._ledger.forget([name for name in anew if name in known])
        self._show(mark, {name: written for name, written in self._programs.items() if name not in anew})
        if anew:
            self._build(anew, mark)
        return tuple(anew)

    def _build(self, anew: Mapping[str, Written], mark: Mark) -> None:
        """Models from all of their inputs' rows, as the first change they see."""
        self._keeper.drop(anew)
        self._deltas.times = Times(self._spark, mark.time, mark.time)
        needs = {name: set(written.program.reads) for name, written in anew.items()}
        batch = Batch(self._spark, self._store, mark)
        inputs = sorted(set().union(*needs.values()) - anew.keys())
        self._at_once({name: partial(self._all_is_change, name, batch) for name in inputs})
        side_by_side(needs, lambda name: self._built(anew[name], mark), self._threads)
        self._show(mark, self._programs)

    def _built(self, written: Written, mark: Mark) -> None:
        program = written.program
        try:
            for kind, name in kept([program]):
                self._keeper.create(kind, name)
            self._keeper.show(written, mark.epoch)
            compute(written, self._deltas, first=True)
            self._keeper.advance(written, self._deltas, mark.epoch)
        except Unfaithful as found:
            self._keeper.drop([program.model])
            raise refused(program.model, found) from None
        # To what reads it all of it is a change as well.
        self._keeper.nothing(program.model)
        self._ledger.set_model(program.model, _fingerprint(written))

    def _all_is_change(self, relation: str, batch: Batch) -> None:
        """``delta.<relation>`` with all of its rows, as if there had been none before."""
        if relation in self._sources:
            batch.show_source(self._sources[relation])
            rows, columns = view_name("all", relation), list(self._sources[relation].columns)
        else:
            rows, columns = view_name("live", relation), list(self._programs[relation].program.columns)
        self._deltas.fill(relation, self._spark.sql(weighted(ident(rows), columns)))
        if relation in self._programs or self._sources[relation].changelog:
            self._keeper.nothing(relation)

    def _show_live(self, relation: str, mark: Mark) -> None:
        if relation in self._programs:
            self._keeper.show(self._programs[relation], mark.epoch)
        elif self._sources[relation].changelog:
            self._keeper.show_live(relation, mark.epoch, append_only=False)

    # -- epochs

    def run(self, mark: Mark, arrived: Mapping[str, Arrived]) -> Committed:
        """Run one epoch and commit it. An epoch that is committed is not run again; one that was broken off is finished.

        One that was committed without an answer, and is asked for again, is told as it was.
        """
        with explained(f"running epoch {mark.epoch}"):
            return self._run(mark, arrived)

    def _run(self, mark: Mark, arrived: Mapping[str, Arrived]) -> Committed:
        before = self.mark()
        last = self._ran if self._ran is not None and self._ran.mark == before else None
        if last is not None and mark == before:
            return last
        if mark.epoch <= before.epoch:
            return Committed(before, {})
        if last is None:
            self._keeper.look_again()
        follow_cores(self._spark)
        self._show(before, self._programs)
        moved = before.time != mark.time
        self._deltas.times = Times(self._spark, mark.time, before.time)
        arriving: dict[str, Callable[[], None]] = {}
        for name, source in self._sources.items():
            if name in arrived:
                arriving[name] = partial(self._arrive, source, arrived[name], mark.epoch)
            else:
                self._deltas.clear(name)
        self._at_once(arriving)
        needs = {name: set(written.program.reads) for name, written in self._programs.items()}
        affected = side_by_side(needs, lambda name: self._affected(self._programs[name], moved), self._threads)
        ran = [written for name, written in self._programs.items() if affected[name]]
        # Only now that every change is computed from what was there before do the tables move on.
        moving: dict[str, Callable[[], None]] = {
            name: partial(self._keeper.add, name, self._deltas, At(mark.epoch, 0), retracts=True)
            for name, source in self._sources.items()
            if source.changelog and self._deltas.rows(name)
        }
        for written in ran:
            moving[written.program.model] = partial(self._advance, written, mark.epoch, moved)
        self._at_once(moving)
        relations = [*self._sources, *(written.program.model for written in ran)]
        self._ran = Committed(mark, {name: rows for name in relations if (rows := self._deltas.rows(name))})
        self._ledger.set_mark(mark)
        return self._ran

    def _show(self, mark: Mark, programs: Mapping[str, Written]) -> None:
        for source in self._sources.values():
            if source.changelog:
                self._keeper.show_live(source.name, mark.epoch, append_only=False)
        for written in programs.values():
            self._keeper.show(written, mark.epoch)

    def _at_once(self, tasks: Mapping[str, Callable[[], None]]) -> None:
        side_by_side({name: set() for name in tasks}, lambda name: tasks[name](), self._threads)

    def _arrive(self, source: SourceTable, arrived: Arrived, epoch: int) -> None:
        view = view_name(_ARRIVING, source.name)
        rows = raw_rows(self._spark, source, arrived)
        held = self._store.last("hot", source.name)
        if held is not None and held.at.epoch < epoch:
            held = self._store.tidied("hot", source.name, held)
        self._store.append("hot", source.name, rows, At(epoch, 0), held)
        rows.createOrReplaceTempView(ident(view))
        self._deltas.fill(source.name, self._spark.sql(change(source, view)))

    def _affected(self, written: Written, moved: bool) -> bool:
        """Compute the program if something it reads has changed or time moves it."""
        program = written.program
        if not any(self._deltas.rows(name) for name in program.reads) and not (program.timely and moved):
            for step in program.compute:
                self._deltas.clear(step.name)
            return False
        with _faithful(program.model):
            compute(written, self._deltas, moved=moved)
        return True

    def _advance(self, written: Written, epoch: int, moved: bool) -> None:
        with _faithful(written.program.model):
            self._keeper.advance(written, self._deltas, epoch, moved=moved)

    # -- reading

    def fingerprint(self, model: str) -> str:
        """What the model's content rests on beside its inputs."""
        return _fingerprint(self._programs[model])

    def definitions(self) -> dict[str, dict[str, str]]:
        """The columns of each source as they were when it was first installed."""
        with explained("reading what the sources are"):
            return {name: json.loads(text)[0] for name, text in self._ledger.sources().items()}

    def changes(self, relation: str) -> pa.Table:
        """The net change of a relation in the last epoch, with ``__w``; before the next."""
        with explained(f"reading the change of {relation}"):
            return self._changes(relation)

    def _changes(self, relation: str) -> pa.Table:
        delta = ident(view_name("delta", relation))
        written = self._programs.get(relation)
        if written is None or written.program.live is None:
            return self._spark.sql(f"SELECT * FROM {delta}").toArrow()
        return self._spark.sql(netted(delta, written.program.columns)).toArrow()

    def content(self, relation: str) -> tuple[pa.Table, Mark]:
        """Every current row of a relation, with the epoch it is of."""
        with explained(f"reading {relation}"):
            return self._content(relation)

    def _content(self, relation: str) -> tuple[pa.Table, Mark]:
        mark = self.mark()
        if relation in self._programs or self._sources[relation].changelog:
            self._show_live(relation, mark)
            view = view_name("live", relation)
        else:
            Batch(self._spark, self._store, mark).show_source(self._sources[relation])
            view = view_name("all", relation)
        return self._spark.sql(f"SELECT * FROM {ident(view)}").toArrow(), mark

    def columns(self, relation: str) -> dict[str, str]:
        """The columns of a relation, with DuckDB's types."""
        return dict(self._shapes.relation("live", relation))

    def recompute(self, models: Sequence[str]) -> tuple[Mark, list[Recomputed]]:
        """Recompute models from history up to the last epoch and compare them with what is kept."""
        with explained("recomputing"):
            return self._recomputed(models)

    def _recomputed(self, models: Sequence[str]) -> tuple[Mark, list[Recomputed]]:
        follow_cores(self._spark)
        mark = self.mark()
        self._show(mark, self._programs)
        batch = Batch(self._spark, self._store, mark)
        for source in self._sources.values():
            batch.show_source(source)
        results = []
        for name in upstream(models, self._programs):
            live = self._spark.table(ident(view_name("live", name)))
            with _faithful(name):
                results.append(batch.compared(self._programs[name], live))
        return mark, [result for result in results if result.model in models]

    def sizes(self) -> dict[str, int]:
        """Rows by table: ``live.x``, ``hot.x``, ``state.x``."""
        live = [("live", name) for name, source in self._sources.items() if source.changelog]
        hot = [("hot", name) for name in self._sources]
        tables = [*hot, *live, *kept([written.program for written in self._programs.values()])]
        with explained("counting rows"):
            commits = {f"{kind}.{name}": self._store.last(kind, name) for kind, name in tables}
        return {name: commit.rows if commit else 0 for name, commit in commits.items()}

    def close(self) -> None:
        """Everything is committed; the session is its owner's to stop."""
        self._threads.shutdown()


@contextmanager
def _faithful(model: str) -> Iterator[None]:
    try:
        yield
    except Unfaithful as found:
        raise refused(model, found) from None


def _fingerprint(written: Written) -> str:
    """What the model's tables are made by."""
    texts = [text for query in written.queries() if (text := written.text(query)) is not None]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
