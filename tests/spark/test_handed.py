"""What Spark has no words for is handed to DuckDB, in the workers: the answers are DuckDB's, and what fails there fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from headrace.engine.spark.failures import explained
from headrace.engine.spark.handed import Functions
from headrace.engine.spark.refusal import Unfaithful
from headrace.engine.spark.render import render
from headrace.errors import EngineError
from tests.spark.beside import Ask, asking, describing, parsed, side_by_side

pytestmark = pytest.mark.xdist_group("spark")

VALUES = {
    "a text to a number": "TRY_CAST(v AS INTEGER)",
    "DOUBLE to integer": "TRY_CAST(d AS INTEGER)",
    "DOUBLE to VARCHAR": "d::VARCHAR",
    "TIMESTAMP to VARCHAR": "ts::VARCHAR",
    "an interval within": "(ts - TIMESTAMP '2000-01-01')::VARCHAR",
    "a bucket of months": "time_bucket(INTERVAL 1 MONTH, ts)",
    "a pattern that is not written out": "v LIKE w OR w ILIKE v",
    "regular expressions": "regexp_matches(v, 'a') AND NOT regexp_matches(w, '[b-d]')",
    "formats": "strftime(ts, '%a %Y')",
    "a zone": "tz AT TIME ZONE 'Europe/Berlin'",
    "a remainder of DOUBLE": "d % 2",
    "a rounding of DOUBLE": "round(e, 1)",
    "unsigned integers": "g::UTINYINT",
    "the largest integer without a sign": "18446744073709551615::UBIGINT",
    "a HUGEINT": "(h % 1000)::HUGEINT + s",
    "a list": "[v, w, NULL]",
    "a list of structs": "[{'a': i, 'b': h % 10}]",
    "an order of lists": "[i, 2] < [s, NULL]",
    "a list within": "list_sum([i % 10, g])",
    "a struct": "{'a': reverse(v), 'b': [g]}",
    "JSON": "json_object('a', g, 'b', v)",
    "JSON within": "json_object('a', v) ->> '$.a'",
    "only where it can be": "CASE WHEN regexp_matches(g::VARCHAR, '^[12]$') THEN (g::VARCHAR || '0')::INTEGER END",
    "beside what Spark does": "(reverse(v) = w) IS NULL",
    "nothing of a row": "repeat('ab', 3)",
    "always NULL": "CASE WHEN regexp_matches('a', 'b') THEN 1 END",
    "a text of a part that is always NULL": "nullif('', '') || v",
}
TOTALS = {
    "median": "median(i)",
    "a quantile of few": "quantile_cont(n, 0.25)",
    "variance": "var_samp(i % 100)",
    "an ordered list": "list(v ORDER BY id DESC)",
    "an ordered text": "string_agg(DISTINCT v, ';' ORDER BY v)",
    "filtered": "string_agg(w, ',' ORDER BY id) FILTER (WHERE g = i OR p)",
    "of two arguments": "arg_min(v, id ORDER BY id)",
    "of expressions": "mode(reverse(v) || '!' ORDER BY v)",
    "of nothing but a number": "bit_xor(3)",
    "around an aggregate": "round(avg(m), 1) || repeat('x', count(*)::INTEGER)",
    "aggregates of what is handed over": "sum(length(reverse(v))) + count(DISTINCT reverse(w))",
    "a maximum of what is handed over": "max(strftime(ts, '%j'))",
}
QUERIES = {
    "WHERE": """SELECT id FROM "all".t AS t WHERE regexp_matches(v, '[aB]') AND g = 1""",
    "a condition that another relies on": """SELECT id FROM "all".t AS t WHERE regexp_matches(w, '^ab$') AND id > 0 AND (replace(w, 'ab', '7'))::INTEGER = 7""",
    "GROUP BY": 'SELECT reverse(v) AS r, count(*) AS n FROM "all".t AS t GROUP BY reverse(v)',
    "what it is grouped by, within": """
        SELECT d::VARCHAR AS t, TRY_CAST(d::VARCHAR AS INTEGER) AS n, count(*) AS c, lag(reverse(d::VARCHAR)) OVER (ORDER BY d::VARCHAR) AS l
        FROM "all".t AS t GROUP BY d::VARCHAR
    """,
    "HAVING": """SELECT g, count(*) AS n FROM "all".t AS t GROUP BY g HAVING mode(v ORDER BY v) ~ 'a'""",
    "JOIN": 'SELECT a.id AS x, b.id AS y FROM "all".t AS a JOIN "all".t AS b ON reverse(a.v) = reverse(b.v)',
    "LEFT JOIN": """SELECT a.id AS x, b.id AS y FROM "all".t AS a LEFT JOIN "all".t AS b ON a.id = b.id AND reverse(b.v) = 'a'""",
    "windows": """SELECT id, row_number() OVER (PARTITION BY repeat(p::VARCHAR, 2) ORDER BY id) AS n,
        median(i) OVER (PARTITION BY g ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS m,
        string_agg(w, ',' ORDER BY id) FILTER (WHERE p) OVER (ORDER BY id) AS k, ntile(2) OVER (ORDER BY id) AS b, percent_rank() OVER (ORDER BY g) AS r, cume_dist() OVER (ORDER BY g) AS c,
        lag(v, 1, 'none') OVER (ORDER BY id) AS l, lead(s, 2, 0) OVER (ORDER BY id) AS d,
        first_value(v) OVER (PARTITION BY g ORDER BY id) AS f, last_value(v) OVER (PARTITION BY g ORDER BY id) AS z,
        nth_value(v, 2) OVER (PARTITION BY g ORDER BY id) AS o FROM "all".t AS t""",
    "QUALIFY": 'SELECT id FROM "all".t AS t QUALIFY row_number() OVER (PARTITION BY g ORDER BY reverse(v) DESC, id) = 1',
    "ORDER BY a struct": """SELECT id, row_number() OVER (ORDER BY {'a': p, 'b': NULLIF(g, 2)}, id) AS n FROM "all".t AS t""",
    "groups of lists": 'SELECT [g, NULL] AS l, count(*) AS n FROM "all".t AS t GROUP BY [g, NULL]',
    "nothing to aggregate": 'SELECT median(i) AS m, approx_count_distinct(v) AS a, list(v ORDER BY v) AS l, count(*) AS n FROM "all".t AS t WHERE id > 99',
    "a query beside it": """SELECT id, (SELECT max(v) FROM "all".t) || reverse(v) || (i IN (SELECT g FROM "all".t))::VARCHAR AS x FROM "all".t AS t
        WHERE EXISTS (SELECT 1 FROM "all".t AS o WHERE o.g = t.id) AND ends_with(v, (SELECT max(v) FROM "all".t WHERE id = 1))""",
    "within a query": """SELECT id, (SELECT max(reverse(o.v)) FROM "all".t AS o WHERE o.g = t.id) AS x FROM "all".t AS t
        WHERE reverse(v) IN (SELECT reverse(v) FROM "all".t WHERE id < 3)""",
    "conditions of a query and beside it": """SELECT id FROM "all".t AS t WHERE reverse(v) IN ('a', 'B', 'aé') AND n < (SELECT max(n) FROM "all".t WHERE reverse(w) <> 'x')""",
    "a value among those of a query": """SELECT id, reverse(v) IN (SELECT w FROM "all".t) AS x, reverse(v) < ALL (SELECT w FROM "all".t WHERE id < 3) AS y FROM "all".t AS t""",
    "an ASOF JOIN by what is handed over": """SELECT a.id, b.id AS x FROM "all".t AS a ASOF LEFT JOIN "all".t AS b ON reverse(a.v) = b.v AND a.id >= b.id""",
    "a lateral SELECT of it": """SELECT a.id, l.x FROM "all".t AS a, LATERAL (SELECT reverse(a.v) AS x) AS l""",
    "VALUES": "SELECT r.a, v.k, v.w FROM range(1, 4) AS r(a) JOIN (VALUES ('a', 1.5), (NULL, 3)) AS v(k, w) ON r.a < v.w",
    "numbers": "SELECT x FROM generate_series(1, 3) AS s(x)",
}
REFUSED = {
    "a type that Spark does not have": "ts - ts",
    "a list in no order": "list_transform([i], x -> x + 1)",
    "a query that hands over, within what is handed over": 'ends_with(v, (SELECT max(reverse(v)) FROM "all".t))',
    "rows of one": "unnest(string_split(v, 'a'))",
}


@pytest.fixture(scope="module")
def written(embedded: duckdb.DuckDBPyConnection, spark: Any) -> Callable[[str], str]:
    functions = Functions(spark)
    return lambda text: render(parsed(text), describing(embedded), functions.add)


@pytest.fixture(scope="module")
def ask(embedded: duckdb.DuckDBPyConnection, spark: Any, written: Callable[[str], str]) -> Ask:
    return asking(embedded, spark, written)


@pytest.fixture(scope="module")
def all_values(ask: Any) -> dict[str, tuple[list[Any], list[Any]]]:
    return side_by_side(ask, VALUES, 'FROM "all".t AS t', "id")


@pytest.fixture(scope="module")
def all_totals(ask: Any) -> dict[str, tuple[list[Any], list[Any]]]:
    return side_by_side(ask, TOTALS, 'FROM "all".t AS t GROUP BY g', "g")


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_duckdbs(all_values: Any, name: str) -> None:
    found, wanted = all_values[name]
    assert found == wanted


@pytest.mark.parametrize("name", TOTALS)
def test_an_aggregate_is_duckdbs(all_totals: Any, name: str) -> None:
    found, wanted = all_totals[name]
    assert found == wanted


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_duckdbs(ask: Any, name: str) -> None:
    found, wanted = ask(QUERIES[name])
    assert sorted(map(str, found)) == sorted(map(str, wanted))
    assert wanted


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_handed_over_is_refused(written: Any, name: str) -> None:
    with pytest.raises(Unfaithful):
        written(f'SELECT {REFUSED[name]} AS x FROM "all".t AS t')


@pytest.mark.usefixtures("ask")
def test_what_fails_on_a_value_fails(spark: Any, written: Any) -> None:
    text = written('SELECT v::INTEGER AS x FROM "all".t AS t')
    with pytest.raises(EngineError, match="Could not convert string") as told, explained("running epoch 1"):
        spark.sql(text).collect()
    assert told.value.code == "HR-605"


def test_a_function_has_the_same_name_in_every_process(written: Any) -> None:
    text = 'SELECT reverse(v) AS x FROM "all".t AS t'
    assert written(text) == written(text)
