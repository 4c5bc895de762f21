"""TPC-H's tables and queries, from DuckDB's tpch extension as its wheel carries it; nothing is fetched."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import duckdb

KEYS = {
    "lineitem": ("l_orderkey", "l_linenumber"),
    "orders": ("o_orderkey",),
    "customer": ("c_custkey",),
    "part": ("p_partkey",),
    "partsupp": ("ps_partkey", "ps_suppkey"),
    "supplier": ("s_suppkey",),
    "nation": ("n_nationkey",),
    "region": ("r_regionkey",),
}
STATIC = ("nation", "region")

# The standard leaves open which of equal rows a LIMIT keeps: these make the order of each query with a LIMIT total.
_TIES = {"q3": "l_orderkey", "q10": "c_custkey", "q18": "o_orderkey"}


def connected() -> duckdb.DuckDBPyConnection:
    """A database of its own in memory, with the extension."""
    connection = duckdb.connect(":memory:")
    (extension,) = Path(str(files("duckdb_extension_tpch"))).rglob("tpch.duckdb_extension")
    connection.load_extension(str(extension))
    return connection


def generate(connection: duckdb.DuckDBPyConnection, scale: float) -> None:
    """Fill the eight tables; scale 1 has six million lineitems."""
    connection.execute("CALL dbgen(sf = ?)", [scale])


def columns(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE {table}").fetchall()}


def queries() -> dict[str, str]:
    """``q1`` to ``q22`` with the validation parameters, each with one answer only."""
    with connected() as connection:
        found = connection.execute("SELECT query_nr, query FROM tpch_queries() ORDER BY 1").fetchall()
    texts = {f"q{number}": text.strip().rstrip(";") for number, text in found}
    for name, column in _TIES.items():
        texts[name] = texts[name].replace("\nLIMIT", f",\n    {column}\nLIMIT")
    return texts
