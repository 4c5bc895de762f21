"""What a name in FROM stands for: the query as it was asked, and as it is sent."""

from __future__ import annotations

import pytest

from headrace.errors import AccessDenied, UsageError
from headrace.security import Catalog, gate

from .conftest import ANN

CATALOG = Catalog({"bid": {"id": "BIGINT", "price": "DOUBLE"}, "Person": {"id": "BIGINT"}})
BID = '(SELECT "id", "price" FROM "bid")'
PERSON = '(SELECT "id" FROM "Person")'

SENT = {
    "FROM bid": f'SELECT * FROM {BID} AS "bid"',
    "FROM bid b": f'SELECT * FROM {BID} AS "b"',
    "FROM bid AS b(x, y)": f'SELECT * FROM {BID} AS "b"("x", "y")',
    "FROM MAIN.Bid": f'SELECT * FROM {BID} AS "Bid"',
    "FROM person": f'SELECT * FROM {PERSON} AS "person"',
    "SELECT main.bid.id FROM main.bid": f'SELECT "bid"."id" FROM {BID} AS "bid"',
    "SELECT main.bid FROM (SELECT {'bid': 1} AS main), bid b": (
        f'SELECT "main"."bid" FROM (SELECT {{\'bid\': 1}} AS "main"), {BID} AS "b"'
    ),
    # A CTE shadows a relation, from its WITH inwards, and for the CTEs after it.
    "WITH bid AS (SELECT 1) FROM bid": 'WITH "bid#1" AS (SELECT 1) SELECT * FROM "bid#1" AS "bid"',
    "WITH a AS (SELECT 1), b AS (FROM A) FROM b x": (
        'WITH "a#1" AS (SELECT 1), "b#2" AS (SELECT * FROM "a#1" AS "A") SELECT * FROM "b#2" AS "x"'
    ),
    "WITH a(x) AS (SELECT 1) SELECT a.x FROM a": 'WITH "a#1"("x") AS (SELECT 1) SELECT "a"."x" FROM "a#1" AS "a"',
    "WITH bid AS (SELECT 1) FROM main.bid": f'WITH "bid#1" AS (SELECT 1) SELECT * FROM {BID} AS "bid"',
    # Its own name, within its body, is what it was outside, unless it is a recursive UNION.
    "WITH bid AS (FROM bid) FROM bid": (
        f'WITH "bid#1" AS (SELECT * FROM {BID} AS "bid") SELECT * FROM "bid#1" AS "bid"'
    ),
    "WITH RECURSIVE bid AS (FROM bid) FROM bid": (
        f'WITH RECURSIVE "bid#1" AS (SELECT * FROM {BID} AS "bid") SELECT * FROM "bid#1" AS "bid"'
    ),
    "WITH RECURSIVE bid AS (SELECT 1 UNION ALL FROM bid) FROM bid": (
        'WITH RECURSIVE "bid#1" AS (SELECT 1 UNION ALL SELECT * FROM "bid#1" AS "bid") SELECT * FROM "bid#1" AS "bid"'
    ),
    # It ends where its query ends.
    "SELECT * FROM (WITH bid AS (SELECT 1) FROM bid) AS x, bid": (
        f'SELECT * FROM (WITH "bid#1" AS (SELECT 1) SELECT * FROM "bid#1" AS "bid") AS "x", {BID} AS "bid"'
    ),
    "WITH a AS (WITH bid AS (SELECT 1) FROM bid) SELECT * FROM a, bid": (
        'WITH "a#1" AS (WITH "bid#2" AS (SELECT 1) SELECT * FROM "bid#2" AS "bid")'
        f' SELECT * FROM "a#1" AS "a", {BID} AS "bid"'
    ),
    "WITH bid AS (SELECT 1) SELECT (SELECT max(id) FROM bid), x.id FROM (FROM bid) x": (
        'WITH "bid#1" AS (SELECT 1) SELECT (SELECT MAX("id") FROM "bid#1" AS "bid"), "x"."id"'
        ' FROM (SELECT * FROM "bid#1" AS "bid") AS "x"'
    ),
    "WITH bid AS (SELECT 1) SELECT 2 UNION ALL FROM bid": (
        'WITH "bid#1" AS (SELECT 1) SELECT 2 UNION ALL SELECT * FROM "bid#1" AS "bid"'
    ),
    "WITH b AS (FROM bid) PIVOT b ON id IN (1) USING sum(price)": (
        f'SELECT * FROM (WITH "b#1" AS (SELECT * FROM {BID} AS "bid")'
        ' PIVOT "b#1" AS "b" ON "id" IN (1) USING SUM("price"))'
    ),
    # A function in FROM is no relation, whatever it is called.
    "SELECT * FROM range(3) AS bid(id)": 'SELECT * FROM RANGE(3) AS "bid"("id")',
}


@pytest.mark.parametrize("asked", SENT)
def test_sent(asked: str) -> None:
    assert gate(ANN, asked, CATALOG).sql == SENT[asked]


@pytest.mark.parametrize(
    ("sql", "relations"),
    [
        ("SELECT 1", set()),
        ("WITH bid AS (SELECT 1) FROM bid", set()),
        ("SELECT * FROM BID b JOIN person p USING (id)", {"bid", "Person"}),
        ("SELECT (SELECT count(*) FROM Person) FROM range(3)", {"Person"}),
    ],
)
def test_relations(sql: str, relations: set[str]) -> None:
    admitted = gate(ANN, sql, CATALOG)
    assert admitted.relations == relations
    assert admitted.sql == gate(ANN, sql, CATALOG).sql


@pytest.mark.parametrize(
    ("sql", "code", "what", "fix"),
    [
        ("FROM bids", "HR-153", "there is no relation `bids`", "did you mean `bid`?"),
        ("FROM zzz", "HR-153", "there is no relation `zzz`", "name one of: Person, bid"),
        ("SELECT pric FROM bid", "HR-154", "there is no column `pric` in `bid`", "did you mean `price`?"),
        ("SELECT b.pric FROM bid b", "HR-154", "there is no column `pric` in `bid`", "did you mean `price`?"),
        ("SELECT zzz FROM person", "HR-154", "there is no column `zzz` in `Person`", "its columns: id"),
        ("SELECT rowid FROM bid", "HR-154", "there is no column `rowid` in `bid`", "its columns: id, price"),
        ("SELECT 1 FROM bid WHERE prise > 1", "HR-154", "there is no column `prise` in `bid`", "did you mean `price`?"),
    ],
)
def test_the_nearest_name(sql: str, code: str, what: str, fix: str) -> None:
    with pytest.raises(UsageError) as caught:
        gate(ANN, sql, CATALOG)
    assert (caught.value.code, caught.value.what, caught.value.fix) == (code, what, fix)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT price * 2 AS double, double + 1 FROM bid",
        "SELECT bid FROM bid",
        "SELECT b.price.x FROM (SELECT {'price': {'x': 1}} AS b)",
        "SELECT n FROM bid, range(3) AS r(n)",
        "SELECT range FROM bid, range(3)",
        "SELECT (SELECT price) FROM bid",
        "SELECT list_transform([1], v -> v + price) FROM bid",
        "SELECT [v + price FOR v IN [1]] FROM bid",
        "SELECT sum(price) OVER w FROM bid WINDOW w AS (ORDER BY id)",
        "SELECT count(*) AS n FROM bid GROUP BY id HAVING n > 1 ORDER BY n",
        "SELECT x FROM bid AS b(x, y)",
        "SELECT * RENAME (price AS cost) FROM bid",
        "FROM bid PIVOT (sum(price) FOR id IN (1 AS one)) WHERE one > 1",
        "UNPIVOT bid ON price INTO NAME n VALUE v",
        "SELECT a FROM bid JOIN (SELECT 1 AS a) ON true",
        "SELECT user FROM (SELECT id AS user FROM bid)",
    ],
)
def test_names_that_only_the_engine_can_know_are_left_to_it(sql: str) -> None:
    gate(ANN, sql, CATALOG)


def test_only_declared_columns_can_be_reached() -> None:
    """The engine's table may hold more: a row number, an offset, a weight."""
    sql = gate(ANN, "SELECT rowid FROM bid, (SELECT 1)", CATALOG).sql
    assert sql == f'SELECT "rowid" FROM {BID} AS "bid", (SELECT 1)'


@pytest.mark.parametrize("sql", ["FROM other.bid", "FROM main.main.bid", "FROM db.main.bid"])
def test_other_schemas_are_refused_even_for_known_names(sql: str) -> None:
    with pytest.raises(AccessDenied):
        gate(ANN, sql, CATALOG)


@pytest.mark.parametrize("relations", [{"a": {}}, {"a": {"x": "INT"}, "A": {"x": "INT"}}])
def test_a_catalog_that_cannot_be_kept_to(relations: dict[str, dict[str, str]]) -> None:
    with pytest.raises(ValueError, match="no columns or is there twice"):
        Catalog(relations)
