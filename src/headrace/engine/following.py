"""Models kept by another node, answers from a copy of them in DuckDB that follows what that node publishes.

Sources' rows come from the lake and the log, as they do where models are kept; so epochs here are those of that node, one by one, or
several together when it is ahead. The copy is made anew each time it is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from headrace.engine.copied import Copied, delete
from headrace.engine.duckdb import PACE, DuckDBEngine
from headrace.engine.protocol import Arrived, Committed, Mark, Recomputed, SourceTable
from headrace.sql import Program


class Publications(Protocol):
    """What another node has published, up to the epoch that is taken next."""

    def mark(self) -> Mark:
        """That epoch."""
        ...

    def sources(self) -> Mapping[str, Mapping[str, str]]:
        """The columns of each source there, name -> type text."""
        ...

    def records(self) -> Mapping[str, pa.Table]:
        """What changed since it was last asked, by model: ``key``, ``value`` and ``number`` (``engine.records``)."""
        ...


class FollowingEngine(Copied):
    """See :class:`headrace.engine.protocol.Engine`.

    Args:
        publications: what the node that keeps the models has published; at an epoch that has everything from the beginning.
        path: the copy's file; what is there is deleted.
        open_copy: opens the copy there.
    """

    pace = PACE

    def __init__(self, publications: Publications, path: Path, open_copy: Callable[[], DuckDBEngine]) -> None:
        delete(path)
        self._publications = publications
        self._path = path
        self._copy = open_copy()
        self._taken: Mapping[str, pa.Table] | None = None
        """Records of an epoch that failed: it may be run again."""

    def mark(self) -> Mark:
        return self._copy.mark()

    def durable(self) -> Mark:
        """None is: the copy is made anew."""
        return Mark(0, {}, None)

    def definitions(self) -> dict[str, dict[str, str]]:
        return {name: dict(columns) for name, columns in self._publications.sources().items()}

    def to_restore(self, last: Mark) -> Mark | None:  # noqa: ARG002 - what is published counts
        return self._publications.mark()

    def install(self, sources: Sequence[SourceTable], programs: Sequence[Program]) -> tuple[str, ...]:
        """Take over every model as it is published. None is built here."""
        mirrors = [self._mirror(program) for program in programs]
        self._copy.install([*sources, *mirrors], [])
        self._copy.recomputes(programs)
        records = self._publications.records()
        for mirror in mirrors:
            if mirror.name in records:
                self._copy.mirror(mirror, records[mirror.name], "")
        return ()

    def _mirror(self, program: Program) -> SourceTable:
        kinds = {name.lower(): kind for name, kind in self.oracle.describe(program.batch)}
        columns = {name: kinds[name.lower()] for name in program.columns}
        return SourceTable(program.model, columns, changelog=True, key=program.key, mirrored=True, published=True)

    def run(self, mark: Mark, arrived: Mapping[str, Arrived]) -> Committed:
        """Take what is published of an epoch, together with the rows that its sources got."""
        if self._taken is None:
            self._taken = self._publications.records()
        changes = {name: Arrived(records, 0) for name, records in self._taken.items()}
        committed = self._copy.run(mark, {**arrived, **changes})
        self._taken = None
        return committed

    def recompute(self, models: Sequence[str]) -> tuple[Mark, list[Recomputed]]:
        """By DuckDB, from lake and log, whatever keeps the models."""
        return self._copy.recompute(models)

    def late(self, source: str) -> int:
        return self._copy.late(source)

    def sizes(self) -> dict[str, int]:
        """Rows by table. There is no state here."""
        return self._copy.sizes()

    def close(self) -> None:
        self._copy.close()
        delete(self._path)
