"""A file's queries kept as models while its statements run: plain tables move first, and the engine follows."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from headrace.engine import SourceTable
from headrace.errors import EngineError, SqlError

from .kept import CrashError, Kept
from .shadow import Shadow

# Models kept at a time: an epoch runs them all. Beyond it, a file's later queries are built from history at their place.
MODELS = 200
# Epochs that what one statement changes is cut into, at most.
EPOCHS = 2

Changes = Mapping[str, pa.Table]


class Following:
    """Every query is a model from the moment its tables exist until the file ends or a table changes its shape.

    Args:
        folder: for the engines' files.
        texts: the queries that are to come.
    """

    def __init__(self, folder: Path, texts: list[str], seed: str) -> None:
        self.shadow = Shadow()
        self._folder = folder
        self._names = {sql: f"slt_query_{number}" for number, sql in enumerate(texts, 1)}
        self._random = random.Random(seed)
        self._deferred: set[str] = set()
        self._engines = 0
        self._begin()

    def close(self) -> None:
        self.kept.close()
        self.shadow.close()

    def _begin(self) -> None:
        """An engine that has nothing yet."""
        self._engines += 1
        folder = self._folder / str(self._engines)
        folder.mkdir()
        self.kept = Kept(folder)
        self._tables: dict[str, SourceTable] = {}
        self._views: dict[str, str] = {}
        self._new = False
        self.shadow.forget()

    def follow(self) -> None:
        """Bring the engine to where the plain tables are, after any statement."""
        tables, views = self.shadow.tables(), self.shadow.views()
        if not (self._tables.items() <= tables.items() and self._views.items() <= views.items()):
            self.kept.close()
            self._begin()
        for name in tables.keys() - self._tables.keys():
            self.kept.declare(tables[name])
        for name, sql in views.items():
            if name not in self._views:
                self._compiled(name, sql)
        self._new = self._new or (tables, views) != (self._tables, self._views)
        self._tables, self._views = tables, views
        if changes := self.shadow.changes(tuple(tables)):
            self.offer()
            self._run(changes)

    # -- models

    def offer(self) -> None:
        """Keep every query whose tables have come to exist."""
        if not self._new:
            return
        self._new = False
        for sql, name in self._names.items():
            if sql not in self._deferred and name not in self.kept.models and len(self.kept.models) < MODELS:
                self._compiled(name, sql)
        try:
            self.kept.install()
        except EngineError:
            self._defer()

    def model(self, sql: str) -> str:
        """The name of the query's model, which is built from history if it is not kept yet.

        Raises:
            SqlError: it is refused.
            CrashError: the compiler falls over.
            EngineError: it fails on the rows there are.
        """
        self.offer()
        name = self._names.setdefault(sql, f"slt_query_{len(self._names) + 1}")
        if name not in self.kept.models:
            self.kept.compile(name, sql)
            try:
                self.kept.install()
            except EngineError:
                self._drop([sql])
                raise
        return name

    def done(self, sql: str) -> None:
        """A query that fails on some of the file's rows is kept only while it is looked at."""
        if sql in self._deferred:
            self._drop([sql])

    def _compiled(self, name: str, sql: str) -> None:
        """Refusals are for :meth:`model` to tell, at the query's place."""
        try:
            self.kept.compile(name, sql)
        except (SqlError, CrashError):
            return

    def _defer(self) -> None:
        """Queries that fail on these very rows in plain DuckDB too: each is a model only at its place."""
        failing = [sql for sql in self._queries() if self.shadow.fails(sql)]
        self._deferred.update(failing)
        try:
            self._drop(failing)
        except EngineError:
            self._defer_defects()

    def _defer_defects(self) -> None:
        """Queries that fail as models though plain DuckDB runs them: found one by one, and told at their place."""
        queries = self._queries()
        self._drop(queries)
        for sql in queries:
            try:
                self.kept.compile(self._names[sql], sql)
                self.kept.install()
            except EngineError:
                self._deferred.add(sql)
                self._drop([sql])

    def _queries(self) -> list[str]:
        return [sql for sql, name in self._names.items() if name in self.kept.models]

    def _drop(self, texts: list[str]) -> None:
        for sql in texts:
            self.kept.drop(self._names[sql])
        self.kept.install()

    # -- epochs

    def _run(self, changes: Changes) -> None:
        """In a few epochs; in one, if what is between them makes a model fail; without the models that fail all the same."""
        done = 0
        parts = list(self._sliced(changes))
        try:
            for part in parts:
                self.kept.run(part)
                done += 1
        except EngineError:
            self._run_at_once(_together(parts[done:]))

    def _run_at_once(self, changes: Changes) -> None:
        try:
            self.kept.run(changes)
        except EngineError:
            self._defer()
            try:
                self.kept.run(changes)
            except EngineError:
                self.kept.close()
                self._begin()
                raise

    def _sliced(self, changes: Changes) -> Iterator[Changes]:
        parts = self._random.randint(1, EPOCHS)
        for i in range(parts):
            sliced = {name: _part(rows, i, parts) for name, rows in changes.items()}
            if kept := {name: rows for name, rows in sliced.items() if rows.num_rows}:
                yield kept


def _part(rows: pa.Table, number: int, parts: int) -> pa.Table:
    start, stop = (rows.num_rows * i // parts for i in (number, number + 1))
    return rows.slice(start, stop - start)


def _together(parts: list[Changes]) -> Changes:
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: pa.concat_tables([part[name] for part in parts if name in part]) for name in names}
