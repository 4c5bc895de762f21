"""The second opinion: the same tables kept by plain statements, and the queries run on them by DuckDB alone."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pyarrow as pa

from headrace.sql import WEIGHT

from .data import KEYS, STATIC, columns, connected, generate

RELATIVE = 1e-9
Row = tuple[object, ...]


class PlainTables:
    """The eight tables, empty; ``full`` has them as generated, for the stream to draw from."""

    def __init__(self, scale: float) -> None:
        self.connection = connected()
        self.connection.execute("SET arrow_lossless_conversion = true")
        generate(self.connection, scale)
        self.columns = {table: columns(self.connection, table) for table in KEYS}
        self.connection.execute("CREATE SCHEMA full_")
        for table in KEYS:
            self.connection.execute(f"CREATE TABLE full_.{table} AS FROM {table}")
            self.connection.execute(f"TRUNCATE {table}")

    def close(self) -> None:
        self.connection.close()

    def apply(self, table: str, changes: pa.Table, *, keyed: bool) -> None:
        """Make the changes of one epoch, given in their order.

        Args:
            changes: rows with ``__w``, or without it where all of them arrive.
            keyed: a row takes the place of the one with its key; else a row that leaves is named whole.
        """
        if table in STATIC or WEIGHT not in changes.column_names:
            self.connection.from_arrow(changes).insert_into(table)
            return
        numbered = changes.append_column("n", pa.array(range(changes.num_rows), pa.int64()))
        self.connection.register("changes", numbered)
        self._net(table, keyed=keyed)
        match = KEYS[table] if keyed else tuple(self.columns[table])
        same = " AND ".join(f"t.{column} = c.{column}" for column in match)
        gone = "" if keyed else f"c.{WEIGHT} < 0 AND"
        self.connection.execute(f"DELETE FROM {table} AS t USING net AS c WHERE {gone} {same}")
        self.connection.execute(f"INSERT INTO {table} SELECT * EXCLUDE ({WEIGHT}) FROM net WHERE {WEIGHT} > 0")
        self.connection.unregister("changes")

    def _net(self, table: str, *, keyed: bool) -> None:
        """What the changes come to: the last of each key, or the sum for each row."""
        if keyed:
            last = f"row_number() OVER (PARTITION BY {', '.join(KEYS[table])} ORDER BY n DESC) = 1"
            body = f"SELECT * EXCLUDE (n) FROM changes QUALIFY {last}"
        else:
            total = f"sum({WEIGHT})"
            body = f"SELECT * EXCLUDE (n, {WEIGHT}), {total} AS {WEIGHT} FROM changes GROUP BY ALL HAVING {total} <> 0"
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE net AS {body}")

    def answer(self, query: str) -> list[Row]:
        return rows(self.connection.execute(query).to_arrow_table())


def alike(one: list[Row], other: list[Row]) -> bool:
    """The same rows, in whatever order, floating-point values within ``RELATIVE``."""
    if len(one) != len(other):
        return False
    return all(
        _close(a, b) for a, b in zip(sorted(one, key=_exact_first), sorted(other, key=_exact_first), strict=True)
    )


def rows(table: pa.Table) -> list[Row]:
    return list(zip(*(_values(column) for column in table.columns), strict=True))


def _values(column: pa.ChunkedArray) -> list[object]:
    """The values of a column; whole numbers of 128 bits, which DuckDB gives as bytes and Spark as DECIMAL, are ints."""
    if isinstance(column.type, pa.OpaqueType) and column.type.type_name == "hugeint":
        return [None if v is None else int.from_bytes(v, "little", signed=True) for v in column.to_pylist()]
    if pa.types.is_decimal(column.type) and column.type.scale == 0:
        return [None if v is None else int(v) for v in column.to_pylist()]
    return column.to_pylist()


def _exact_first(row: Row) -> tuple[list[str], list[float]]:
    """Floating-point values decide last, so that two that are close do not part rows that are otherwise alike."""
    floats = [value for value in row if isinstance(value, float)]
    return [repr(value) for value in row if not isinstance(value, float)], floats


def _close(one: Row, other: Row) -> bool:
    return all(
        math.isclose(a, b, rel_tol=RELATIVE) if isinstance(a, float) and isinstance(b, float) else a == b
        for a, b in zip(one, other, strict=True)
    )


Changes = Mapping[str, pa.Table]
