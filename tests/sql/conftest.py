"""A small catalog for compiler tests."""

from __future__ import annotations

import pytest

from headrace.engine import DuckDBOracle
from headrace.sql import Catalog, Relation

RELATIONS = {
    "ev": Relation(
        "ev",
        {"id": "BIGINT", "ts": "TIMESTAMP", "k": "VARCHAR", "x": "INTEGER", "d": "DOUBLE"},
        append_only=True,
        live=False,
    ),
    "ref": Relation("ref", {"k": "VARCHAR", "name": "VARCHAR"}, append_only=False, live=True, key=("k",)),
}


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    oracle = DuckDBOracle()
    for relation in RELATIONS.values():
        oracle.declare(relation.name, relation.columns)
    return Catalog(RELATIONS, oracle)
