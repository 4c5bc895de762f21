"""Each pass on its own: ``golden/<pass>.sql`` holds pairs of input and output, a blank line between pairs."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot

from headrace.sql import Catalog, SqlText, parse
from headrace.sql.passes import PASSES

GOLDEN = Path(__file__).parent / "golden"
PREPARATION = {
    "copies": ("qualify",),
    "asof": ("qualify",),
    "enclosed": ("opened", "qualify"),
    "unshadow": ("qualify",),
    "group_all": ("qualify",),
    "partitions": ("qualify",),
    "settle": ("qualify",),
}
BY_NAME = {step.__name__: step for step in PASSES}


def pairs(name: str) -> list[tuple[str, str]]:
    blocks = (GOLDEN / f"{name}.sql").read_text().strip().split("\n\n")
    return [(block.split(";\n")[0], block.split(";\n")[1].rstrip(";")) for block in blocks]


CASES = [(name, *pair) for name in BY_NAME if name != "refuse" for pair in pairs(name)]


@pytest.mark.parametrize(("name", "given", "wanted"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_pass(catalog: Catalog, name: str, given: str, wanted: str) -> None:
    text = SqlText(given, Path("model.sql"))
    query = parse(text)
    for step in PREPARATION.get(name, ()):
        query = BY_NAME[step](query, catalog, text)
    assert BY_NAME[name](query, catalog, text).sql("duckdb") == wanted


def test_the_pairs_are_what_the_dialect_writes() -> None:
    for name, _, wanted in CASES:
        assert sqlglot.parse_one(wanted, read="duckdb").sql("duckdb") == wanted, name
