"""A file's tables as sources and its queries as models, in an engine of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from sqlglot import exp

from headrace.engine import Arrived, Asked, DuckDBEngine, Mark, SourceTable
from headrace.errors import EngineError, SqlError
from headrace.sql import Catalog, Program, Relation, SqlText, compile_model

from .values import Row

EPOCH = timedelta(minutes=1)


class CrashError(Exception):
    """The compiler fell over instead of compiling or refusing."""


class Kept:
    def __init__(self, folder: Path) -> None:
        self._engine = DuckDBEngine(folder / "state.duckdb", folder / "lake")
        self._sources: dict[str, SourceTable] = {}
        self._relations: dict[str, Relation] = {}
        self._programs: dict[str, Program] = {}
        self._offsets: dict[str, int] = {}

    def close(self) -> None:
        self._engine.close()

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(self._programs)

    def declare(self, source: SourceTable) -> None:
        self._sources[source.name] = source
        self._offsets[source.name] = 0
        self._relate(Relation(source.name, source.columns, False, True, source.key))

    def compile(self, name: str, sql: str) -> None:
        """Raises SqlError when the model is refused, CrashError when the compiler neither takes nor refuses it."""
        try:
            program = self._compiled(name, sql)
        except SqlError:
            raise
        except Exception as error:
            raise CrashError(f"compiling it: {type(error).__name__}: {error}") from error
        columns = {n.lower(): kind for n, kind in self._engine.oracle.describe(program.batch)}
        self._programs[name] = program
        self._relate(program.relation(columns))

    def _compiled(self, name: str, sql: str) -> Program:
        return compile_model(name, SqlText(sql, Path(f"{name}.sql")), Catalog(self._relations, self._engine.oracle))

    def drop(self, name: str) -> None:
        """Undo :meth:`compile`, to be followed by :meth:`install`."""
        del self._programs[name], self._relations[name]

    def install(self) -> None:
        """Keep what is compiled; what is new is built from the rows there are."""
        self._engine.install(list(self._sources.values()), list(self._programs.values()))

    def run(self, changes: Mapping[str, pa.Table]) -> None:
        """One epoch. On EngineError nothing of it is kept."""
        number = self._engine.mark().epoch + 1
        offsets = self._offsets | {name: self._offsets[name] + rows.num_rows for name, rows in changes.items()}
        arrived = {name: Arrived(rows, self._offsets[name]) for name, rows in changes.items()}
        self._engine.run(Mark(number, offsets, datetime(2024, 1, 1, tzinfo=UTC) + number * EPOCH), arrived)
        self._offsets = offsets

    def rows(self, model: str) -> list[Row]:
        """What is kept, as text."""
        texts = [
            exp.cast(exp.column(exp.to_identifier(c, quoted=True)), "VARCHAR") for c in self._programs[model].columns
        ]
        (found,), _ = self._engine.query([Asked(exp.select(*texts).from_(model))])
        if isinstance(found, EngineError):
            raise found
        return list(zip(*(column.to_pylist() for column in found.columns), strict=True))

    def differing(self, models: tuple[str, ...]) -> dict[str, str]:
        """Models whose kept rows are not those of their batch recompute."""
        _, results = self._engine.recompute(models)
        return {r.model: f"recompute: {r.missing} missing, {r.extra} extra" for r in results if r.missing or r.extra}

    def _relate(self, relation: Relation) -> None:
        self._relations[relation.name] = relation
        self._engine.oracle.declare(relation.name, relation.columns)
