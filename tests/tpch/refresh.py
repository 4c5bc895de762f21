"""A stream of changes to TPC-H's tables: the load, then refreshes after the standard's RF1 and RF2, and updates.

The extension has no refresh sets, so new orders are modelled on old ones: same lines, other key, customer, dates and
quantities. Rows are chosen by a hash of their key and a seed, so a seed names one stream.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from enum import Enum

import pyarrow as pa

from headrace.sql import WEIGHT

from .data import KEYS, STATIC
from .plain import Changes, PlainTables


class Form(Enum):
    """How the six changing tables arrive."""

    KEYED = "keyed"  # a changelog: a row takes the place of the one with its key
    BAG = "bag"  # a changelog without a key: a row that leaves is named whole
    APPEND_ONLY = "append-only"  # rows never leave, so refreshes are new orders alone


# Table -> columns with new values. ``luck`` is a number below a million, by row and refresh.
UPDATES = {
    "customer": """['BUILDING', 'AUTOMOBILE', 'MACHINERY'][1 + luck % 3] AS c_mktsegment, c_acctbal + luck % 2000 - 1000 AS c_acctbal""",
    "lineitem": """l_extendedprice * 1.01 AS l_extendedprice, luck % 11 * 0.01 AS l_discount,
        l_commitdate + luck % 40 - 20 AS l_receiptdate""",
    "part": """['MED BOX', 'SM CASE', 'LG BOX'][1 + luck % 3] AS p_container, [15, 9, 1][1 + luck % 3] AS p_size,
        ['Brand#23', 'Brand#12', 'Brand#34'][1 + luck % 3] AS p_brand,
        ['ECONOMY ANODIZED STEEL', 'PROMO BRUSHED BRASS'][1 + luck // 3 % 2] AS p_type,
        ['forest green', 'blue'][1 + luck // 6 % 2] AS p_name""",
    "partsupp": """ps_supplycost * 0.01 * (50 + luck % 100) AS ps_supplycost, luck % 9999 AS ps_availqty""",
    "supplier": """luck % 25 AS s_nationkey, s_acctbal + luck % 100 AS s_acctbal,
        ['slow Customer, many Complaints', 'none'][1 + luck % 2] AS s_comment""",
    # These change nothing, so nothing may come of them.
    "orders": "o_comment AS o_comment",
}

# Rows of a table that a refresh changes at least: there are a hundred suppliers at scale 0.01.
MINIMUM = 20

_NEW_KEYS = """
SELECT *, (key % 121 - 60)::INTEGER AS days FROM (
  SELECT key, row_number() OVER (ORDER BY hash(key, $seed), key) AS i
  FROM range(1, (SELECT max(o_orderkey) + 64 FROM orders)) AS r(key) ANTI JOIN orders ON o_orderkey = key
) JOIN (
  SELECT o_orderkey AS model, row_number() OVER (ORDER BY hash(o_orderkey, $seed), o_orderkey) AS i FROM orders
) USING (i) WHERE i <= $count
"""
_NEW_ORDERS = """
SELECT orders.* REPLACE (key AS o_orderkey, o_orderdate + days AS o_orderdate,
  1 + (o_custkey + key) % (SELECT max(c_custkey) FROM customer) AS o_custkey)
FROM orders JOIN new_keys ON o_orderkey = model
"""
# One order in five is large, as Q18 asks for such.
_NEW_LINES = """
SELECT * EXCLUDE (key, model, i, days, quantity) REPLACE (key AS l_orderkey, quantity AS l_quantity,
  l_extendedprice / l_quantity * quantity AS l_extendedprice, l_shipdate + days AS l_shipdate,
  l_commitdate + days AS l_commitdate, l_receiptdate + days AS l_receiptdate)
FROM (
  SELECT *, CASE WHEN key % 5 = 0 THEN 45 + l_linenumber % 6 ELSE 1 + (key + l_linenumber * 7) % 50 END AS quantity
  FROM lineitem JOIN new_keys ON l_orderkey = model
)
"""


class Refreshes:
    """The changes, refresh by refresh, drawn from what ``plain`` holds at that time."""

    def __init__(self, plain: PlainTables, form: Form, seed: int) -> None:
        self._plain = plain
        self._form = form
        self._random = random.Random(seed)

    def load(self, epochs: int) -> Iterator[Changes]:
        """Everything as generated, in random slices of each table."""
        yield from self._sliced({table: [self._rows(table, f"FROM full_.{table}", 1)] for table in KEYS}, epochs)

    def refresh(self, share: float, epochs: int, *, updates: bool = True) -> Iterator[Changes]:
        """New orders, orders that leave and updates, each ``share`` of its table, in random slices of each table.

        Args:
            updates: the standard has only the other two.
        """
        changes = self._new_orders(share)
        self._plain.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE gone AS {self._chosen('orders', 'orders', share)}"
        )
        if self._form is not Form.APPEND_ONLY:
            for table in UPDATES if updates else ():
                changes.setdefault(table, []).extend(self._updates(table, share))
            for table, rows in self._deleted_orders().items():
                changes[table].append(rows)
        yield from self._sliced(changes, epochs)

    def _new_orders(self, share: float) -> dict[str, list[pa.Table]]:
        """RF1: orders of keys that are not in use, though some may have been, with their lines."""
        self._plain.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE new_keys AS {_NEW_KEYS}",
            {"seed": self._seed(), "count": self._count("orders", share)},
        )
        return {"orders": [self._rows("orders", _NEW_ORDERS, 1)], "lineitem": [self._rows("lineitem", _NEW_LINES, 1)]}

    def _deleted_orders(self) -> dict[str, pa.Table]:
        """RF2: orders, with their lines."""
        lines = "SELECT lineitem.* FROM lineitem JOIN gone ON l_orderkey = o_orderkey"
        return {"orders": self._rows("orders", "FROM gone", -1), "lineitem": self._rows("lineitem", lines, -1)}

    def _updates(self, table: str, share: float) -> list[pa.Table]:
        chosen = self._chosen(table, self._updatable(table), share)
        old = f"SELECT *, (hash({', '.join(KEYS[table])}, {self._seed()}) % 1000000)::INTEGER AS luck FROM ({chosen})"
        new = f"SELECT * EXCLUDE (luck) REPLACE ({UPDATES[table]}) FROM ({old})"
        leaves = [self._rows(table, old, -1)] if self._form is Form.BAG else []
        return [*leaves, self._rows(table, new, 1)]

    def _updatable(self, table: str) -> str:
        """In a bag a row that leaves is named as it is then, so one that is to leave stays as it is; by key it may change first."""
        if self._form is Form.KEYED or table not in ("orders", "lineitem"):
            return table
        return f"(FROM {table} ANTI JOIN (SELECT o_orderkey AS g FROM gone) ON {KEYS[table][0]} = g)"

    def _chosen(self, table: str, rows: str, share: float) -> str:
        key = ", ".join(KEYS[table])
        return f"SELECT * FROM {rows} ORDER BY hash({key}, {self._seed()}), {key} LIMIT {self._count(table, share)}"

    def _rows(self, table: str, query: str, weight: int) -> pa.Table:
        """The rows of ``query`` as ``table`` has them, with their weight unless the table takes no changes."""
        columns = ", ".join(f"{name}::{kind} AS {name}" for name, kind in self._plain.columns[table].items())
        append_only = table in STATIC or self._form is Form.APPEND_ONLY
        weighted = "" if append_only else f", {weight}::TINYINT AS {WEIGHT}"
        return self._plain.connection.execute(f"SELECT {columns}{weighted} FROM ({query})").to_arrow_table()

    def _sliced(self, changes: dict[str, list[pa.Table]], epochs: int) -> Iterator[Changes]:
        """Each table's changes in their order, cut at random: lines may come before their order, and half of an order."""
        whole = {table: pa.concat_tables(parts).combine_chunks() for table, parts in changes.items()}
        cuts = {table: self._cuts(rows.num_rows, epochs) for table, rows in whole.items()}
        for i in range(epochs):
            sliced = {
                table: rows.slice(cuts[table][i], cuts[table][i + 1] - cuts[table][i]) for table, rows in whole.items()
            }
            yield {table: rows for table, rows in sliced.items() if rows.num_rows}

    def _cuts(self, rows: int, epochs: int) -> list[int]:
        return [0, *sorted(self._random.randint(0, rows) for _ in range(epochs - 1)), rows]

    def _count(self, table: str, share: float) -> int:
        found = self._plain.connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert found is not None
        return max(MINIMUM, round(found[0] * share))

    def _seed(self) -> int:
        return self._random.randrange(1 << 30)
