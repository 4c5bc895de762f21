"""What the runtime asks of an engine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeAlias

import pyarrow as pa
from sqlglot import exp

from headrace.errors import EngineError
from headrace.sql import Program

if TYPE_CHECKING:
    from headrace.engine.oracle import DuckDBOracle


@dataclass(frozen=True)
class SetsAside:
    """Rows whose ``column`` is older than the newest by more than ``behind`` go to the late-row ledger."""

    column: str
    behind: timedelta


@dataclass(frozen=True)
class SourceTable:
    """A source as the engine keeps it.

    Attributes:
        columns: name -> type text.
        changelog: its batches carry ``__w``.
        key: columns that identify a row of a changelog; () when a change names whole rows.
        sets_aside: which rows come too late to count; None: none do.
        mirrored: it is a model that another engine keeps: a changelog of which no raw row is kept here.
        published: a mirrored one, whose changes arrive as records of text by key (``engine.records``).
    """

    name: str
    columns: Mapping[str, str]
    changelog: bool = False
    key: tuple[str, ...] = ()
    sets_aside: SetsAside | None = None
    mirrored: bool = False
    published: bool = False


@dataclass(frozen=True)
class Mark:
    """How far an engine has come: the last committed epoch, its offsets, and its logical time (None before the first)."""

    epoch: int
    offsets: Mapping[str, int]
    time: datetime | None


@dataclass(frozen=True)
class Pace:
    """How an engine likes its epochs.

    Attributes:
        first_rows: how many rows the first takes at most, when many wait, and how few later ones when they take too long.
        seconds: how long one may take, so that what people look at keeps moving. Not much less: a part of what an epoch takes does
            not shrink with it.
    """

    first_rows: int
    seconds: float


@dataclass(frozen=True)
class Arrived:
    """The rows of one source in one epoch.

    Attributes:
        start: the log offset of the first.
        stops: where epochs ended that are taken together with this one; what is late depends on them.
    """

    rows: pa.Table
    start: int
    stops: tuple[int, ...] = ()


@dataclass(frozen=True)
class Committed:
    """What an epoch changed: model or source -> number of rows in its net change."""

    mark: Mark
    changed: Mapping[str, int]


@dataclass(frozen=True)
class Counted:
    """Late rows of a source below an offset, which count from an epoch on: a reconcile has counted them in."""

    source: str
    epoch: int
    below: int


@dataclass(frozen=True)
class Asked:
    """An admitted query, and the most rows wanted of it."""

    query: exp.Query
    limit: int | None = None


Stop = Callable[[], None]
OnStart = Callable[[Stop], None]
"""Called before a query runs, with what stops it from any thread."""

Result: TypeAlias = pa.Table | EngineError


@dataclass(frozen=True)
class Recomputed:
    """One model recomputed in batch beside what is kept: numbers of rows, and of rows that differ."""

    model: str
    rows: int
    missing: int
    extra: int
    seconds: float


class Engine(Protocol):
    """Runs delta programs. One thread runs epochs; any thread may query."""

    @property
    def oracle(self) -> DuckDBOracle:
        """What tells the types and names of queries: every engine gives DuckDB's answers."""
        ...

    @property
    def pace(self) -> Pace:
        """How it likes its epochs."""
        ...

    def mark(self) -> Mark:
        """The last committed epoch."""
        ...

    def install(self, sources: Sequence[SourceTable], programs: Sequence[Program]) -> tuple[str, ...]:
        """Make the engine hold exactly these, in this (topological) order; returns the models built anew from history."""
        ...

    def run(self, mark: Mark, arrived: Mapping[str, Arrived]) -> Committed:
        """Run one epoch and commit its results with ``mark``, in one transaction. On error nothing of it is kept."""
        ...

    def reconcile(self, mark: Mark, sources: Collection[str], models: Collection[str]) -> Committed:
        """Run an epoch without rows, in which late rows of ``sources`` count from now on, as far as epochs have come, and what is made
        of them, and ``models``, is built anew from history. Durable when it returns.

        Raises:
            EngineError: HR-618, it cannot build models while it runs.
        """
        ...

    def counted(self) -> Sequence[Counted]:
        """The late rows that count."""
        ...

    def changes(self, relation: str) -> pa.Table:
        """The net change of a relation in the last epoch, with ``__w``; on the thread that ran it, before the next."""
        ...

    def records(self, relation: str, key: Sequence[str]) -> pa.Table:
        """What the last epoch left of each row of a model that it changed, as ``key`` and ``value`` (``engine.records``); when
        :meth:`changes` may be asked.

        Args:
            key: the columns that tell rows apart; none: all together.
        """
        ...

    def all_records(self, relation: str, key: Sequence[str]) -> pa.Table:
        """Every current row of a model, as :meth:`records` has them."""
        ...

    def query(self, queries: Sequence[Asked], *, on_start: OnStart | None = None) -> tuple[list[Result], Mark]:
        """Admitted queries, all as of the last committed epoch. One that fails is its error."""
        ...

    def query_at(self, queries: Sequence[Asked], mark: Mark, *, on_start: OnStart | None = None) -> list[Result]:
        """Admitted queries over everything recomputed as of an earlier epoch."""
        ...

    def recompute(self, models: Sequence[str]) -> tuple[Mark, list[Recomputed]]:
        """Recompute models from history up to the last epoch and compare them with what is kept."""
        ...

    def columns(self, relation: str) -> dict[str, str]:
        """The columns of a relation as queries see them, with the engine's types."""
        ...

    def untiered(self, source: str, start: int, stop: int) -> pa.Table:
        """The hot rows of a source between two log offsets, with ``__offset``; types lossless.

        Args:
            stop: not beyond the durable epoch's. Rows of later ones that were in the lake after a crash would count in models that
                are then built, and once more when those epochs run again.
        """
        ...

    def tiered(self, source: str, stop: int, history: str) -> None:
        """Rows below ``stop`` are what ``history`` selects (nothing: there are none), and their hot copies are dropped.

        To be told before :meth:`install` as well: a crash may have left rows in both places.
        """
        ...

    def newest(self, source: str, column: str) -> datetime | None:
        """The largest value of a time column over all of a source's rows, as an instant."""
        ...

    def content(self, relation: str) -> tuple[pa.Table, Mark]:
        """Every current row of a relation, with the epoch it is of."""
        ...

    def to_restore(self, last: Mark) -> Mark | None:
        """The epoch as of which rows have to be given back by :meth:`restore`; None: they are there.

        Args:
            last: of the ledger.
        """
        ...

    def definitions(self) -> dict[str, dict[str, str]]:
        """The columns of each source as they were when it was first installed."""
        ...

    def rejected(self, table: str, source: str) -> int:
        """How many records of ``source`` are in the dead-letter table."""
        ...

    def restore(
        self,
        mark: Mark,
        sources: Sequence[SourceTable],
        arrived: Mapping[str, Arrived],
        epochs: Sequence[Mapping[str, int]] = (),
        counted: Sequence[Counted] = (),
    ) -> None:
        """Start an empty engine at ``mark``, with the rows that are not in the lake.

        Args:
            epochs: the offsets of every epoch up to ``mark``: what is late depends on them.
            counted: late rows that count.
        """
        ...

    def late(self, source: str) -> int:
        """How many rows of ``source`` are in the late-row ledger."""
        ...

    def final(self, model: str, start: int, limit: int) -> pa.Table:
        """At most ``limit`` of the model's final rows from number ``start`` on, with ``__offset``, that would survive a crash."""
        ...

    def generation(self, model: str) -> str | None:
        """What tells the final rows of this build of a model from those of others; None for a model whose rows are never final."""
        ...

    def sealed(self, model: str, generation: str, stop: int, history: str) -> None:
        """The model's final rows below number ``stop`` are what ``history`` selects, and their copies here are dropped.

        To be told before :meth:`install` as well: a crash may have left rows in both places. A model of which rows are in neither
        place, because the lake has those of another generation, is built anew.
        """
        ...

    def sizes(self) -> dict[str, int]:
        """Rows by table: ``live.x``, ``hot.x``, ``state.x``."""
        ...

    def durable(self) -> Mark:
        """The last epoch whose state would survive a crash: later ones are run again from the log."""
        ...

    def checkpoint(self) -> None:
        """Make the last epoch's state durable. Skipped when it would have to wait."""
        ...

    def close(self) -> None: ...
