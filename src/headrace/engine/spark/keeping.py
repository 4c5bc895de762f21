"""The end of an epoch: states and live content are brought up to date, a commit a step."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from headrace.engine.spark.epochs import Deltas, Written, as_shaped, fitted
from headrace.engine.spark.relations import view_name
from headrace.engine.spark.shapes import Shapes
from headrace.engine.spark.store import At, Store, ident
from headrace.engine.spark.weights import current, netted
from headrace.sql import WEIGHT, Advance, Append, Evict, Merge, Program

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# Rows that come into a table before it is looked at whether to fold it: those that cancel are dropped.
FOLD_AFTER = 10_000
_KEPT = "kept"


class Keeper:
    """States, and the content of relations whose rows may leave, as the programs' queries see them and as tables.

    ``live.X`` is a weighted state as well: a change is added to it, and what it comes to is worked out where it is read.
    """

    def __init__(self, spark: SparkSession, store: Store, shapes: Shapes) -> None:
        self._spark = spark
        self._store = store
        self._shapes = shapes
        self._shown: set[tuple[str, str]] = set()
        """Tables whose views are of their newest commit."""

    def look_again(self) -> None:
        """Others may have written to the tables."""
        self._shown.clear()

    def create(self, kind: str, name: str) -> None:
        """An empty table, where there is none."""
        self._store.create(kind, name, self._columns(kind, name))
        self._shown.discard((kind, name))

    def drop(self, models: Collection[str]) -> None:
        """Everything kept for models, whatever version of them made it."""
        for name in self._store.names("state") if models else ():
            if name.rpartition(".")[0] in models:
                self._store.drop("state", name)
        for model in models:
            self._store.drop("live", model)

    def show(self, written: Written, epoch: int) -> None:
        """The views of what a model keeps, as of an epoch."""
        program = written.program
        for state in program.states:
            self._show("state", state.name, epoch)
        if program.live is None:
            self.show_live(program.model, epoch, append_only=program.append_only)
        else:
            text = written.text(program.live)
            assert text is not None
            self._spark.sql(text).createOrReplaceTempView(ident(view_name("live", program.model)))

    def show_live(self, name: str, epoch: int, *, append_only: bool) -> None:
        if not self._show("live", name, epoch):
            return
        table, columns = view_name(_KEPT, name), list(self._shapes.relation("live", name))
        listed = f"SELECT {', '.join(map(ident, columns))} FROM {ident(table)}"
        text = listed if append_only else current(ident(table), columns)
        self._spark.sql(text).createOrReplaceTempView(ident(view_name("live", name)))

    def nothing(self, name: str) -> None:
        """``live.<name>`` without a row, while all of it is the change."""
        shown = ", ".join(ident(column) for column in self._shapes.relation("live", name))
        view = ident(view_name("live", name))
        self._spark.sql(f"SELECT {shown} FROM {view} WHERE false").createOrReplaceTempView(view)
        self._shown.discard(("live", name))

    def _show(self, kind: str, name: str, epoch: int) -> bool:
        """Whether the view is another than before."""
        if (kind, name) in self._shown:
            return False
        newest = self._store.last(kind, name)
        broken_off = newest is not None and newest.at.epoch > epoch
        commit = self._store.last(kind, name, epoch) if broken_off else self._store.tidied(kind, name, newest)
        rows = self._store.read(kind, name, self._columns(kind, name), commit)
        rows.createOrReplaceTempView(ident(view_name(_KEPT if kind == "live" else kind, name)))
        if not broken_off:
            self._shown.add((kind, name))
        return True

    def _columns(self, kind: str, name: str) -> Mapping[str, str]:
        columns = self._shapes.relation(kind, name)
        return {**columns, WEIGHT: "TINYINT"} if kind == "live" else columns

    # -- advancing

    def advance(self, written: Written, deltas: Deltas, epoch: int, *, moved: bool = True) -> None:
        program = written.program
        for number, step in enumerate(program.advance):
            self._advance(written, step, deltas, At(epoch, number), moved=moved)
        if program.live is None and deltas.rows(program.model):
            self.add(program.model, deltas, At(epoch, len(program.advance)), retracts=not program.append_only)

    def _advance(self, written: Written, step: Advance, deltas: Deltas, at: At, *, moved: bool) -> None:
        match step:
            case Append():
                rows = self._rows(written, step, deltas) if any(deltas.rows(need) for need in step.needs) else None
                if rows is not None:
                    self._append("state", step.state, rows, at, retracts=step.retracts)
            case Merge():
                rows = self._rows(written, step, deltas) if deltas.rows(step.source) else None
                if rows is not None:
                    self._merge(step, rows, at)
            case Evict():
                text = written.where(step) if moved else None
                if text is not None:
                    self._shown.discard(("state", step.state))
                    self._store.delete("state", step.state, text, at, deltas.times.values(text))

    def _rows(self, written: Written, step: Append | Merge, deltas: Deltas) -> DataFrame | None:
        text = written.text(step.query, deltas.empty(written.reads(step.query)))
        if text is None:
            return None
        columns = self._columns("state", step.state)
        # By position, as a state is filled; which may have narrower integers than a sum.
        told = dict(zip(columns, written.kinds(step.query), strict=True))
        return fitted(as_shaped(deltas.times.frame(text).toDF(*columns), told), told, columns)

    def add(self, name: str, deltas: Deltas, at: At, *, retracts: bool) -> None:
        """Bring the content of a relation up to date with its delta."""
        self._append("live", name, deltas.rows_of(name), at, retracts=retracts)

    def _append(self, kind: str, name: str, rows: DataFrame, at: At, *, retracts: bool) -> None:
        self._shown.discard((kind, name))
        held = self._store.last(kind, name)
        if not retracts or held is None or held.rows - held.looked < FOLD_AFTER:
            self._store.append(kind, name, rows, at, held)
            return
        table = self._store.read(kind, name, self._columns(kind, name), held)
        if table.where(f"{WEIGHT} < 0").count() * 4 >= held.rows:
            self._fold(kind, name, table, rows, at)
        else:
            self._store.append(kind, name, rows, at, held, looked=held.rows)

    def _fold(self, kind: str, name: str, held: DataFrame, arriving: DataFrame, at: At) -> None:
        """The table as it is with the rows that arrive, less what cancels."""
        names = [column for column in self._columns(kind, name) if column != WEIGHT]
        both = view_name("folding", f"{kind}.{name}")
        held.unionAll(arriving).createOrReplaceTempView(ident(both))
        self._store.replace(kind, name, self._spark.sql(netted(ident(both), names)), at)

    def _merge(self, step: Merge, rows: DataFrame, at: At) -> None:
        self._shown.discard(("state", step.state))
        if not step.keys:
            self._store.replace("state", step.state, rows, at)
            return
        arriving, going = (view_name(part, step.state) for part in ("arriving", "going"))
        rows.createOrReplaceTempView(ident(arriving))
        had = self._spark.sql(f"SELECT * FROM {ident(view_name('delta', step.source))} WHERE had")
        had.createOrReplaceTempView(ident(going))
        columns = list(self._shapes.relation("state", step.state))
        self._store.merge("state", step.state, step.keys, going, arriving, columns, at)


def kept(programs: Sequence[Program]) -> Iterator[tuple[str, str]]:
    """The tables of programs."""
    for program in programs:
        yield from (("state", state.name) for state in program.states)
        if program.live is None:
            yield "live", program.model
