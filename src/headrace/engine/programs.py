"""Running delta programs on a DuckDB connection, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import duckdb
from sqlglot import exp

from headrace.engine.render import delta_name, listed, quoted, render
from headrace.engine.tables import apply
from headrace.sql import WEIGHT, Append, Compute, Evict, Merge, Program, State

# A weighted state is folded when this many rows have been taken back from it, or half of what it holds, whichever is more.
FOLD_AFTER = 10_000
REPLAN_AFTER = 50


@dataclass(frozen=True)
class Prepared:
    """A program with its steps as text.

    Attributes:
        empty: relations whose content before this epoch is taken to be nothing: when a model is built, all of it is change.
    """

    program: Program
    empty: tuple[str, ...] = ()

    @cached_property
    def compute(self) -> tuple[tuple[Compute, str], ...]:
        return tuple((step, self._text(step.query)) for step in self.program.compute)

    @cached_property
    def advance(self) -> tuple[tuple[Append | Evict | Merge, str], ...]:
        return tuple(
            (step, self._text(step.where if isinstance(step, Evict) else step.query)) for step in self.program.advance
        )

    def _text(self, query: exp.Expr) -> str:
        text = render(query)
        for relation in self.empty:
            text = text.replace(quoted("live", relation), quoted(empty_name(relation)))
        return text


def empty_name(relation: str) -> str:
    """A temporary table shaped as a relation, with no rows."""
    return f"empty.{relation}"


def create_states(connection: duckdb.DuckDBPyConnection, program: Program) -> None:
    """Empty states and empty deltas, in the order each can be shaped by those before it."""
    for step in program.steps:
        if isinstance(step, State):
            connection.execute(
                f"CREATE OR REPLACE TABLE state.{quoted(step.name)} AS SELECT * FROM ({render(step.shape)}) LIMIT 0"
            )
        else:
            create_delta(connection, step)


def create_delta(connection: duckdb.DuckDBPyConnection, step: Compute) -> None:
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {quoted(delta_name(step.name))} AS SELECT * FROM ({render(step.query)}) LIMIT 0"
    )


def drop_states(connection: duckdb.DuckDBPyConnection, model: str) -> None:
    """Drop everything kept for a model, whatever version of it made it."""
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'state' AND starts_with(table_name, ?)",
        [f"{model}."],
    ).fetchall()
    for (name,) in rows:
        connection.execute(f"DROP TABLE state.{quoted(name)}")
    connection.execute(f"DROP VIEW IF EXISTS main.{quoted(model)}")
    connection.execute(f"DROP TABLE IF EXISTS live.{quoted(model)}")


class Runner:
    """Runs programs; knows which deltas hold rows.

    Statements are prepared once and run many times. Their plans rest on the sizes of tables when they were prepared, so they are
    prepared again now and then; those that mention logical time have it written into their plan, and are planned every time.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._filled: dict[str, int] = {}
        self._taken_back: dict[str, int] = {}
        self._prepared: dict[str, tuple[str, int]] = {}
        self._views: set[str] = set()

    def view(self, name: str) -> None:
        """``delta.<name>`` is a view that somebody else keeps; what reads it is planned every time."""
        self._views.add(quoted(delta_name(name)))

    def viewed(self, name: str, rows: int) -> None:
        """Tell how many rows the view ``delta.<name>`` has now."""
        self._filled[name] = rows

    def fill(self, name: str, query: str) -> int:
        """Put ``query``'s rows into ``delta.<name>``."""
        self._clear(name)
        self._filled[name] = self._execute(f"INSERT INTO {quoted(delta_name(name))} {query}")
        return self._filled[name]

    def _execute(self, text: str) -> int:
        """Run a statement that changes rows; how many."""
        row = self._connection.execute(self._planned(text)).fetchone()
        return row[0] if row is not None else 0

    def _planned(self, text: str) -> str:
        if "GETVARIABLE" in text.upper() or any(view in text for view in self._views):
            return text
        name, uses = self._prepared.get(text, (f"headrace_{len(self._prepared)}", 0))
        if uses % REPLAN_AFTER == 0:
            self._connection.execute(f"PREPARE {name} AS {text}")
        self._prepared[text] = (name, uses + 1)
        return f"EXECUTE {name}"

    def clear(self, names: Iterable[str]) -> None:
        for name in names:
            self._clear(name)

    def forget(self) -> None:
        """After a rollback: what the deltas hold is not known, so each is cleared before it is used."""
        self._filled.clear()

    def rows(self, name: str) -> int:
        return self._filled.get(name, 0)

    def compute(self, prepared: Prepared, *, first: bool = False, moved: bool = True) -> int:
        """Fill every delta of the program; returns the rows of its net change.

        Args:
            first: run each step even when its inputs are empty: an aggregate of nothing has a row.
            moved: logical time has moved since the epoch before.
        """
        for step, text in prepared.compute:
            if first or (step.timely and moved) or any(self.rows(need) for need in step.needs):
                self.fill(step.name, text)
            else:
                self._clear(step.name)
        return self.rows(prepared.program.model)

    def advance(self, prepared: Prepared, *, moved: bool = True) -> None:
        """Bring the program's states and the model's table up to date."""
        for step, text in prepared.advance:
            match step:
                case Append():
                    if any(self.rows(need) for need in step.needs):
                        self._execute(f"INSERT INTO state.{quoted(step.state)} {text}")
                        self._fold(step)
                case Evict():
                    if moved:
                        self._connection.execute(f"DELETE FROM state.{quoted(step.state)} WHERE {text}")
                case Merge():
                    if self.rows(step.source):
                        self._merge(step, text)
        program = prepared.program
        if self.rows(program.model):
            self.apply(program.model, program.columns, program.key)

    def apply(self, table: str, columns: Sequence[str], key: Sequence[str]) -> None:
        """Bring ``live.<table>`` up to date with its delta."""
        apply(self._execute, self.negatives, table, columns, key)

    def negatives(self, name: str) -> int:
        """Rows that leave, in ``delta.<name>``."""
        row = self._connection.execute(
            self._planned(f"SELECT count(*) FROM {quoted(delta_name(name))} WHERE {WEIGHT} < 0")
        ).fetchone()
        return row[0] if row is not None else 0

    def _clear(self, name: str) -> None:
        if self._filled.get(name, 1) and quoted(delta_name(name)) not in self._views:
            self._connection.execute(f"TRUNCATE {quoted(delta_name(name))}")
        self._filled[name] = 0

    def _merge(self, step: Merge, text: str) -> None:
        state = f"state.{quoted(step.state)}"
        if step.keys:
            match = " AND ".join(f"s.{quoted(k)} IS NOT DISTINCT FROM d.{quoted(k)}" for k in step.keys)
            self._execute(
                f"DELETE FROM {state} AS s USING {quoted(delta_name(step.source))} AS d WHERE d.had AND {match}"
            )
        else:
            self._connection.execute(f"TRUNCATE {state}")
        self._execute(f"INSERT INTO {state} {text}")

    def _fold(self, step: Append) -> None:
        """Cancel opposite rows once enough of them have come in."""
        taken = sum(self.negatives(need) for need in step.needs if self.rows(need))
        if not taken:
            return
        total = self._taken_back.get(step.state, 0) + taken
        self._taken_back[step.state] = total
        if total < FOLD_AFTER:
            return
        state = f"state.{quoted(step.state)}"
        held = self._connection.execute(f"SELECT count(*) FROM {state}").fetchone()
        if held is not None and total * 2 >= held[0]:
            names = [row[0] for row in self._connection.execute(f"DESCRIBE {state}").fetchall() if row[0] != WEIGHT]
            self._connection.execute(folded(state, names))
            self._prepared.clear()
            self._taken_back[step.state] = 0


def folded(state: str, names: list[str]) -> str:
    columns = listed(names)
    counted = f"SELECT {columns}, sum({WEIGHT}::BIGINT)::BIGINT AS __n FROM {state} GROUP BY ALL HAVING sum({WEIGHT}::BIGINT) <> 0"
    return (
        f"CREATE OR REPLACE TABLE {state} AS SELECT {columns}, sign(__n)::TINYINT AS {WEIGHT} "
        f"FROM (SELECT *, unnest(range(abs(__n)::BIGINT)) AS __copy FROM ({counted}))"
    )


__all__ = ["Prepared", "Runner", "create_delta", "create_states", "drop_states"]
