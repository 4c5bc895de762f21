"""The queries as models in an engine, DuckDB's or Spark's, and the stream driven through it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from headrace.engine import Arrived, Committed, DuckDBEngine, Mark, SourceTable
from headrace.engine.spark.engine import SparkEngine
from headrace.sql import Catalog, Program, Relation, SqlText, compile_model

from .data import KEYS, STATIC
from .plain import Changes, PlainTables, Row, alike, rows
from .refresh import Form

EPOCH = timedelta(seconds=1)


def embedded(folder: Path) -> DuckDBEngine:
    return DuckDBEngine(folder / "state.duckdb", folder / "lake")


class Kept:
    """An engine that keeps models over the eight tables, and the plain tables that it is held against."""

    def __init__(self, engine: DuckDBEngine | SparkEngine, plain: PlainTables, form: Form) -> None:
        self.engine = engine
        self.plain = plain
        self._form = form
        self._sources = [self._source(table) for table in KEYS]
        self._offsets = dict.fromkeys(KEYS, 0)
        self._texts: Mapping[str, str] = {}

    def _source(self, table: str) -> SourceTable:
        changelog = table not in STATIC and self._form is not Form.APPEND_ONLY
        key = KEYS[table] if changelog and self._form is Form.KEYED else ()
        return SourceTable(table, self.plain.columns[table], changelog, key)

    def install(self, texts: Mapping[str, str]) -> list[Program]:
        """Keep these models, and no others."""
        relations = {s.name: Relation(s.name, s.columns, not s.changelog, s.changelog, s.key) for s in self._sources}
        for relation in relations.values():
            self.engine.oracle.declare(relation.name, relation.columns)
        catalog = Catalog(relations, self.engine.oracle)
        programs = [compile_model(name, SqlText(text, Path(f"{name}.sql")), catalog) for name, text in texts.items()]
        self.engine.install(self._sources, programs)
        self._texts = texts
        return programs

    def run(self, changes: Changes) -> Committed:
        """One epoch, in the engine alone."""
        arrived = {table: Arrived(batch, self._offsets[table]) for table, batch in changes.items()}
        for table, batch in changes.items():
            self._offsets[table] += batch.num_rows
        number = self.engine.mark().epoch + 1
        return self.engine.run(
            Mark(number, dict(self._offsets), datetime(1998, 8, 2, tzinfo=UTC) + number * EPOCH), arrived
        )

    def apply(self, changes: Changes) -> None:
        """The same changes to the plain tables."""
        for table, batch in changes.items():
            self.plain.apply(table, batch, keyed=self._form is Form.KEYED)

    def take(self, epochs: Iterable[Changes]) -> set[str]:
        """Run epochs through both; the models that changed."""
        changed: set[str] = set()
        for changes in epochs:
            changed |= set(self.run(changes).changed) & set(self._texts)
            self.apply(changes)
        return changed

    def content(self, model: str) -> list[Row]:
        return rows(self.engine.content(model)[0])

    def wrong(self) -> dict[str, str]:
        """Models whose kept rows differ from their batch recompute, or from the query run on the plain tables."""
        _, results = self.engine.recompute(list(self._texts))
        found = {r.model: f"recompute: {r.missing} missing, {r.extra} extra" for r in results if r.missing or r.extra}
        for name, text in self._texts.items():
            kept, plain = self.content(name), self.plain.answer(text)
            if not alike(kept, plain):
                found[name] = f"{found.get(name, '')} plain DuckDB: {len(plain)} rows, kept: {len(kept)} rows".strip()
        return found
