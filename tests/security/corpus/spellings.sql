-- Spellings of DuckDB's SQL, one a paragraph, whose meaning depends on how tightly things bind, on a name, or on a
-- notation. Read and written, DuckDB must parse each to the same tree.

SELECT -2 ^ 2

SELECT -2 ** 2

SELECT 2 ** -1

SELECT a ** b ** c

SELECT -x::INT

SELECT -x::INT + 1

SELECT 1 + 2::INT

SELECT a.b::INT

SELECT x[1]::INT

SELECT '1'::INT + 1

SELECT NOT x::BOOL

SELECT x->>'a'::INT

SELECT x->'a' = 'c'

SELECT x->'a'->>'b' = 'c'

SELECT x->'a' + 1

SELECT (x->'a') = 'b'

SELECT x ->> 'a' || 'b'

SELECT NOT x->'a'

SELECT x->'a' IS NULL

SELECT x->'a' IN ('b')

SELECT x -> '$.a' LIKE 'b'

SELECT lower(j -> 'a')

SELECT lower(j ->> 'a')

SELECT list_transform(l, x -> x + 1)

SELECT list_transform(l, lambda x: x + 1)

SELECT list_filter(l, (x, i) -> i > 1)

SELECT list_reduce(l, (x, y) -> x + y, 0)

SELECT coalesce(j->>'a', 'b')

SELECT x ~ 'a' || 'b'

SELECT a || b ~ 'x'

SELECT x !~ 'a'

SELECT x ~~ 'a'

SELECT x !~~ 'a'

SELECT x ~~* 'a'

SELECT x !~~* 'b'

SELECT x ~~~ 'a'

SELECT x SIMILAR TO 'a'

SELECT x NOT SIMILAR TO 'b'

SELECT x GLOB 'a'

SELECT x ILIKE 'a'

SELECT x NOT ILIKE 'b'

SELECT x LIKE 'a' ESCAPE '!'

SELECT x NOT LIKE 'a' ESCAPE '!'

SELECT x ILIKE 'a' ESCAPE '$'

SELECT a = x NOT IN (1,2)

SELECT a = b IS NULL

SELECT a IS NOT NULL = b

SELECT NOT a = b

SELECT NOT a IS NULL

SELECT a AND NOT b OR c

SELECT a = NOT b

SELECT x BETWEEN 1 AND 2 AND y

SELECT x NOT BETWEEN 1 AND 2

SELECT NOT x BETWEEN 1 AND 2

SELECT x IS DISTINCT FROM y

SELECT x IS NOT DISTINCT FROM y

SELECT x IS TRUE

SELECT x IS NOT FALSE

SELECT x IS UNKNOWN

SELECT x IS NULL AND y ISNULL OR z NOTNULL

SELECT a ^@ b

SELECT l @> m

SELECT l <@ m

SELECT l && m

SELECT a <-> b

SELECT a & b | c << 1 >> 2

SELECT ~a

SELECT xor(a, b)

SELECT a // b

SELECT a % b

SELECT a / b * c

SELECT a % b / c

SELECT a * (b % c)

SELECT - - 5

SELECT -(-5)

SELECT - -x

SELECT 1 - -1

SELECT 1--1

SELECT a || b || c

SELECT 'a' || 1

SELECT CASE WHEN a THEN 1 ELSE 2 END

SELECT CASE x WHEN 1 THEN 'a' END

SELECT if(a, b, c)

SELECT ifnull(a, b)

SELECT coalesce(a)

SELECT nullif(a, b)

SELECT x::VARCHAR

SELECT CAST(x AS DECIMAL(10,2))

SELECT x::STRUCT(a INT, b VARCHAR)

SELECT x::MAP(VARCHAR, INT)

SELECT x::INT[]

SELECT x::INT[3]

SELECT x::INT[][]

SELECT x::UNION(a INT, b VARCHAR)

SELECT x::ENUM('a','b')

SELECT x::TIMESTAMPTZ

SELECT x::TIMESTAMP_NS

SELECT x::HUGEINT

SELECT x::UBIGINT

SELECT x::UUID

SELECT x::BLOB

SELECT x::BIT

SELECT x::JSON

SELECT x::INTERVAL

SELECT x::TIME

SELECT x::TIMETZ

SELECT x::TIMESTAMP WITH TIME ZONE

SELECT x::DOUBLE PRECISION

SELECT x::REAL

SELECT x::FLOAT4

SELECT x::INT8

SELECT x::TINYINT

SELECT x::DATE

SELECT x::TIMESTAMP_S

SELECT x::TIMESTAMP_MS

SELECT x::DATETIME

SELECT x::TEXT

SELECT x::CHAR

SELECT x::BPCHAR

SELECT x::STRING

SELECT x::BOOL

SELECT x::NUMERIC

SELECT x::NUMERIC(5)

SELECT x::VARCHAR(10)

SELECT x::VARINT

SELECT x::UHUGEINT

SELECT x::BIGNUM

SELECT x::INT128

SELECT TRY_CAST(x AS INT)

SELECT TRY_CAST('a' AS DATE)

SELECT DATE '2020-01-01'

SELECT TIMESTAMP '2020-01-01 00:00:00'

SELECT TIMESTAMPTZ '2020-01-01'

SELECT TIME '01:02:03'

SELECT INTERVAL '1' DAY

SELECT INTERVAL 1 DAY

SELECT INTERVAL '1 day'

SELECT INTERVAL '1 day 2 hours'

SELECT INTERVAL (x + 1) HOUR

SELECT INTERVAL (x) HOURS

SELECT INTERVAL '1.5 day'

SELECT INTERVAL '90' MINUTE

SELECT INTERVAL '1' YEAR

SELECT INTERVAL '-1' MONTH

SELECT INTERVAL 3 WEEKS

SELECT INTERVAL 2 QUARTER

SELECT EXTRACT(year FROM x)

SELECT EXTRACT(EPOCH FROM x)

SELECT EXTRACT('month' FROM x)

SELECT EXTRACT(dow FROM x)

SELECT EXTRACT(isodow FROM x)

SELECT EXTRACT(weekday FROM x)

SELECT EXTRACT(week FROM x)

SELECT EXTRACT(milliseconds FROM x)

SELECT EXTRACT(yearweek FROM x)

SELECT EXTRACT(quarter FROM x)

SELECT date_part('hour', x)

SELECT EXTRACT(timezone_hour FROM x)

SELECT EXTRACT(dayofyear FROM x)

SELECT EXTRACT(decade FROM x)

SELECT EXTRACT(nanosecond FROM x)

SELECT x AT TIME ZONE 'UTC'

SELECT x AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin'

SELECT x::TIMESTAMP AT TIME ZONE tz

SELECT x + INTERVAL '1' DAY AT TIME ZONE 'UTC'

SELECT TRIM(x)

SELECT TRIM(x, 'y')

SELECT TRIM(BOTH 'x' FROM y)

SELECT TRIM(LEADING 'x' FROM y)

SELECT TRIM(TRAILING FROM y)

SELECT ltrim(x)

SELECT rtrim(x, 'a')

SELECT substring(x FROM 2)

SELECT substring(x FROM 2 FOR 3)

SELECT substring(x, 1, 2)

SELECT substr(x, 1)

SELECT position('a' IN x)

SELECT strpos(x, 'a')

SELECT count(*)

SELECT count()

SELECT count(x)

SELECT count(DISTINCT x)

SELECT count(DISTINCT (a, b))

SELECT sum(x) FILTER (WHERE y > 1)

SELECT sum(DISTINCT x)

SELECT avg(x)

SELECT min(x, 3)

SELECT max(x)

SELECT arg_max(x, y)

SELECT arg_min(x, y, 2)

SELECT max_by(a, b)

SELECT first(x ORDER BY y)

SELECT list(x ORDER BY y DESC NULLS LAST)

SELECT array_agg(x ORDER BY y)

SELECT string_agg(x, ',')

SELECT string_agg(x, ',' ORDER BY y)

SELECT string_agg(DISTINCT x, ',' ORDER BY x)

SELECT listagg(x, ',')

SELECT group_concat(x)

SELECT any_value(x)

SELECT mode(x)

SELECT median(x)

SELECT quantile_cont(x, 0.5)

SELECT quantile(x, [0.1, 0.9])

SELECT approx_quantile(x, 0.5)

SELECT approx_count_distinct(x)

SELECT histogram(x)

SELECT bit_and(x)

SELECT bool_or(x)

SELECT stddev(x)

SELECT corr(a, b)

SELECT product(x)

SELECT entropy(x)

SELECT kurtosis(x)

SELECT regr_slope(a, b)

SELECT sum(x ORDER BY y)

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x DESC), mode() WITHIN GROUP (ORDER BY x)

SELECT sum(DISTINCT x) OVER (ORDER BY y)

SELECT list(x ORDER BY z) OVER (PARTITION BY y)

SELECT rank(ORDER BY x) OVER (ORDER BY y)

SELECT [1,2,3]

SELECT [1,2,3][1]

SELECT l[1:2]

SELECT l[:2]

SELECT l[2:]

SELECT l[-1]

SELECT l[1:10:2]

SELECT l[:-:-1]

SELECT s['a']

SELECT s.a.b

SELECT s.a[1].b

SELECT m['k']

SELECT [[1],[2]][1][2]

SELECT list_value(1,2)

SELECT {'a': 1, 'b': 'x'}

SELECT {a: 1}

SELECT {'a': {'b': [1]}}

SELECT row(1, 2)

SELECT (1, 2)

SELECT struct_pack(a := 1, b := x)

SELECT MAP {'a': 1, 'b': 2}

SELECT MAP {1: [1]}

SELECT MAP([1],[2])

SELECT map_from_entries([('a', 1)])

SELECT [{'a':1},{'a':2}]

SELECT MAP {}

SELECT [x * 2 FOR x IN l]

SELECT [x FOR x IN l IF x > 1]

SELECT [x + i FOR x, i IN l]

SELECT unnest(l)

SELECT unnest([1,2])

SELECT unnest(s, recursive := true)

SELECT unnest(l, max_depth := 2)

SELECT x.upper().lower()

SELECT (x).upper()

SELECT [1,2].list_sum()

SELECT x.list_filter(lambda y: y > 1)

SELECT (1+2).abs()

SELECT x.y.z()

SELECT a AS "b c"

SELECT a "b"

SELECT a b

SELECT a AS 'b'

SELECT b: 1

SELECT "select"

SELECT "a""b"

SELECT 'it''s'

SELECT 'a\nb'

SELECT E'a\nb'

SELECT E'\'', $$x'y$$

SELECT $t$x$$y$t$

SELECT ''

SELECT '"'

SELECT 1e5

SELECT 1.5e-3

SELECT .5

SELECT 5.

SELECT 1_000_000

SELECT 12345678901234567890123

SELECT 1.0

SELECT 0.1

SELECT TRUE

SELECT FALSE

SELECT NULL

SELECT true AND false

SELECT EXISTS (SELECT 1)

SELECT NOT EXISTS (SELECT 1)

SELECT (SELECT 1)

SELECT ARRAY(SELECT 1)

SELECT x IN (SELECT 1)

SELECT x NOT IN (SELECT 1)

SELECT (a, b) IN (SELECT 1, 2)

SELECT x = ANY(SELECT 1)

SELECT x > ALL (SELECT 1)

SELECT x = ANY([1,2])

SELECT x IN [1,2]

SELECT x IN y

SELECT x = SOME(SELECT 1)

SELECT x IN (1)

SELECT * FROM t

FROM t

FROM t SELECT x

FROM t WHERE x > 1 LIMIT 5

TABLE t

VALUES (1, 2), (3, 4)

SELECT * FROM (VALUES (1, 2)) v(a, b)

SELECT * FROM (VALUES (1, 2))

SELECT * FROM a

SELECT b

SELECT * FROM a JOIN b ON a.x = b.x LEFT JOIN c USING (x, y) RIGHT OUTER JOIN d ON TRUE FULL JOIN e ON e.x = a.x CROSS JOIN f

SELECT * FROM a NATURAL JOIN b NATURAL LEFT JOIN c

SELECT * FROM a SEMI JOIN b USING (x) ANTI JOIN c USING (x)

SELECT * FROM a ASOF JOIN b ON a.x = b.x AND a.t >= b.t

SELECT * FROM a ASOF LEFT JOIN b USING (x, t)

SELECT * FROM a POSITIONAL JOIN b

SELECT * FROM a INNER JOIN b ON a.x = b.x

SELECT * FROM (a JOIN b ON a.x = b.x) JOIN c ON true

SELECT * FROM a JOIN (b JOIN c ON b.x = c.x) ON a.x = b.x

SELECT * FROM a JOIN LATERAL (SELECT a.x + 1) s ON true

SELECT * FROM a LEFT JOIN LATERAL (SELECT a.x + 1) AS s(y) ON true

SELECT * FROM t AS u(a, b)

SELECT * FROM range(10)

SELECT unnest([1]) AS v

SELECT * FROM t, unnest(t.l) u(x)

SELECT * FROM t CROSS JOIN UNNEST(t.l) AS u(x)

SELECT * FROM t TABLESAMPLE 10%

SELECT * FROM t TABLESAMPLE 10 ROWS

SELECT * FROM t TABLESAMPLE reservoir(20)

SELECT * FROM t TABLESAMPLE bernoulli(10 PERCENT)

SELECT * FROM t TABLESAMPLE system(10%) REPEATABLE (42)

SELECT * FROM t USING SAMPLE 10

SELECT * FROM t USING SAMPLE 10%

SELECT * FROM t USING SAMPLE reservoir(10 ROWS) REPEATABLE (1)

SELECT * FROM t USING SAMPLE 10 PERCENT (bernoulli)

SELECT x, count(*) FROM t GROUP BY x HAVING count(*) > 1 ORDER BY 2 DESC, x ASC NULLS FIRST LIMIT 10 OFFSET 5

SELECT x FROM t GROUP BY ALL ORDER BY ALL DESC

SELECT x FROM t ORDER BY ALL

SELECT x FROM t GROUP BY GROUPING SETS ((x), (x, y), ())

SELECT x FROM t GROUP BY CUBE (x, y)

SELECT x FROM t GROUP BY ROLLUP (x, y), z

SELECT x FROM t GROUP BY x, CUBE (y), ROLLUP (z), GROUPING SETS ((a), (b))

SELECT x, grouping(x), grouping_id(x, y) FROM t GROUP BY ROLLUP (x, y)

SELECT DISTINCT x FROM t

SELECT DISTINCT ON (x) x, y FROM t ORDER BY y

SELECT DISTINCT ON (x, y + 1) x FROM t

SELECT x FROM t QUALIFY row_number() OVER (PARTITION BY y ORDER BY z) = 1

SELECT x FROM t LIMIT 10%

SELECT x FROM t LIMIT (SELECT 5)

SELECT x FROM t LIMIT 5 OFFSET 1 + 1

SELECT x FROM t OFFSET 5

SELECT x FROM t LIMIT ALL

SELECT 1 UNION SELECT 2 UNION ALL SELECT 3 INTERSECT SELECT 4 EXCEPT SELECT 5

SELECT 1 UNION DISTINCT SELECT 2 ORDER BY 1 LIMIT 1

(SELECT 1 LIMIT 1) UNION ALL (SELECT 2 LIMIT 1) ORDER BY 1

SELECT 1 a UNION BY NAME SELECT 2 b

SELECT 1 a UNION ALL BY NAME SELECT 2 b

SELECT 1 EXCEPT ALL SELECT 2

SELECT 1 INTERSECT ALL SELECT 2

(SELECT 1)

((SELECT 1))

WITH a AS (SELECT 1) SELECT * FROM a

WITH a(x) AS (SELECT 1), b AS MATERIALIZED (SELECT * FROM a), c AS NOT MATERIALIZED (FROM b) SELECT * FROM c

WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r

WITH RECURSIVE r(a, b) USING KEY (a) AS (SELECT 1, 2 UNION SELECT a, b FROM r) SELECT * FROM r

WITH a AS (SELECT 1) FROM a SELECT *

WITH a AS (SELECT 1) SELECT 1 UNION SELECT * FROM a

WITH a AS (WITH b AS (SELECT 1) SELECT * FROM b) SELECT * FROM a

SELECT * FROM (WITH b AS (SELECT 1) SELECT * FROM b) x

SELECT (WITH b AS (SELECT 1) SELECT * FROM b)

WITH a AS (FROM t) (SELECT * FROM a)

FROM t PIVOT (sum(x) FOR c IN ('a', 'b'))

FROM t PIVOT (sum(x) AS s, count(*) AS n FOR c IN ('a' AS q, 'b') GROUP BY z) AS p

FROM t PIVOT (sum(x) FOR c IN ('a', 'b') d IN (1, 2))

SELECT * FROM (PIVOT t ON c IN ('a', 'b') USING sum(x) GROUP BY z)

FROM t UNPIVOT (v FOR n IN (a, b))

FROM t UNPIVOT INCLUDE NULLS (v FOR n IN (a, b))

FROM t UNPIVOT ((v, w) FOR n IN ((a, b), (c, d)))

SELECT * FROM (UNPIVOT t ON a, b INTO NAME n VALUE v)

SELECT * FROM (UNPIVOT t ON COLUMNS(* EXCLUDE (x)) INTO NAME n VALUE v)

SELECT x COLLATE NOCASE, x COLLATE NOCASE.NOACCENT, x COLLATE de FROM t ORDER BY x COLLATE NOACCENT

SELECT t.a

SELECT main.t.a

SELECT m.main.t.a

SELECT t.a.b.c

SELECT TRY(1)

SELECT alias(x)

SELECT typeof(x)

SELECT array_length(l)

SELECT len(l)

SELECT left(x, 1)

SELECT right(x, 1)

SELECT replace(x, 'a', 'b')

SELECT format('{}', x)

SELECT printf('%d', x)

SELECT repeat('a', 3)

SELECT reverse(x)

SELECT date(x)

SELECT time_bucket(INTERVAL '1 hour', x)

SELECT date_trunc('day', x)

SELECT datediff('day', x, y)

SELECT date_diff('day', x, y)

SELECT date_add(x, INTERVAL 1 DAY)

SELECT strftime(x, '%Y')

SELECT strptime(x, '%Y')

SELECT year(x)

SELECT month(x)

SELECT day(x)

SELECT hour(x)

SELECT last_day(x)

SELECT epoch_ms(x)

SELECT to_timestamp(x)

SELECT make_date(1,2,3)

SELECT age(x, y)

SELECT generate_series(1, 3)

SELECT range(3)

SELECT log(x)

SELECT ln(x)

SELECT log(2, x)

SELECT round(x, 2)

SELECT ceil(x)

SELECT floor(x)

SELECT trunc(x)

SELECT greatest(a, b)

SELECT least(a, b)

SELECT sign(x)

SELECT mod(a, b)

SELECT power(a, b)

SELECT sqrt(x)

SELECT regexp_matches(x, 'a', 'i')

SELECT regexp_replace(x, 'a', 'b', 'g')

SELECT regexp_extract(x, '(a)(b)', 1)

SELECT regexp_extract(x, '(a)(b)', ['y', 'm'])

SELECT regexp_split_to_array(x, 'a')

SELECT split_part(x, 'a', 1)

SELECT string_split(x, 'a')

SELECT concat(a, b)

SELECT concat_ws(',', a, b)

SELECT lpad(x, 2, '0')

SELECT starts_with(x, 'a')

SELECT contains(x, 'a')

SELECT md5(x)

SELECT sha256(x)

SELECT hash(x)

SELECT json_extract(j, '$.a')

SELECT json_extract_string(j, '$.a')

SELECT json_array_length(j)

SELECT json_object('a', 1)

SELECT to_json(x)

SELECT from_json(j, '{"a":"INT"}')

SELECT array_to_string(l, ',')

SELECT list_sort(l, 'DESC')

SELECT list_contains(l, 1)

SELECT chr(65)

SELECT ascii('a')

SELECT initcap(x)

SELECT week(x)

SELECT dayname(x)

SELECT isfinite(x)

SELECT char_length(x)

SELECT current_date

SELECT current_timestamp

SELECT now()

SELECT current_time

SELECT localtimestamp

SELECT localtime

SELECT today()

SELECT current_date - 1

SELECT current_timestamp - INTERVAL 1 DAY

SELECT current_date()

SELECT x FROM t WHERE a AND b OR c AND NOT (d OR e)

SELECT a <> b

SELECT a != b

SELECT a == b

SELECT #1, #2 + 1 FROM t

SELECT x FROM t WHERE (a, b) = (1, 2)

SELECT (a, b) > (1, 2)

SELECT * FROM s.t

SELECT db.s.t

SELECT * FROM t WHERE x IS NOT NULL AND y NOT LIKE 'a%' AND z NOT IN (1, 2)

SELECT * FROM (SELECT 1)

SELECT x FROM t ORDER BY x DESC, y ASC NULLS LAST, z + 1 DESC NULLS FIRST

SELECT x y FROM t z WHERE z.x > 0

SELECT sum(a) + sum(b) * 2 / (1 - c) AS total FROM t

SELECT list_transform(l, x -> list_transform(x, y -> y + x[1]))

SELECT list_transform(l, x -> {'a': x})

SELECT list_filter(l, x -> x.a > 1)

SELECT struct_extract(s, 'a')

SELECT struct_insert(s, b := 1)

SELECT s.a.b.c

SELECT (s).a

SELECT (s).a.b

SELECT CAST({'a': 1} AS STRUCT(a BIGINT))

SELECT CAST(ROW(1, 2) AS STRUCT(a INT, b INT))

SELECT CAST([] AS INT[])

SELECT date '2020-01-01' + 1

SELECT timestamp '2020-01-01' - interval '1 hour'

SELECT x - y

SELECT COUNT(*) FILTER (x > 1) FROM t

SELECT a.b.c.d.e FROM a

SELECT DISTINCT ON (a) * FROM t

SELECT a, b FROM t WHERE a IN (SELECT a FROM t WHERE b = t.b) AND EXISTS (SELECT 1 FROM u WHERE u.x = t.x)

SELECT x::INT::VARCHAR

SELECT (x::INT)::VARCHAR

SELECT x::INT[]::VARCHAR

SELECT x::VARCHAR || 'a'

SELECT x::INT + y::INT

SELECT CAST(x AS INT) + 1

SELECT not_a(x)

SELECT "quoted func"(x)

SELECT "upper"(x)

SELECT UPPER(x)

SELECT * FROM t x, t y WHERE x.a = y.a

SELECT * FROM "My Table" AS "T" WHERE "T"."My Col" = 1

SELECT $1

SELECT $a

SELECT ?

SELECT $a + 1

SELECT x = $b

SELECT DATE_TRUNC('month', order_date)::DATE AS m FROM t GROUP BY 1 ORDER BY 1

SELECT interval '5 days' * 2

SELECT to_days(5)

SELECT INTERVAL '1' HOUR + INTERVAL '30' MINUTE

SELECT CASE WHEN x > 1 THEN 'a' WHEN x > 2 THEN 'b' ELSE 'c' END || 'd'

SELECT max(x) - min(x) AS spread, avg(x) FILTER (WHERE x > 0) FROM t HAVING max(x) > 1

SELECT union_value(a := 1)

SELECT union_tag(u)

SELECT map_keys(m)

SELECT element_at(m, 'a')

SELECT m['a'][1]

SELECT cardinality(m)

SELECT x FROM t WHERE x % 2 = 0 AND x & 1 = 0 AND ~x = 1 AND x << 2 > 1

SELECT 5 % 3 * 2

SELECT 5 * 3 % 2

SELECT -5 % 3

SELECT 2 + 3 % 2

SELECT a, b, FROM t

SELECT x FROM t1 WHERE x > (SELECT avg(x) FROM t2)

SELECT FIRST(x), LAST(x), ANY_VALUE(x), ARBITRARY(x) FROM t

SELECT array_agg(x) FILTER (WHERE x IS NOT NULL), list(DISTINCT x ORDER BY x) FROM t

SELECT lead(x, 1, 0 IGNORE NULLS) OVER (ORDER BY y), first_value(x ORDER BY z IGNORE NULLS) OVER () FROM t

SELECT 0x1F

SELECT 0b1

SELECT json '{"a":1}'

SELECT 1 AS left

SELECT 2 AS "order"

SELECT x FROM t WHERE NOT (NOT x)

SELECT not true

SELECT not not true

SELECT a.* FROM (SELECT 1 AS x) a

SELECT t.a AS x, x + 1 AS y, y * 2 AS z FROM t WHERE x > 1

SELECT timezone('UTC', x)

SELECT INTERVAL (CASE WHEN a THEN 1 ELSE 2 END) DAY

SELECT TIMESTAMP WITH TIME ZONE '2020-01-01'

SELECT TIME WITH TIME ZONE '01:00:00+00'

SELECT * FROM t ORDER BY (SELECT 1)

SELECT DISTINCT sum(x) OVER () FROM t

SELECT GREATEST(a, b), "end", "from" FROM t

SELECT a, sum(b) FROM t GROUP BY 1, a % 2

SELECT list_aggregate(l, 'sum')

SELECT list_aggr(l, 'string_agg', '|')

SELECT array_apply(l, x -> x)

SELECT position('b' IN 'abc')

SELECT substring('hello', 2, 3)

SELECT nth_value(x, 2 IGNORE NULLS) OVER (ORDER BY y) FROM t

SELECT sum(x) OVER (PARTITION BY a, b ORDER BY c DESC NULLS LAST, d ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM t

SELECT sum(x) OVER (ORDER BY y RANGE BETWEEN 10 PRECEDING AND UNBOUNDED FOLLOWING EXCLUDE GROUP) FROM t

SELECT * FROM t WHERE x = 'a' COLLATE NOCASE

SELECT ROW(1, 'a') IN (SELECT a, b FROM t)

SELECT '2020-01-01'::DATE::TIMESTAMP

SELECT d::DATE - INTERVAL 1 MONTH

SELECT variance(x)

SELECT var_pop(x)

SELECT stddev_samp(x)

SELECT covar_pop(a, b)

SELECT skewness(x)

SELECT mad(x)

SELECT sem(x)

SELECT favg(x)

SELECT fsum(x)

SELECT bitstring_agg(x)

SELECT histogram(x, [1,2])

SELECT strftime(ts, '%Y-%m-%d %H:%M:%S')

SELECT strftime('%Y', ts)

SELECT ts::DATE = DATE '2020-01-01'

SELECT -2 ^ 2, -2 ** 2, 2 ** -1, a ** b ** c

SELECT -x::INT, -x::INT + 1, 1 + 2::INT, a.b::INT, x[1]::INT, '1'::INT + 1, NOT x::BOOL

SELECT x->>'a'::INT, x->'a' = 'c', x->'a'->>'b' = 'c', x->'a' + 1, (x->'a') = 'b', x ->> 'a' || 'b', NOT x->'a', x->'a' IS NULL, x->'a' IN ('b'), x -> '$.a' LIKE 'b'

SELECT lower(j -> 'a'), lower(j ->> 'a'), list_transform(l, x -> x + 1), list_transform(l, lambda x: x + 1), list_filter(l, (x, i) -> i > 1), list_reduce(l, (x, y) -> x + y, 0), coalesce(j->>'a', 'b')

SELECT x ~ 'a' || 'b', a || b ~ 'x', x !~ 'a', x ~~ 'a', x !~~ 'a', x ~~* 'a', x !~~* 'b', x ~~~ 'a'

SELECT x SIMILAR TO 'a', x NOT SIMILAR TO 'b', x GLOB 'a', x ILIKE 'a', x NOT ILIKE 'b', x LIKE 'a' ESCAPE '!', x NOT LIKE 'a' ESCAPE '!', x ILIKE 'a' ESCAPE '$'

SELECT a = x NOT IN (1,2), a = b IS NULL, a IS NOT NULL = b, NOT a = b, NOT a IS NULL, a AND NOT b OR c, a = NOT b

SELECT x IS DISTINCT FROM y, x IS NOT DISTINCT FROM y, x IS TRUE, x IS NOT FALSE, x IS UNKNOWN

SELECT a || b || c, 'a' || 1

SELECT CASE WHEN a THEN 1 ELSE 2 END, CASE x WHEN 1 THEN 'a' END, if(a, b, c), ifnull(a, b), coalesce(a), nullif(a, b)

SELECT TRY_CAST(x AS INT), TRY_CAST('a' AS DATE), DATE '2020-01-01', TIMESTAMP '2020-01-01 00:00:00', TIMESTAMPTZ '2020-01-01', TIME '01:02:03', INTERVAL '1' DAY

SELECT INTERVAL '1.5 day', INTERVAL '90' MINUTE, INTERVAL '1' YEAR, INTERVAL '-1' MONTH, INTERVAL 3 WEEKS, INTERVAL 2 QUARTER

SELECT x AT TIME ZONE 'UTC', x AT TIME ZONE 'UTC' AT TIME ZONE 'Europe/Berlin', x::TIMESTAMP AT TIME ZONE tz, x + INTERVAL '1' DAY AT TIME ZONE 'UTC'

SELECT TRIM(x), TRIM(x, 'y'), TRIM(BOTH 'x' FROM y), TRIM(LEADING 'x' FROM y), TRIM(TRAILING FROM y), ltrim(x), rtrim(x, 'a')

SELECT sum(DISTINCT x) OVER (ORDER BY y), list(x ORDER BY z) OVER (PARTITION BY y), rank(ORDER BY x) OVER (ORDER BY y)

SELECT {'a': 1, 'b': 'x'}, {a: 1}, {'a': {'b': [1]}}, row(1, 2), (1, 2), struct_pack(a := 1, b := x), MAP {'a': 1, 'b': 2}, MAP {1: [1]}, MAP([1],[2]), map_from_entries([('a', 1)]), [{'a':1},{'a':2}], MAP {}

SELECT [x * 2 FOR x IN l], [x FOR x IN l IF x > 1], [x + i FOR x, i IN l]

SELECT unnest(l), unnest([1,2]), unnest(s, recursive := true), unnest(l, max_depth := 2)

SELECT a AS "b c", a "b", a b, a AS 'b', b: 1, "select", "a""b"

SELECT 'it''s', 'a\nb', E'a\nb', E'\'', $$x'y$$, $t$x$$y$t$, '', '"'

SELECT 1e5, 1.5e-3, .5, 5., 1_000_000, 12345678901234567890123, 1.0, 0.1

SELECT TRUE, FALSE, NULL, true AND false

SELECT EXISTS (SELECT 1), NOT EXISTS (SELECT 1), (SELECT 1), ARRAY(SELECT 1), x IN (SELECT 1), x NOT IN (SELECT 1), (a, b) IN (SELECT 1, 2), x = ANY(SELECT 1), x > ALL (SELECT 1), x = ANY([1,2]), x IN [1,2], x IN y, x = SOME(SELECT 1), x IN (1)

SELECT * FROM a, b

SELECT * FROM a JOIN LATERAL (SELECT a.x + 1) s ON true, LATERAL (SELECT 1) u

SELECT * FROM range(10), range(1, 5) r(i), generate_series(1, 10, 2) AS g(n), unnest([1,2]) u(x), unnest([1]) AS v, range(3) WITH ORDINALITY

SELECT t.a, main.t.a, m.main.t.a, t.a.b.c

SELECT current_date, current_timestamp, now(), current_time, localtimestamp, localtime, today(), current_date - 1, current_timestamp - INTERVAL 1 DAY, current_date()

SELECT * FROM s.t, db.s.t

SELECT * FROM (SELECT 1) , (SELECT 2) AS x(y)

SELECT list_transform(l, x -> list_transform(x, y -> y + x[1])), list_transform(l, x -> {'a': x}), list_filter(l, x -> x.a > 1)

SELECT struct_extract(s, 'a'), struct_insert(s, b := 1), s.a.b.c, (s).a, (s).a.b

SELECT CAST({'a': 1} AS STRUCT(a BIGINT)), CAST(ROW(1, 2) AS STRUCT(a INT, b INT)), CAST([] AS INT[])

SELECT date '2020-01-01' + 1, timestamp '2020-01-01' - interval '1 hour', x - y

SELECT x::INT::VARCHAR, (x::INT)::VARCHAR, x::INT[]::VARCHAR, x::VARCHAR || 'a', x::INT + y::INT, CAST(x AS INT) + 1

SELECT not_a(x), "quoted func"(x), "upper"(x), UPPER(x)

SELECT interval '5 days' * 2, to_days(5), INTERVAL '1' HOUR + INTERVAL '30' MINUTE

SELECT union_value(a := 1), union_tag(u), map_keys(m), element_at(m, 'a'), m['a'][1], cardinality(m)

SELECT 5 % 3 * 2, 5 * 3 % 2, -5 % 3, 2 + 3 % 2

SELECT 1 AS left, 2 AS "order"

SELECT not true, not not true

SELECT timezone('UTC', x), x AT TIME ZONE 'UTC'

SELECT TIMESTAMP WITH TIME ZONE '2020-01-01', TIME WITH TIME ZONE '01:00:00+00'

SELECT list_aggregate(l, 'sum'), list_aggr(l, 'string_agg', '|'), array_apply(l, x -> x)

SELECT position('b' IN 'abc'), substring('hello', 2, 3)

SELECT '2020-01-01'::DATE::TIMESTAMP, d::DATE - INTERVAL 1 MONTH

SELECT variance(x), var_pop(x), stddev_samp(x), covar_pop(a, b), skewness(x), mad(x), sem(x), favg(x), fsum(x), bitstring_agg(x), histogram(x, [1,2])

SELECT strftime(ts, '%Y-%m-%d %H:%M:%S'), strftime('%Y', ts), ts::DATE = DATE '2020-01-01'
