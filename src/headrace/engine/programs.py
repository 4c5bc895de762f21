"""Running delta programs on a DuckDB connection, inside the caller's transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb
from sqlglot import exp

from headrace.engine.pieces import Pieces
from headrace.engine.render import NOW, PREVIOUS, delta_name, listed, parameter, quoted
from headrace.engine.statements import Statements
from headrace.engine.tables import apply, create_live, netted
from headrace.sql import WEIGHT, Append, Compute, Evict, Forget, Merge, Program, State, pruned

# Rows that come into a weighted state before it is looked at whether to fold it.
FOLD_AFTER = 10_000


@dataclass(frozen=True)
class Prepared:
    """A program with its steps as text, which depends on which deltas are empty.

    Attributes:
        building: each step runs once, and logical time is a variable.
        empty: relations whose content before this epoch is taken to be nothing: when a model is built, all of it is change.
    """

    program: Program
    building: bool = False
    empty: tuple[str, ...] = ()
    pieces: Pieces = field(default_factory=Pieces)
    _texts: dict[tuple[int, frozenset[str]], str | None] = field(default_factory=dict)

    def text(self, query: exp.Expr, filled: Mapping[str, int]) -> str | None:
        """One of the program's queries as text, without what only reads deltas of no rows; None when that is all of it."""
        read = self.pieces.deltas(query)
        pattern = (id(query), frozenset(name for name in read if filled.get(name) == 0))
        if pattern not in self._texts:
            left = pruned(query, pattern[1]) if isinstance(query, exp.Query) else query
            self._texts[pattern] = None if left is None else self._rendered(left)
        return self._texts[pattern]

    def _rendered(self, query: exp.Expr) -> str:
        text = self.pieces.text(query, prepared=not self.building)
        for relation in self.empty:
            text = text.replace(quoted("live", relation), quoted(empty_name(relation)))
        return text


def empty_name(relation: str) -> str:
    """A temporary table shaped as a relation, with no rows."""
    return f"empty.{relation}"


def create_states(connection: duckdb.DuckDBPyConnection, prepared: Prepared) -> None:
    """The model's empty table, its states and deltas, in the order each can be shaped by those before it."""
    program, pieces = prepared.program, prepared.pieces
    if program.live is None:
        create_live(connection, program, pieces.text(program.batch))
    for step in program.steps:
        if isinstance(step, State):
            connection.execute(
                f"CREATE OR REPLACE TABLE state.{quoted(step.name)} AS SELECT * FROM ({pieces.text(step.shape)}) LIMIT 0"
            )
        else:
            create_delta(connection, prepared, step)
    if program.live is not None:
        create_live(connection, program, pieces.text(program.live))


def create_delta(connection: duckdb.DuckDBPyConnection, prepared: Prepared, step: Compute) -> None:
    name, text = quoted(delta_name(step.name)), prepared.pieces.text(step.query)
    if step.stored:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM ({text}) LIMIT 0")
    else:
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {text}")


def fingerprint(prepared: Prepared, digests: Sequence[str] = ()) -> str:
    """Differs between programs that do not compute or keep the same.

    Args:
        digests: of the project's functions that the program calls.
    """
    program, made = prepared.program, prepared.pieces.hash
    names = [(type(s).__name__, s.name, s.stored if isinstance(s, Compute) else s.weighted) for s in program.steps]
    kept = [(type(s).__name__, s.state, (s.keys, s.source) if isinstance(s, Merge) else None) for s in program.advance]
    queries: list[exp.Expr | None] = [q for s in program.compute for q in (s.query, s.simple)]
    queries += [s.where if isinstance(s, Evict | Forget) else s.query for s in program.advance]
    queries += [seal.query for seal in [program.seal] if seal is not None]
    queries += [*(s.shape for s in program.states), program.live, program.batch]
    parts = [
        repr((program.columns, program.key, names, kept, list(digests))).encode(),
        *(b"" if q is None else made(q) for q in queries),
    ]
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def drop_states(connection: duckdb.DuckDBPyConnection, model: str) -> None:
    """Drop everything kept for a model, whatever version of it made it."""
    rows = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'state' AND starts_with(table_name, ?)",
        [f"{model}."],
    ).fetchall()
    for (name,) in rows:
        connection.execute(f"DROP TABLE state.{quoted(name)}")
    connection.execute(f"DROP VIEW IF EXISTS main.{quoted(model)}")
    kinds = connection.execute(
        "SELECT table_type FROM information_schema.tables WHERE table_catalog = 'node' AND table_schema = 'live' AND table_name = ?",
        [model],
    ).fetchall()
    for (kind,) in kinds:
        connection.execute(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} live.{quoted(model)}")


class Runner:
    """Runs programs; knows which deltas hold rows.

    Statements are prepared, and logical time is a parameter of them, unless what is run is built.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, programs: Sequence[Program] = (), *, building: bool = False
    ) -> None:
        self._connection = connection
        self._statements = Statements(connection, once=building)
        self._building = building
        self._refolded = False
        self._copied: set[str] = set()
        self._filled: dict[str, int] = {}
        self._appended: dict[str, int] = {}
        self._views = _views(programs)
        self._below_views = _below_views(programs)
        self._times: dict[str, str] = {}
        self._elsewhere: dict[str, str] = {}
        self._straight: frozenset[str] = frozenset()

    @property
    def statements(self) -> Statements:
        return self._statements

    def at(self, now: datetime | None, previous: datetime | None) -> None:
        """Set the logical times of what runs next."""
        if self._refolded:
            self._statements.catalog_changed()
            self._refolded = False
        for name, moment in ((NOW, now), (PREVIOUS, previous)):
            self._times[parameter(name)] = f"{name} := {instant(moment)}"

    def install(self, programs: Sequence[Program]) -> None:
        """Learn which deltas are views, which follow what they read. All of them are empty."""
        self._statements.restart()
        self._views = _views(programs)
        self._below_views = _below_views(programs)
        self._straight = _unread(programs)
        self._filled = {step.name: 0 for program in programs for step in program.compute}

    def fill(self, name: str, query: str) -> int:
        """Put ``query``'s rows into ``delta.<name>``."""
        self._clear(name)
        self._filled[name] = self._execute(f"INSERT INTO {quoted(delta_name(name))} {query}")
        return self._filled[name]

    def prepared(self, text: str) -> str:
        """What runs a query that does not depend on time, so that it is planned once."""
        return self._statements.command(text, {})

    def filled(self, name: str, rows: int) -> None:
        """Tell how many rows ``delta.<name>`` has, when somebody else has put them there."""
        self._filled[name] = rows
        self._statements.sized(delta_name(name), rows)

    def elsewhere(self, places: Mapping[str, str]) -> None:
        """Read deltas from other relations until told otherwise: by name, as the texts have both."""
        self._elsewhere = dict(places)

    def straight(self, model: str) -> bool:
        """Whether the model's change goes into its table at once, and not into its delta: its rows are the last of the table."""
        return model in self._straight

    def viewed(self, name: str) -> bool:
        """Whether a delta that is a view reads this one."""
        return name in self._below_views

    def catalog_changed(self) -> None:
        """To be told when views or tables were replaced, after the transaction that did it."""
        self._statements.catalog_changed()

    def _execute(self, text: str) -> int:
        for name, place in self._elsewhere.items():
            text = text.replace(name, place)
        return self._statements.run(text, self._times)

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
        for step in prepared.program.compute:
            self._compute(prepared, step, wanted=first or (step.timely and moved))
        return self.rows(prepared.program.model)

    def _compute(self, prepared: Prepared, step: Compute, *, wanted: bool) -> None:
        if not wanted and not any(self.rows(need) for need in step.needs):
            self._clear(step.name)
            return
        if not step.stored:
            self._filled[step.name] = sum(self.rows(need) for need in step.needs)
            return
        simple = step.simple is not None and not any(self.rows(name) for name in step.unless)
        text = self._text(prepared, step.simple if simple and step.simple is not None else step.query)
        if text is None:
            self._clear(step.name)
        elif step.name in self._straight:
            columns = listed(prepared.program.columns)
            self._filled[step.name] = self._execute(
                f"INSERT INTO {quoted('live', step.name)} ({columns}) SELECT {columns} FROM ({text}) AS arriving"
            )
        else:
            self.fill(step.name, text)

    def _text(self, prepared: Prepared, query: exp.Expr) -> str | None:
        return prepared.text(query, self._filled)

    def advance(self, prepared: Prepared, *, moved: bool = True) -> None:
        """Bring the program's states and the model's table up to date."""
        for step in prepared.program.advance:
            match step:
                case Append():
                    if any(self.rows(need) for need in step.needs) and (text := self._text(prepared, step.query)):
                        self._fold(step, self._execute(f"INSERT INTO state.{quoted(step.state)} {text}"))
                case Evict():
                    if moved:
                        self._execute(
                            f"DELETE FROM state.{quoted(step.state)} WHERE {self._text(prepared, step.where)}"
                        )
                case Merge():
                    if self.rows(step.source) and (text := self._text(prepared, step.query)):
                        self._merge(step, text)
        program = prepared.program
        if program.live is None and self.rows(program.model) and program.model not in self._straight:
            self.apply(program.model, program.columns, program.key, leaves=not program.append_only)

    def apply(self, table: str, columns: Sequence[str], key: Sequence[str], *, leaves: bool = True) -> None:
        """Bring ``live.<table>`` up to date with its delta, of which rows may leave or not."""
        copies = self._building or table in self._copied
        apply(self._execute, self.negatives if leaves else lambda _: 0, table, columns, key, copies=copies)

    def has_copies(self, table: str) -> None:
        """To be told when rows of ``live.<table>`` were found there more than once: then each is looked at, which takes longer."""
        self._copied.add(table)

    def negatives(self, name: str) -> int:
        """Rows that leave, in ``delta.<name>``."""
        return self._execute(f"SELECT count(*) FROM {quoted(delta_name(name))} WHERE {WEIGHT} < 0")

    def _clear(self, name: str) -> None:
        if self._filled.get(name, 1) and name not in self._views and name not in self._straight:
            self._execute(f"TRUNCATE {quoted(delta_name(name))}")
        self._filled[name] = 0

    def _merge(self, step: Merge, text: str) -> None:
        state = f"state.{quoted(step.state)}"
        if step.keys:
            match = " AND ".join(f"s.{quoted(k)} IS NOT DISTINCT FROM d.{quoted(k)}" for k in step.keys)
            self._execute(
                f"DELETE FROM {state} AS s USING {quoted(delta_name(step.source))} AS d WHERE d.had AND {match}"
            )
        else:
            self._execute(f"TRUNCATE {state}")
        self._execute(f"INSERT INTO {state} {text}")

    def _fold(self, step: Append, rows: int) -> None:
        """Cancel opposite rows once they are half of what is held; looked at every so many new rows."""
        if not step.retracts:
            return
        appended = self._appended.get(step.state, 0) + rows
        self._appended[step.state] = appended % FOLD_AFTER
        if appended < FOLD_AFTER:
            return
        state = f"state.{quoted(step.state)}"
        held = self._execute(f"SELECT count(*) FROM {state}")
        leaving = self._execute(f"SELECT count(*) FROM {state} WHERE {WEIGHT} < 0")
        if leaving * 4 >= held:
            names = [row[0] for row in self._connection.execute(f"DESCRIBE {state}").fetchall() if row[0] != WEIGHT]
            self._connection.execute(f"CREATE OR REPLACE TABLE {state} AS {netted(state, names)}")
            self._refolded = True


def _views(programs: Iterable[Program]) -> frozenset[str]:
    """The names of the deltas that are not stored."""
    return frozenset(step.name for program in programs for step in program.compute if not step.stored)


def _unread(programs: Iterable[Program]) -> frozenset[str]:
    """The models whose rows only arrive, and stay in a table that no model reads."""
    found = {p.model for p in programs if p.append_only and p.live is None and p.seal is None}
    return frozenset(found.difference(*(p.reads for p in programs)))


def _below_views(programs: Iterable[Program]) -> frozenset[str]:
    """The names of the deltas that are read by one that is not stored."""
    return frozenset(need for program in programs for step in program.compute if not step.stored for need in step.needs)


def instant(moment: datetime | None) -> str:
    """A logical time as a literal; before the first epoch it is 1970."""
    at = (moment or datetime(1970, 1, 1, tzinfo=UTC)).astimezone(UTC)
    return f"TIMESTAMPTZ '{at.isoformat(sep=' ')}'"


__all__ = ["Prepared", "Runner", "create_delta", "create_states", "drop_states", "empty_name", "fingerprint"]
