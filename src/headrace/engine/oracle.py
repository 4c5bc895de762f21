"""Types and names, as DuckDB sees them, on a connection of its own that holds only empty tables."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import duckdb
from sqlglot import exp

from headrace.engine.functions import register
from headrace.engine.render import quoted, render
from headrace.errors import SqlError
from headrace.project import Function


class DuckDBOracle:
    """Answers the compiler's questions. Relations are told with :meth:`declare` before queries name them.

    Args:
        functions: those of the project, by name.
    """

    def __init__(self, functions: Mapping[str, Function] = MappingProxyType({})) -> None:
        self._connection = duckdb.connect(":memory:", config={"enable_external_access": "false"})
        self._connection.execute("SET TimeZone = 'UTC'")
        # As the engine has it: a name that some extension has is looked for nowhere.
        self._connection.execute("SET autoinstall_known_extensions = false")
        self._connection.execute("SET autoload_known_extensions = false")
        self._connection.execute("SET VARIABLE now = TIMESTAMPTZ '1970-01-01 00:00:00+00'")
        register(self._connection, functions)
        self._lock = threading.Lock()

    def declare(self, name: str, columns: Mapping[str, str]) -> None:
        """Make an empty relation known."""
        body = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
        with self._lock:
            self._connection.execute(f"CREATE OR REPLACE TABLE {quoted(name)} ({body})")

    def describe(self, query: exp.Query) -> list[tuple[str, str]]:
        """Output columns of ``query``.

        Raises:
            SqlError: HR-308, with the engine's own words.
        """
        try:
            with self._lock:
                cursor = self._connection.execute(f"DESCRIBE {render(query)}")
                return [(row[0], row[1]) for row in cursor.fetchall()]
        except duckdb.Error as error:
            raise SqlError(str(error).split("\n\nLINE")[0], code="HR-308", fix="correct the expression") from None

    def is_aggregate(self, function: str) -> bool:
        return function in _aggregates()


@cache
def _aggregates() -> frozenset[str]:
    """The engine's own; nobody adds to them."""
    with duckdb.connect(":memory:") as connection:
        rows = connection.execute(
            "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type = 'aggregate'"
        ).fetchall()
    return frozenset(row[0] for row in rows)
