"""Statements that run in every epoch: planned once, and again when the plan no longer fits.

DuckDB plans a statement when it is prepared, by the sizes that tables have then. A plan made while a table was empty serves badly
once it holds a million rows, so a statement is prepared again when something it reads or writes has grown to several times the
size; whether it has shrunk is looked at now and then, as small epochs between large ones are no reason.

Once the catalog has changed, DuckDB plans a prepared statement at every use, and does not keep what it planned.

The plan of an ASOF JOIN serves once: DuckDB 1.5 fails at the second run, and no statement runs on that database again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

# What is smaller than one of the engine's vectors is of one size.
SMALL = 2048
GROWN = 4
LOOK_AFTER = 50

ASOF = " ASOF "

_TABLE = re.compile(r'"?(state|live)"?\."((?:[^"]|"")+)"|"(delta\.(?:[^"]|"")+)"')


@dataclass
class _Plan:
    """A prepared statement.

    Attributes:
        tables: what it reads, with the sizes when it was prepared.
        target: the table that it changes, if it is one of those that are measured.
        sign: whether that gains rows or loses them; 0 when it is emptied.
        era: of the catalog.
    """

    name: str
    target: str
    sign: int
    tables: dict[str, int]
    era: int = -1
    uses: int = 0


class Statements:
    """Runs texts on a connection, and knows about how many rows each table has.

    Args:
        once: no text comes twice, so that none is prepared. Logical time is then a variable, not a parameter.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, once: bool = False) -> None:
        self._connection = connection
        self._once = once
        self._plans: dict[str, _Plan] = {}
        self._sizes: dict[str, int] = {}
        self._era = 0

    def run(self, text: str, times: dict[str, str]) -> int:
        """Run a statement that changes rows, or counts some; how many.

        Args:
            times: parameter, as it stands in texts -> its value as an argument of EXECUTE.
        """
        if self._once:
            return _count(self._connection.execute(text))
        rows = _count(self._connection.execute(self.command(text, times)))
        plan = self._plans[text]
        if plan.target:
            self._sizes[plan.target] = self._sizes.get(plan.target, 0) + plan.sign * rows if plan.sign else 0
        return rows

    def command(self, text: str, times: dict[str, str]) -> str:
        """What runs the statement, once it is prepared."""
        plan = self._plans.get(text) or self._known(text)
        if plan.era != self._era or not self._fits(plan) or (plan.uses and ASOF in text):
            self._prepare(plan, text)
        plan.uses += 1
        given = ", ".join(value for parameter, value in times.items() if parameter in text)
        return f"EXECUTE {plan.name}({given})" if given else f"EXECUTE {plan.name}"

    def sized(self, table: str, rows: int) -> None:
        """Tell how many rows a table has, when somebody else has put them there."""
        self._sizes[table] = rows

    def shrunk(self, table: str, rows: int) -> None:
        """Tell that a table has lost rows to somebody else."""
        self._sizes[table] = max(0, self._sizes.get(table, 0) - rows)

    def catalog_changed(self) -> None:
        """To be told once the transaction that changed it has ended."""
        self._era += 1

    def restart(self) -> None:
        """Forget every statement, and measure the tables."""
        self._plans.clear()
        self.catalog_changed()
        rows = self._connection.execute(
            "SELECT schema_name || '.' || table_name, estimated_size FROM duckdb_tables() WHERE schema_name IN ('state', 'live')"
        ).fetchall()
        self._sizes.update(rows)

    def _known(self, text: str) -> _Plan:
        word, named = text.split(" ", 1)[0], _TABLE.search(text)
        sign = {"INSERT": 1, "DELETE": -1, "TRUNCATE": 0}.get(word)
        target = "" if sign is None or named is None else _name(named)
        tables = dict.fromkeys(map(_name, _TABLE.finditer(text)), 0)
        plan = self._plans[text] = _Plan(f"headrace_{len(self._plans)}", target, sign or 0, tables)
        return plan

    def _fits(self, plan: _Plan) -> bool:
        look = plan.uses % LOOK_AFTER == 0
        for table, size in plan.tables.items():
            now = self._sizes.get(table, 0)
            if now > size * GROWN or (look and now * GROWN < size > SMALL):
                return False
        return True

    def _prepare(self, plan: _Plan, text: str) -> None:
        self._connection.execute(f"PREPARE {plan.name} AS {text}")
        plan.era = self._era
        plan.tables = {table: max(self._sizes.get(table, 0), SMALL) for table in plan.tables}


def _name(found: re.Match[str]) -> str:
    schema, table, delta = found.groups()
    return delta or f"{schema}.{table}"


def _count(result: duckdb.DuckDBPyConnection) -> int:
    row = result.fetchone()
    return row[0] if row is not None else 0
