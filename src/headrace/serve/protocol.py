"""What the doors need of the node behind them, and nothing more.

`serve` does not import `runtime`: whatever has these members can be served. `headrace.runtime.Node` is the one that
ships; the tests of this package serve a small node of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa

from headrace.project import Project
from headrace.security import Principal

Stop = Callable[[], None]
"""Stops the running query at once; may be called from any thread, more than once, and after the query has ended."""

OnStart = Callable[[Stop], None]
"""Called by the node, just before it runs a query, with what stops that query (DuckDB: the cursor's `interrupt`)."""


@dataclass(frozen=True)
class Question:
    """One SELECT to answer: its text, the values bound to its ``$name`` parameters, and the most rows wanted."""

    sql: str
    parameters: Mapping[str, Any] | None = None
    limit: int | None = None


class Answer(Protocol):
    """Rows, and what they are worth: as of which epoch, complete to which event time, proven or not."""

    @property
    def table(self) -> pa.Table: ...
    @property
    def epoch(self) -> int: ...
    @property
    def as_of(self) -> datetime | None: ...
    @property
    def complete_to(self) -> datetime | None: ...
    @property
    def parity(self) -> str:
        """``equal``, ``differs`` or ``unproven``: the worst verdict among the models read."""

    @property
    def relations(self) -> Sequence[str]:
        """The sources and models that were read."""


class EpochResult(Protocol):
    """What one committed epoch did."""

    @property
    def epoch(self) -> int: ...
    @property
    def time(self) -> datetime | None:
        """The epoch's logical time, UTC; None before the first event."""

    @property
    def changed(self) -> AbstractSet[str]:
        """The sources and models whose rows are not what they were before."""

    def changes(self, model: str, /) -> pa.Table:
        """The model's net change: its columns and the weight ``__w``. Called on the epoch thread, in the callback."""


class Node(Protocol):
    """A running node. Every method may be called from any thread, several at once."""

    @property
    def project(self) -> Project: ...

    def query(
        self,
        sql: str,
        principal: Principal,
        /,
        *,
        as_of: int | datetime | None = None,
        limit: int | None = None,
        on_start: OnStart | None = None,
    ) -> Answer:
        """Answer one SELECT through the gate, at the newest epoch or at the one named."""

    def query_all(
        self, questions: Sequence[Question], principal: Principal, /, *, on_start: OnStart | None = None
    ) -> Sequence[Answer | Exception]:
        """Answer several in one read transaction: every answer is as of the same epoch. A failed one is its error."""

    def push(self, source: str, body: bytes, content_type: str, key: str | None, /) -> Mapping[str, Any]:
        """Append pushed rows. Returns read, kept, rejected, offsets, duplicate; durable when it returns."""

    def status(self) -> Mapping[str, Any]:
        """Health of the node. Used here by name: epoch, time, complete_to, rows_per_second, lag_rows."""

    def parity(self, models: Sequence[str] = (), /) -> Mapping[str, Any]:
        """Recompute models (all when none is named) in batch and compare: ``{"epoch": …, "models": [receipt, …]}``."""

    def reconcile(self) -> Mapping[str, Any]:
        """Count late rows in and replace what differs from a recompute: as `parity`, with ``late`` and ``changed``."""

    def receipts(self) -> Mapping[str, Mapping[str, Any]]:
        """The newest receipt of each model that has one."""

    def explain(self, model: str, /, *, measured: bool = False) -> Mapping[str, Any]:
        """How a model is maintained. Used here by name: columns (name -> type), rules, incremental.

        Args:
            measured: with an estimate of what an epoch costs now.
        """

    def lineage(self) -> Mapping[str, Any]:
        """``{"nodes": [{"id", "kind", …}], "edges": [[from, to], …]}``."""

    def products(self) -> Sequence[Mapping[str, Any]]:
        """Published products: contract, owner, and how each stands to its promises."""

    def watch(self, callback: Callable[[EpochResult], None], /) -> Callable[[], None]:
        """Call back after every commit, on the epoch thread. Returns what ends the watch."""
