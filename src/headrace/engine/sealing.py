"""Letting go of what watermarks have made final: states forget it, and a model's final rows wait apart to be moved to the lake.

sealed.<model> holds the final rows that are not in the lake yet, numbered in the order in which they became final. The numbers are
those of one *generation*: a model that is built anew starts another, and what the lake has of the former is replaced.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import duckdb
from sqlglot import exp

from headrace.engine.render import listed, quoted, render
from headrace.engine.statements import Statements
from headrace.engine.tables import OFFSET
from headrace.sql import Forget, Program, Seal, watermarks

META = """
CREATE SCHEMA IF NOT EXISTS sealed;
CREATE TABLE IF NOT EXISTS headrace.seals (model VARCHAR, generation VARCHAR, next BIGINT);
"""


class Seals:
    """The final rows of models, in the state database with all else."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        connection.execute(META)
        self._history: dict[str, tuple[str, int, str]] = {}
        self._durable = self._numbers()

    def start(self, program: Program) -> None:
        """The empty table of a model that is built, under a generation of its own."""
        self.drop(program.model)
        if program.seal is not None:
            name, columns = quoted(program.model), listed(program.columns)
            self._connection.execute(
                f"CREATE TABLE sealed.{name} AS SELECT {columns}, 0::BIGINT AS {OFFSET} FROM live.{name} LIMIT 0"
            )
            self._connection.execute(
                "INSERT INTO headrace.seals VALUES (?, ?, 0)", [program.model, uuid.uuid4().hex[:12]]
            )

    def drop(self, model: str) -> None:
        self._history.pop(model, None)
        self._connection.execute("DELETE FROM headrace.seals WHERE model = ?", [model])
        self._connection.execute(f"DROP TABLE IF EXISTS sealed.{quoted(model)}")

    def show(self, program: Program) -> None:
        """Point the view that queries name at where the rows are now."""
        columns, name = listed(program.columns), quoted(program.model)
        parts = [f"SELECT {columns} FROM live.{name}"]
        if program.seal is not None:
            parts.append(f"SELECT {columns} FROM sealed.{name}")
            history = self._history.get(program.model, ("", 0, ""))[2]
            parts += [self._typed(program, history)] if history else []
        self._connection.execute(f"CREATE OR REPLACE VIEW main.{name} AS {' UNION ALL '.join(parts)}")

    def _typed(self, program: Program, history: str) -> str:
        kinds = self._connection.execute(f"DESCRIBE sealed.{quoted(program.model)}").fetchall()
        cast = ", ".join(f"CAST({quoted(n)} AS {k}) AS {quoted(n)}" for n, k, *_ in kinds if n != OFFSET)
        return f"SELECT {cast} FROM ({history})"

    def let_go(self, programs: Iterable[Program], marks: Mapping[str, datetime | None], statements: Statements) -> None:
        """Seal what is final and forget what no step reads again, as of these watermarks."""
        for program in programs:
            if program.seal is not None:
                self._seal(program, program.seal, marks)
            for step in program.advance:
                if isinstance(step, Forget) and (where := _at(step.where, marks)) is not None:
                    self._delete(f"state.{quoted(step.state)}", f"state.{step.state}", where, statements)
            if program.seal is not None and program.seal.where is not None:
                where = _at(program.seal.where, marks)
                if where is not None:
                    self._delete(f"live.{quoted(program.model)}", f"live.{program.model}", where, statements)

    def _delete(self, table: str, name: str, where: str, statements: Statements) -> None:
        row = self._connection.execute(f"DELETE FROM {table} WHERE {where}").fetchone()
        statements.shrunk(name, row[0] if row is not None else 0)

    def _seal(self, program: Program, seal: Seal, marks: Mapping[str, datetime | None]) -> None:
        text = _at(seal.query, marks)
        if text is None:
            return
        (number,) = self._connection.execute(
            "SELECT next FROM headrace.seals WHERE model = ?", [program.model]
        ).fetchone() or (0,)
        row = self._connection.execute(
            f"INSERT INTO sealed.{quoted(program.model)} "
            f"SELECT {listed(program.columns)}, {number} + row_number() OVER () - 1 FROM ({text})"
        ).fetchone()
        if row is not None and row[0]:
            self._connection.execute(
                "UPDATE headrace.seals SET next = next + ? WHERE model = ?", [row[0], program.model]
            )

    def generation(self, model: str) -> str | None:
        row = self._connection.execute("SELECT generation FROM headrace.seals WHERE model = ?", [model]).fetchone()
        return None if row is None else row[0]

    def survives(self) -> None:
        """What is committed now would survive a crash."""
        self._durable = self._numbers()

    def rows(self, model: str) -> int:
        """How many rows of this generation are final and would survive a crash."""
        return self._durable.get(model, 0)

    def waiting(self, model: str, start: int) -> str:
        """A SELECT of the final rows from number ``start`` on that would survive a crash."""
        stop = self.rows(model)
        return f"SELECT * FROM sealed.{quoted(model)} WHERE {OFFSET} >= {start} AND {OFFSET} < {stop} ORDER BY {OFFSET}"

    def told(self, model: str, generation: str, stop: int, history: str) -> None:
        """Rows of that generation below number ``stop`` are what ``history`` selects."""
        self._history[model] = (generation, stop, history)

    def take_up(self, program: Program) -> bool:
        """Drop the rows that the lake has, and show its instead; False if there are rows that neither has."""
        if program.seal is None:
            return True
        model = program.model
        if self._history.get(model, ("", 0, ""))[0] != self.generation(model):
            self._history.pop(model, None)
        stop = self._history.get(model, ("", 0, ""))[1]
        if self._missing(model, stop):
            return False
        self._connection.execute(f"DELETE FROM sealed.{quoted(model)} WHERE {OFFSET} < {stop}")
        self.show(program)
        return True

    def _missing(self, model: str, stop: int) -> bool:
        """Whether rows from number ``stop`` on, which the lake does not have, are not here either."""
        found = self._connection.execute(
            f"SELECT next - (SELECT count(*) FROM sealed.{quoted(model)} WHERE {OFFSET} >= {stop}) > {stop} "
            "FROM headrace.seals WHERE model = ?",
            [model],
        ).fetchone()
        return found is not None and bool(found[0])

    def _numbers(self) -> dict[str, int]:
        return dict(self._connection.execute("SELECT model, next FROM headrace.seals").fetchall())


def _at(query: exp.Expr, marks: Mapping[str, datetime | None]) -> str | None:
    """The text with watermarks in place; None while one of them is not there."""
    named = watermarks(query)
    if any(marks.get(source) is None for source in named):
        return None

    def placed(node: exp.Expr) -> exp.Expr:
        source = next(iter(watermarks(node)), None) if isinstance(node, exp.Placeholder) else None
        moment = None if source is None else marks[source]
        if moment is None:
            return node
        return exp.cast(
            exp.Literal.string(moment.replace(tzinfo=UTC).isoformat(sep=" ")), "TIMESTAMPTZ", dialect="duckdb"
        )

    return render(query.transform(placed))
