"""The gate's dialect: what it writes, DuckDB parses to the tree that it parses the text to."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from sqlglot import ErrorLevel

from headrace.security.dialect import DIALECT, write

from .conftest import paragraphs
from .engine import parsed

SPELLINGS = paragraphs("spellings.sql")
UNREADABLE = {"4!", "apply([1, 2, 3], lambda x : x + 1)"}
"""Of the examples in DuckDB's catalog. `APPLY` is a keyword to sqlglot; both are refused, not misread."""
SAME = {"^": "**", "position": "strpos", "regexp_full_match": "~"}
ABOUT_THE_TEXT = {"query_location", "location", "alias_location"}


def meaning(tree: Any) -> Any:
    """The tree without where things stood, and with one name for what has two."""
    if isinstance(tree, list):
        return [meaning(part) for part in tree]
    if not isinstance(tree, dict):
        return tree.lower() if isinstance(tree, str) else tree
    known = {key: meaning(value) for key, value in tree.items() if key not in ABOUT_THE_TEXT}
    if known.get("type") == "function":
        known["schema"] = known["schema"].removeprefix("main")
        known["function_name"] = SAME.get(known["function_name"], known["function_name"])
        known["is_operator"] = None if known["function_name"] in {"strpos", "~"} else known["is_operator"]
    if known.get("null_order") == "nulls last":  # what DuckDB does when nothing is said
        known["null_order"] = "order_default"
    return known


def rewritten(sql: str) -> str:
    tree = DIALECT.parser(error_level=ErrorLevel.IMMEDIATE).parse(DIALECT.tokenize(sql), sql)[0]
    assert tree is not None
    return write(tree)


def test_the_corpus_is_wide() -> None:
    assert len(SPELLINGS) > 500


@pytest.mark.parametrize("sql", SPELLINGS)
def test_spellings(sql: str, closed: duckdb.DuckDBPyConnection) -> None:
    said = parsed(closed, sql)
    assert said is not None
    assert meaning(parsed(closed, rewritten(sql))) == meaning(said)


def test_every_example_in_duckdbs_catalog(closed: duckdb.DuckDBPyConnection) -> None:
    examples = closed.execute("SELECT DISTINCT unnest(examples) FROM duckdb_functions()").fetchall()
    checked = 0
    for [example] in examples:
        said = parsed(closed, f"SELECT {example}")
        if said is not None and example not in UNREADABLE and "(X'" not in example:
            assert meaning(parsed(closed, rewritten(f"SELECT {example}"))) == meaning(said), example
            checked += 1
    assert checked > 450


@pytest.mark.parametrize(
    ("sql", "sent"),
    [
        ("SELECT - - 1, - ~ 1", "SELECT - -1, - ~1"),
        ("SELECT a /* x */ FROM t -- y", 'SELECT "a" FROM "t"'),
        ("SELECT 'it''s', $$it's$$", "SELECT 'it''s', 'it''s'"),
        ('SELECT "a""b"', 'SELECT "a""b"'),
        ("SELECT x ~ 'a', x ^ 2, x[1], .5", """SELECT "x" ~ 'a', "x" ** 2, "x"[1], .5"""),
        ("SELECT j->'a.b' = 'c'", """SELECT "j" -> 'a.b' = 'c'"""),
        ("SELECT f(j -> 'a'), f(lambda j: 'a')", """SELECT F("j" -> 'a'), F(LAMBDA "j" : 'a')"""),
        ("SELECT x NOT IN (1) = y, NOT x IN [1]", 'SELECT (NOT "x" IN (1)) = "y", NOT "x" IN [1]'),
        ("SELECT count(*) f, x::INT FROM t u", 'SELECT COUNT(*) AS "f", CAST("x" AS INT) FROM "t" AS "u"'),
    ],
)
def test_the_text_that_is_sent(sql: str, sent: str) -> None:
    assert rewritten(sql) == sent
