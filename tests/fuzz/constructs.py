"""What SQL a model may be written in: every construct with an example over the fuzzer's sources."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Construct:
    """One row of docs/reference/sql.md.

    Attributes:
        feature: what the generator calls it, when it writes such queries too.
    """

    name: str
    sql: str
    feature: str = ""


CONSTRUCTS: dict[str, tuple[Construct, ...]] = {
    "Rows": (
        Construct("filter and projection", "SELECT k, v * 2 AS twice FROM bag WHERE v BETWEEN 1 AND 5", "shape plain"),
        Construct("CASE, COALESCE, NULLIF", "SELECT CASE WHEN v > 1 THEN 'many' ELSE coalesce(k, 'none') END AS c, nullif(v, 1) AS n FROM bag"),
        Construct("LIKE, ILIKE, regular expressions", "SELECT k FROM ref WHERE name LIKE 'x%' OR name ILIKE '%Y%' OR regexp_matches(name, '[a-z]')"),
        Construct("IN a list", "SELECT k FROM bag WHERE v IN (1, 2, 3) AND k NOT IN ('c', 'd')"),
        Construct("casts", "SELECT v::VARCHAR AS t, TRY_CAST(k AS INTEGER) AS n FROM bag"),
        Construct("dates and times", "SELECT date_trunc('hour', ts) AS h, time_bucket(INTERVAL 15 MINUTE, ts) AS q, ts::DATE AS d FROM ev"),
        Construct("time zones", "SELECT ts AT TIME ZONE 'Europe/Berlin' AS utc FROM ev"),
        Construct("lists and lambdas", "SELECT list_transform(list_filter(nums, lambda e: e > 1), lambda e: e * 2) AS l FROM wide"),
        Construct("structs", "SELECT info.a AS a, {'x': id, 'y': k} AS s FROM wide"),
        Construct("JSON", "SELECT doc ->> 's' AS s, json_type(doc) AS t FROM wide"),
        Construct("t.*, EXCLUDE, REPLACE", "SELECT * EXCLUDE (p) REPLACE (v % 7 AS v) FROM bag", "t.*"),
        Construct("UNNEST in the select list", "SELECT id, unnest(tags) AS tag FROM wide", "UNNEST in the select list"),
        Construct("VALUES", "SELECT b.v, n.label FROM bag AS b JOIN (VALUES ('a', 'first'), ('b', 'second')) AS n(k, label) ON b.k = n.k", "VALUES"),
        Construct("range()", "SELECT b.k, r.i FROM bag AS b JOIN range(0, 3) AS r(i) ON b.v = r.i", "range()"),
        Construct("no FROM", "SELECT 1 AS one"),
    ),
    "Joins": (
        Construct("inner join", "SELECT e.id, r.name FROM ev AS e JOIN ref AS r ON e.k = r.k", "inner join"),
        Construct("join of several tables", "SELECT e.id, r.name, b.v FROM ev AS e, ref AS r, bag AS b WHERE e.k = r.k AND r.k = b.k", "comma join"),
        Construct("self join", "SELECT a.k, a.v, b.v AS other FROM bag AS a JOIN bag AS b ON a.k = b.k AND a.v < b.v"),
        Construct("USING", "SELECT k, e.id, b.v FROM ev AS e JOIN bag AS b USING (k)", "using join"),
        Construct("LEFT JOIN", "SELECT e.id, r.name FROM ev AS e LEFT JOIN ref AS r ON e.k = r.k", "left join"),
        Construct("RIGHT JOIN", "SELECT e.id, r.name FROM ev AS e RIGHT JOIN ref AS r ON e.k = r.k", "right join"),
        Construct("FULL JOIN", "SELECT a.k, a.v, r.name FROM bag AS a FULL JOIN ref AS r ON a.k = r.k", "full join"),
        Construct("SEMI JOIN", "SELECT b.k, b.v FROM bag AS b SEMI JOIN ref AS r ON b.k = r.k", "semi join"),
        Construct("ANTI JOIN", "SELECT b.k, b.v FROM bag AS b ANTI JOIN ref AS r ON b.k = r.k", "anti join"),
        Construct("CROSS JOIN", "SELECT r.k, w.id FROM ref AS r CROSS JOIN wide AS w", "cross join"),
        Construct("range join", "SELECT b.k, r.n FROM bag AS b JOIN ref AS r ON b.v >= r.n", "range join"),
        Construct("LEFT JOIN without an equality", "SELECT b.k, r.n FROM bag AS b LEFT JOIN ref AS r ON b.v >= r.n", "left range join"),
        Construct("ASOF JOIN", "SELECT e.id, r.n FROM ev AS e ASOF JOIN ref AS r ON e.k = r.k AND e.ts >= r.since", "asof join"),
        Construct("ASOF LEFT JOIN", "SELECT e.id, r.n FROM ev AS e ASOF LEFT JOIN ref AS r ON e.k = r.k AND e.ts >= r.since", "asof left join"),
        Construct("UNNEST of the table before", "SELECT w.id, u.e FROM wide AS w, unnest(w.nums) AS u(e)", "unnest join"),
        Construct("LATERAL", "SELECT r.k, l.n FROM ref AS r, LATERAL (SELECT count(*) AS n FROM bag AS b WHERE b.k = r.k) AS l", "lateral join"),
        Construct("derived table", "SELECT q.k, q.s FROM (SELECT k, sum(v) AS s FROM bag GROUP BY k) AS q WHERE q.s > 2", "derived table"),
    ),
    "Grouping": (
        Construct("GROUP BY", "SELECT k, count(*) AS n, sum(x) AS s, avg(x) AS a FROM ev GROUP BY k", "shape grouped"),
        Construct("GROUP BY an expression", "SELECT date_trunc('hour', ts) AS h, count(*) AS n FROM ev GROUP BY date_trunc('hour', ts)", "GROUP BY expression"),
        Construct("GROUP BY ALL, by position", "SELECT k, v % 2 AS odd, count(*) AS n FROM bag GROUP BY ALL", "GROUP BY ALL"),
        Construct("no GROUP BY", "SELECT count(*) AS n, sum(v) AS s, avg(v) AS a FROM bag"),
        Construct("HAVING", "SELECT k, count(*) AS n FROM bag GROUP BY k HAVING count(*) > 1", "HAVING"),
        Construct("FILTER", "SELECT k, count(*) FILTER (WHERE v > 1) AS n, sum(v) FILTER (WHERE v < 5) AS s FROM bag GROUP BY k", "FILTER"),
        Construct("ROLLUP", "SELECT k, v, count(*) AS n FROM bag GROUP BY ROLLUP (k, v)", "ROLLUP"),
        Construct("CUBE", "SELECT k, v, count(*) AS n FROM bag GROUP BY CUBE (k, v)", "CUBE"),
        Construct("GROUPING SETS", "SELECT k, v, count(*) AS n FROM bag GROUP BY GROUPING SETS ((k, v), (v), ())", "GROUPING SETS"),
        Construct("GROUPING()", "SELECT k, grouping(k) AS g, count(*) AS n FROM bag GROUP BY ROLLUP (k)"),
        Construct("DISTINCT", "SELECT DISTINCT k, v FROM bag", "DISTINCT"),
        Construct("DISTINCT ON", "SELECT DISTINCT ON (k) k, v FROM bag ORDER BY k, v DESC", "DISTINCT ON"),
    ),
    "Aggregates": (
        Construct("count, sum, avg", "SELECT k, count(v) AS n, sum(p) AS s, avg(v) AS a FROM bag GROUP BY k", "aggregate avg"),
        Construct("sum, avg of DOUBLE", "SELECT k, sum(e) AS s, avg(e) AS a FROM bag GROUP BY k"),
        Construct("min, max where rows never leave", "SELECT k, min(x) AS least, max(ts) AS latest FROM ev GROUP BY k", "aggregate min"),
        Construct("min, max where rows may leave", "SELECT k, min(v) AS least, max(v) AS most FROM bag GROUP BY k", "aggregate max"),
        Construct("count_if", "SELECT k, count_if(v > 1) AS n FROM bag GROUP BY k", "aggregate count_if"),
        Construct("bool_and, bool_or", "SELECT k, bool_and(ok) AS every, bool_or(ok) AS some FROM ev GROUP BY k", "aggregate bool_and"),
        Construct("bit_and, bit_or, bit_xor", "SELECT k, bit_and(v) AS a, bit_or(v) AS o, bit_xor(v) AS x FROM bag GROUP BY k", "aggregate bit_xor"),
        Construct("DISTINCT in an aggregate", "SELECT k, count(DISTINCT v) AS n, sum(DISTINCT v) AS s FROM bag GROUP BY k", "aggregate count DISTINCT"),
        Construct("variance, stddev, corr", "SELECT k, variance(v) AS var, stddev(v) AS dev, corr(v, e) AS c FROM bag GROUP BY k", "aggregate variance"),
        Construct("median, quantiles", "SELECT k, median(v) AS m, quantile_cont(v, 0.9) AS q, quantile_disc(v, 0.5) AS d FROM bag GROUP BY k", "aggregate median"),
        Construct("mode", "SELECT k, mode(v) AS m FROM bag GROUP BY k", "aggregate mode"),
        Construct("arg_min, arg_max", "SELECT k, arg_max(x, ts) AS latest, arg_min(x, ts) AS first FROM ev GROUP BY k", "aggregate arg_max"),
        Construct("any_value", "SELECT k, any_value(v) AS v FROM bag GROUP BY k", "aggregate any_value"),
        Construct("list, string_agg", "SELECT k, list(v) AS l, string_agg(k, ',' ORDER BY v DESC) AS s FROM bag GROUP BY k", "aggregate list"),
        Construct("histogram", "SELECT k, histogram(v) AS h FROM bag GROUP BY k"),
        Construct("approx_count_distinct", "SELECT k, approx_count_distinct(v) AS n FROM bag GROUP BY k", "aggregate approx_count_distinct"),
    ),
    "Set operations": (
        Construct("UNION ALL", "SELECT k, v FROM bag UNION ALL SELECT k, n FROM ref", "UNION ALL"),
        Construct("UNION", "SELECT k FROM bag UNION SELECT k FROM ref", "UNION"),
        Construct("INTERSECT", "SELECT k FROM bag INTERSECT SELECT k FROM ref", "INTERSECT"),
        Construct("EXCEPT", "SELECT k FROM bag EXCEPT SELECT k FROM ref", "EXCEPT"),
        Construct("INTERSECT ALL", "SELECT k FROM bag INTERSECT ALL SELECT k FROM ev", "INTERSECT ALL"),
        Construct("EXCEPT ALL", "SELECT k FROM bag EXCEPT ALL SELECT k FROM ev", "EXCEPT ALL"),
    ),
    "Window functions": (
        Construct("row_number, rank, dense_rank, ntile", "SELECT k, v, row_number() OVER w AS r, rank() OVER w AS a FROM bag WINDOW w AS (PARTITION BY k ORDER BY v)", "window rank"),
        Construct("lag, lead, first_value, nth_value", "SELECT k, v, lag(v) OVER (PARTITION BY k ORDER BY v) AS before FROM bag", "window position"),
        Construct("aggregates with ROWS", "SELECT k, sum(v) OVER (PARTITION BY k ORDER BY v ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM bag", "window aggregate"),
        Construct("aggregates with RANGE", "SELECT id, count(*) OVER (PARTITION BY k ORDER BY ts RANGE BETWEEN INTERVAL 1 HOUR PRECEDING AND CURRENT ROW) AS n FROM ev", "RANGE frame of a distance"),
        Construct("several partitions", "SELECT k, v, sum(v) OVER (PARTITION BY k) AS a, count(*) OVER (PARTITION BY v) AS b FROM bag", "windows of several partitions"),
        Construct("no partition", "SELECT k, v, rank() OVER (ORDER BY v) AS r FROM bag", "window without PARTITION BY"),
        Construct("over a GROUP BY", "SELECT k, sum(v) AS s, rank() OVER (ORDER BY sum(v)) AS r FROM bag GROUP BY k", "window over GROUP BY"),
        Construct("QUALIFY", "SELECT k, v FROM bag QUALIFY count(*) OVER (PARTITION BY k) > 1", "QUALIFY"),
        Construct("the first n of each group", "SELECT k, v FROM bag QUALIFY row_number() OVER (PARTITION BY k ORDER BY v DESC) <= 2", "top-N by group"),
        Construct("ORDER BY with LIMIT", "SELECT k, v FROM bag ORDER BY v DESC LIMIT 3 OFFSET 1", "ORDER BY … LIMIT"),
    ),
    "Subqueries and common table expressions": (
        Construct("scalar subquery", "SELECT k, v, (SELECT max(x) FROM ev) AS most FROM bag", "scalar subquery"),
        Construct("correlated scalar subquery", "SELECT r.k, (SELECT sum(b.v) FROM bag AS b WHERE b.k = r.k) AS s FROM ref AS r", "correlated by equality"),
        Construct("correlated by an inequality", "SELECT r.k FROM ref AS r WHERE EXISTS (SELECT 1 FROM bag AS b WHERE b.v < r.n)", "correlated by inequality"),
        Construct("EXISTS", "SELECT r.k FROM ref AS r WHERE EXISTS (SELECT 1 FROM bag AS b WHERE b.k = r.k AND b.v > 1)", "EXISTS"),
        Construct("NOT EXISTS", "SELECT r.k FROM ref AS r WHERE NOT EXISTS (SELECT 1 FROM bag AS b WHERE b.k = r.k)", "NOT EXISTS"),
        Construct("IN", "SELECT k, v FROM bag WHERE k IN (SELECT k FROM ref)", "IN (SELECT …)"),
        Construct("NOT IN", "SELECT k, v FROM bag WHERE k NOT IN (SELECT k FROM ref WHERE n > 1)", "NOT IN (SELECT …)"),
        Construct("ANY, ALL", "SELECT k, v FROM bag WHERE v > ALL (SELECT n FROM ref) OR v = ANY (SELECT x FROM ev)", "ANY"),
        Construct("under OR", "SELECT k, v FROM bag WHERE v > 3 OR k IN (SELECT k FROM ref)", "subquery under OR"),
        Construct("in HAVING", "SELECT k, count(*) AS n FROM bag GROUP BY k HAVING count(*) > (SELECT count(*) FROM ref)", "subquery in HAVING"),
        Construct("WITH", "WITH s AS (SELECT k, sum(v) AS s FROM bag GROUP BY k) SELECT a.k, a.s, b.s AS other FROM s AS a JOIN s AS b ON a.s < b.s", "CTE"),
        Construct("WITH RECURSIVE", "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 3) SELECT t.n, b.k FROM t JOIN bag AS b ON b.v = t.n"),
    ),
    "Time": (
        Construct("time_bucket", "SELECT time_bucket(INTERVAL 10 MINUTE, ts) AS b, count(*) AS n FROM ev GROUP BY 1", "GROUP BY position"),
        Construct("TUMBLE", "SELECT window_start, count(*) AS n FROM TUMBLE(ev, ts, INTERVAL 10 MINUTE) GROUP BY window_start", "TUMBLE"),
        Construct("HOP", "SELECT window_start, count(*) AS n FROM HOP(ev, ts, INTERVAL 5 MINUTE, INTERVAL 10 MINUTE) GROUP BY window_start", "HOP"),
        Construct("SESSION", "SELECT k, window_start, window_end, count(*) AS n FROM SESSION(ev, ts, INTERVAL 10 MINUTE, k) GROUP BY ALL", "SESSION"),
        Construct("now() as a limit", "SELECT k, count(*) AS n FROM ev WHERE ts > now() - INTERVAL 2 HOUR GROUP BY k", "now() in WHERE"),
        Construct("now() in the select list", "SELECT k, now() - ts::TIMESTAMPTZ AS age FROM ev"),
    ),
}  # fmt: skip
