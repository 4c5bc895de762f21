"""The file's statements on plain DuckDB tables, and what each of them changed."""

from __future__ import annotations

import re
from collections.abc import Sequence

import duckdb
import pyarrow as pa

from headrace.engine import SourceTable
from headrace.sql import WEIGHT

from .values import Row

_SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET arrow_lossless_conversion = true",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET enable_external_access = false",
)
_KEYS = "SELECT table_name, constraint_column_names FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'"
_TABLES = "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND schema_name = 'main' ORDER BY table_oid"
_VIEWS = "SELECT view_name, sql FROM duckdb_views() WHERE NOT internal AND schema_name = 'main' AND view_name <> '__seen' ORDER BY view_oid"
_CREATE_VIEW = re.compile(
    r'CREATE\s.*?VIEW\s+(?:"[^"]*"|[\w.]+)\s*(\([^)]*\))?\s+AS\s+(.*?);?\s*$', re.DOTALL | re.IGNORECASE
)


class Shadow:
    """Any statement runs as it is; what it did is told by the rows before and after, so also that of a rollback."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(":memory:")
        for setting in _SETTINGS:
            self.connection.execute(setting)
        self._seen: dict[str, pa.Table] = {}

    def close(self) -> None:
        self.connection.close()

    def execute(self, sql: str) -> None:
        self.connection.execute(sql).fetchall()

    def rows(self, sql: str) -> list[Row]:
        """A query's rows in their order, as text."""
        return self.connection.execute(f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({sql}\n)").fetchall()

    def fails(self, sql: str) -> bool:
        try:
            self.connection.execute(sql).fetchall()
        except duckdb.Error:
            return True
        return False

    def tables(self) -> dict[str, SourceTable]:
        """A table with a primary key is a keyed changelog, another a bag."""
        keys = dict(self.connection.execute(_KEYS).fetchall())
        names = [row[0] for row in self.connection.execute(_TABLES).fetchall()]
        return {n.lower(): SourceTable(n.lower(), self._columns(n), True, tuple(keys.get(n, ()))) for n in names}

    def views(self) -> dict[str, str]:
        """Views and their SELECT, in the order they were made."""
        found = {}
        for name, sql in self.connection.execute(_VIEWS).fetchall():
            match = _CREATE_VIEW.match(sql)
            assert match is not None, sql
            columns, body = match.groups()
            found[name.lower()] = f"SELECT * FROM ({body}) AS v {columns}" if columns else body
        return found

    def forget(self) -> None:
        """All rows that there are will be new ones."""
        self._seen.clear()

    def changes(self, tables: Sequence[str]) -> dict[str, pa.Table]:
        """Rows with ``__w`` by table, since they were asked for last: those that left, then those that arrived."""
        found = {}
        for table in tables:
            now = self.connection.execute(f'FROM "{table}"').to_arrow_table()
            before = self._seen.get(table, now.slice(0, 0))
            self._seen[table] = now
            if now.num_rows or before.num_rows:
                self.connection.register("__seen", before)
                change = self.connection.execute(_CHANGE.format(table=f'"{table}"')).to_arrow_table()
                self.connection.unregister("__seen")
                if change.num_rows:
                    found[table] = change
        return found

    def _columns(self, table: str) -> dict[str, str]:
        return {row[0]: row[1] for row in self.connection.execute(f'DESCRIBE "{table}"').fetchall()}


_CHANGE = (
    f"SELECT *, (-1)::TINYINT AS {WEIGHT} FROM (FROM __seen EXCEPT ALL FROM {{table}}) "
    f"UNION ALL SELECT *, 1::TINYINT FROM (FROM {{table}} EXCEPT ALL FROM __seen)"
)
