"""What an engine answers whose models are a copy in DuckDB of what is kept elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from headrace.engine.duckdb import DuckDBEngine
from headrace.engine.oracle import DuckDBOracle
from headrace.engine.protocol import Arrived, Asked, Committed, Counted, Mark, OnStart, Result, SourceTable
from headrace.errors import EngineError


class Copied:
    """The part of :class:`headrace.engine.protocol.Engine` that a copy has to itself: all but models and epochs."""

    _copy: DuckDBEngine

    @property
    def oracle(self) -> DuckDBOracle:
        return self._copy.oracle

    def restore(
        self,
        mark: Mark,
        sources: Sequence[SourceTable],
        arrived: Mapping[str, Arrived],
        epochs: Sequence[Mapping[str, int]] = (),
        counted: Sequence[Counted] = (),
    ) -> None:
        """The sources' rows, for a copy that is made again; models follow in ``install``."""
        self._copy.restore(mark, sources, arrived, epochs, counted)

    def reconcile(self, mark: Mark, sources: Collection[str], models: Collection[str]) -> Committed:  # noqa: ARG002
        raise EngineError(
            "models that are kept elsewhere cannot be built anew from here while they are kept",
            code="HR-618",
            state="what was found is recorded in the receipts; nothing was changed",
            fix="stop the node that keeps them, and let it build the model anew: change its text, or start with another warehouse",
        )

    def counted(self) -> list[Counted]:
        return self._copy.counted()

    def changes(self, relation: str) -> pa.Table:
        return self._copy.changes(relation)

    def records(self, relation: str, key: Sequence[str]) -> pa.Table:
        return self._copy.records(relation, key)

    def all_records(self, relation: str, key: Sequence[str]) -> pa.Table:
        return self._copy.all_records(relation, key)

    def checkpoint(self) -> None:
        self._copy.checkpoint()

    # -- answers

    def query(self, queries: Sequence[Asked], *, on_start: OnStart | None = None) -> tuple[list[Result], Mark]:
        return self._copy.query(queries, on_start=on_start)

    def query_at(self, queries: Sequence[Asked], mark: Mark, *, on_start: OnStart | None = None) -> list[Result]:
        return self._copy.query_at(queries, mark, on_start=on_start)

    def columns(self, relation: str) -> dict[str, str]:
        return self._copy.columns(relation)

    def content(self, relation: str) -> tuple[pa.Table, Mark]:
        return self._copy.content(relation)

    def newest(self, source: str, column: str) -> datetime | None:
        return self._copy.newest(source, column)

    def rejected(self, table: str, source: str) -> int:
        return self._copy.rejected(table, source)

    # -- history

    def untiered(self, source: str, start: int, stop: int) -> pa.Table:
        return self._copy.untiered(source, start, stop)

    def tiered(self, source: str, stop: int, history: str) -> None:
        self._copy.tiered(source, stop, history)

    def generation(self, model: str) -> str | None:  # noqa: ARG002 - the copy has every row, final or not
        return None

    def final(self, model: str, start: int, limit: int) -> pa.Table:
        raise NotImplementedError(f"no row of {model} is final")

    def sealed(self, model: str, generation: str, stop: int, history: str) -> None:
        raise NotImplementedError(f"no row of {model} is final")


def delete(path: Path) -> None:
    """The copy's file. It has no write-ahead log."""
    path.unlink(missing_ok=True)
