-- What people ask every day. The gate admits each, and it answers as the text itself would. One statement a paragraph.

SELECT * FROM orders

FROM orders

FROM orders SELECT product, price WHERE price > 50 ORDER BY price DESC LIMIT 5

TABLE customers

SELECT count(*), count(DISTINCT customer_id), sum(price * quantity) FROM orders

SELECT product, count(*) AS n, avg(price) AS mean FROM orders GROUP BY product HAVING count(*) > 2 ORDER BY n DESC, product

SELECT product, status, count(*) AS n FROM orders GROUP BY ALL ORDER BY ALL

SELECT o.id, c.name FROM orders AS o JOIN customers AS c ON c.id = o.customer_id WHERE c.country = 'DE'

SELECT c.name, o.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.price > 90

SELECT c.name FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id)

SELECT name FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE status = 'paid')

SELECT name FROM customers WHERE id NOT IN (SELECT customer_id FROM orders WHERE customer_id IS NOT NULL AND price > 99)

SELECT * FROM customers SEMI JOIN orders ON orders.customer_id = customers.id

SELECT id FROM customers ANTI JOIN (SELECT customer_id AS id FROM orders) USING (id)

SELECT * FROM orders o FULL OUTER JOIN customers c ON o.customer_id = c.id AND c.country = 'FR'

SELECT a.id, b.id FROM customers a CROSS JOIN customers b WHERE a.id < b.id

SELECT customers.country, orders.product FROM customers, orders WHERE customers.id = orders.customer_id

SELECT main.orders.id, orders.price FROM main.orders WHERE main.orders.price IS NOT NULL

SELECT Orders.ID, PRICE FROM ORDERS WHERE "Price" > 10

SELECT id, price, sum(price) OVER (PARTITION BY product ORDER BY id) AS running FROM orders

SELECT id, row_number() OVER (ORDER BY price DESC NULLS LAST, id) AS place FROM orders

SELECT id, rank() OVER w, dense_rank() OVER w, percent_rank() OVER w FROM orders WINDOW w AS (PARTITION BY status ORDER BY price, id)

SELECT id, lag(price) OVER (PARTITION BY customer_id ORDER BY ordered_at, id), lead(price, 2, 0) OVER (PARTITION BY customer_id ORDER BY ordered_at, id) FROM orders

SELECT id, first_value(product) OVER w AS first, last_value(price IGNORE NULLS) OVER w AS last, nth_value(id, 2) OVER w AS second FROM orders WINDOW w AS (PARTITION BY status ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)

SELECT id, avg(price) OVER (ORDER BY ordered_at RANGE BETWEEN INTERVAL 2 DAYS PRECEDING AND CURRENT ROW) AS moving FROM orders

SELECT id, sum(quantity) OVER (ORDER BY id ROWS 3 PRECEDING) AS s, sum(quantity) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) AS around FROM orders

SELECT id, ntile(4) OVER (ORDER BY id) AS quartile, cume_dist() OVER (ORDER BY id) AS share FROM orders

SELECT * FROM orders QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY ordered_at DESC, id) = 1

SELECT customer_id, id FROM orders WHERE price > 20 QUALIFY rank() OVER (PARTITION BY customer_id ORDER BY price DESC) <= 2

SELECT DISTINCT ON (product) product, id, price FROM orders ORDER BY product, price DESC NULLS LAST, id

SELECT DISTINCT status FROM orders

SELECT count(*) FILTER (WHERE status = 'paid') AS paid, sum(price) FILTER (status = 'open') AS open FROM orders

SELECT product, status, sum(quantity) AS q, grouping(product) AS g FROM orders GROUP BY GROUPING SETS ((product, status), (product), ())

SELECT product, status, count(*) FROM orders GROUP BY CUBE (product, status)

SELECT product, status, count(*) FROM orders GROUP BY ROLLUP (product, status)

SELECT date_trunc('day', ordered_at) AS day, count(*) AS n FROM orders GROUP BY 1 ORDER BY 1

SELECT time_bucket(INTERVAL '6 hours', ordered_at) AS bucket, sum(price) FROM orders GROUP BY bucket ORDER BY bucket

SELECT ordered_at::DATE AS day, EXTRACT(hour FROM ordered_at) AS hour, EXTRACT(isodow FROM ordered_at) AS dow, count(*) FROM orders GROUP BY ALL

SELECT year(ordered_at), month(ordered_at), day(ordered_at), dayname(ordered_at), week(ordered_at), quarter(ordered_at) FROM orders

SELECT date_diff('hour', TIMESTAMP '2024-01-01', ordered_at) AS hours, ordered_at - TIMESTAMP '2024-01-01' AS since FROM orders

SELECT id FROM orders WHERE ordered_at >= TIMESTAMP '2024-01-03' AND ordered_at < TIMESTAMP '2024-01-03' + INTERVAL '36 hours'

SELECT id FROM orders WHERE ordered_at BETWEEN '2024-01-02' AND '2024-01-04'

SELECT strftime(ordered_at, '%Y-%m-%d %H:%M'), strptime('2024-02-03', '%Y-%m-%d'), epoch_ms(ordered_at), epoch(ordered_at) FROM orders

SELECT make_date(2024, 2, 29) AS leap, last_day(DATE '2024-02-01') AS last, DATE '2024-03-01' - 1 AS before, date_add(DATE '2024-01-31', INTERVAL 1 MONTH) AS later

SELECT INTERVAL 1 YEAR, INTERVAL '3' MONTH, INTERVAL '1 day 2 hours', to_days(3), INTERVAL (1 + 2) HOUR, INTERVAL '1.5 days', INTERVAL '-1' HOUR

SELECT INTERVAL '5 days' * 2, -INTERVAL '1 day', DATE '2024-01-31' + INTERVAL '1 month'

SELECT device, ts AT TIME ZONE 'Europe/Berlin' AS local, ts AT TIME ZONE 'UTC' AS utc FROM sensors

SELECT timezone('America/New_York', TIMESTAMP '2024-06-01 12:00:00') AS ny, TIMESTAMPTZ '2024-06-01 12:00:00+02' AS z

SELECT date_trunc('hour', ts) AS hour, avg(value) AS mean FROM sensors WHERE ok GROUP BY hour ORDER BY hour

SELECT device, approx_count_distinct(value), median(value), quantile_cont(value, 0.9), quantile_cont(value, [0.25, 0.5]) FROM sensors GROUP BY device

SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY price) AS p50, percentile_disc(0.9) WITHIN GROUP (ORDER BY price) AS p90 FROM orders

SELECT stddev(value), var_pop(value), skewness(value), kurtosis(value), corr(value, epoch(ts)), regr_slope(value, epoch(ts)) FROM sensors

SELECT arg_max(id, price), arg_min(product, price), max_by(id, price), min(price), max(price), mode(status), any_value(1) FROM orders

SELECT bool_and(ok), bool_or(ok), bit_or(CASE WHEN ok THEN 1 ELSE 2 END), product(value), count_if(ok) FROM sensors

SELECT string_agg(product, ', ' ORDER BY id) AS all_products, string_agg(DISTINCT status, '|' ORDER BY status) AS statuses FROM orders

SELECT customer_id, list(product ORDER BY id) AS products, array_agg(price ORDER BY price DESC NULLS LAST) AS prices FROM orders GROUP BY customer_id

SELECT first(product ORDER BY id), last(product ORDER BY id), sum(price ORDER BY id) FROM orders

SELECT histogram(status), max(price, 3), arg_max(id, price, 2) FROM orders

WITH paid AS (SELECT * FROM orders WHERE status = 'paid') SELECT product, count(*) FROM paid GROUP BY product

WITH a AS (SELECT id, price FROM orders), b AS (SELECT avg(price) AS mean FROM a) SELECT a.id FROM a, b WHERE a.price > b.mean

WITH orders AS (SELECT * FROM orders WHERE price > 50) SELECT count(*) FROM orders

WITH big(number, amount) AS MATERIALIZED (SELECT id, price FROM orders WHERE price > 50) SELECT number, amount FROM big WHERE big.amount < 80

WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT i, i * i FROM n

WITH RECURSIVE days AS (SELECT DATE '2024-01-01' AS d UNION ALL SELECT (d + INTERVAL 1 DAY)::DATE FROM days WHERE d < DATE '2024-01-07') SELECT d, count(o.id) AS n FROM days LEFT JOIN orders o ON o.ordered_at::DATE = d GROUP BY d

WITH x AS (WITH y AS (SELECT 1 AS a) SELECT a + 1 AS b FROM y), y AS (SELECT 10 AS c) SELECT b, c FROM x, y

WITH t AS (FROM orders SELECT customer_id, sum(price) AS total GROUP BY 1) FROM t SELECT * WHERE total > (SELECT avg(total) FROM t)

SELECT * FROM (SELECT product, sum(price) AS total FROM orders GROUP BY product) AS sums WHERE total > 100

SELECT name, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) AS n FROM customers c

SELECT c.name, top.id, top.price FROM customers c, LATERAL (SELECT id, price FROM orders o WHERE o.customer_id = c.id ORDER BY price DESC NULLS LAST, id LIMIT 2) AS top

SELECT c.name, o.n FROM customers c LEFT JOIN LATERAL (SELECT count(*) AS n FROM orders WHERE customer_id = c.id) o ON true

SELECT id FROM orders WHERE price > ALL (SELECT value FROM sensors WHERE ok) OR price = ANY (SELECT 10)

SELECT product FROM orders UNION SELECT name FROM customers

SELECT id, price FROM orders WHERE price > 80 UNION ALL SELECT id, 0 FROM customers ORDER BY 1, 2 LIMIT 7 OFFSET 1

SELECT status FROM orders INTERSECT SELECT 'paid' EXCEPT SELECT 'open'

SELECT status FROM orders EXCEPT ALL SELECT 'paid'

SELECT id AS a, price FROM orders UNION ALL BY NAME SELECT name, id AS a FROM customers

(SELECT id FROM orders ORDER BY id LIMIT 2) UNION ALL (SELECT id FROM customers ORDER BY id DESC LIMIT 2)

VALUES (1, 'a'), (2, 'b')

SELECT * FROM (VALUES (1, 'a'), (2, NULL)) AS v(n, s) WHERE s IS NOT NULL

SELECT t.symbol, t.ts, t.price, q.bid FROM trades t ASOF JOIN quotes q ON t.symbol = q.symbol AND t.ts >= q.ts

SELECT t.symbol, t.ts, q.ask FROM trades t ASOF LEFT JOIN quotes q USING (symbol, ts)

SELECT symbol, sum(price * volume) / sum(volume) AS vwap, max(price) - min(price) AS range FROM trades GROUP BY symbol

SELECT symbol, time_bucket(INTERVAL 1 HOUR, ts) AS t, arg_min(price, ts) AS open, max(price) AS high, min(price) AS low, arg_max(price, ts) AS close FROM trades GROUP BY ALL

SELECT * FROM orders POSITIONAL JOIN (SELECT id AS n FROM customers)

SELECT * EXCLUDE (tags, details) FROM orders

SELECT * REPLACE (round(price) AS price) FROM orders

SELECT * RENAME (id AS number) FROM customers

SELECT o.* EXCLUDE (details), c.name FROM orders o JOIN customers c ON c.id = o.customer_id

SELECT COLUMNS('.*id') FROM orders

SELECT min(COLUMNS(* EXCLUDE (tags, details))) FROM orders

SELECT COLUMNS(c -> c LIKE '%ts') FROM trades

SELECT coalesce(*COLUMNS('bid|ask')) AS q FROM quotes

SELECT * LIKE 'pr%' FROM orders

SELECT id, tags[1], tags[-1], tags[1:2], len(tags), list_contains(tags, 'new'), 'gift' IN tags AS gift FROM orders

SELECT id, unnest(tags) AS tag FROM orders

SELECT tag, count(*) AS n FROM orders, unnest(tags) AS u(tag) GROUP BY tag

SELECT o.id, u.tag FROM orders o CROSS JOIN UNNEST(o.tags) AS u(tag)

SELECT id, list_transform(tags, t -> upper(t)) AS upper, list_filter(tags, lambda t: t <> 'new') AS rest FROM orders

SELECT list_reduce([1, 2, 3], (a, b) -> a + b), list_sum([1, 2]), list_sort([3, 1, 2], 'DESC'), list_distinct([1, 1]), flatten([[1], [2, 3]])

SELECT [x * 2 FOR x IN [1, 2, 3] IF x > 1], [t || '!' FOR t IN tags] FROM orders

SELECT list_zip([1, 2], ['a', 'b'])::VARCHAR, list_slice([1, 2, 3], 2, 3), [1, 2] || [3], array_to_string(['a', 'b'], '-'), 2 IN [1, NULL]

SELECT {'a': 1, 'b': {'c': [1, 2]}} AS s, (s).b.c[2], s['a'], struct_pack(x := 1, y := 'z').y, row(1, 'a')::VARCHAR

SELECT profile.age, profile.vip, c.profile.age + 1, profile FROM customers c WHERE profile.vip

SELECT scores['math'], map_keys(scores), map_values(scores), cardinality(scores), map_entries(scores) FROM customers

SELECT MAP {'a': 1, 'b': 2}['b'], map_from_entries([('x', 1)]), MAP(['k'], [1])

SELECT c FROM customers AS c WHERE c.id = 1

SELECT details->>'color', details->'$.size', details->>'$.size.w', json_extract_string(details, '$.color') FROM orders

SELECT id FROM orders WHERE (details->>'color') = 'red' AND json_array_length(details, '$.parts') > 0

SELECT json_object('id', id, 'p', product), to_json(tags), json_type(details), json_keys(details), details.color FROM orders

SELECT json_group_array(id), json_group_object(id::VARCHAR, product) FROM (SELECT id, product FROM orders WHERE id = 3)

SELECT from_json('{"a": 1}', '{"a": "INTEGER"}').a, '{"a": [1]}'::JSON->'a', CAST('[1, 2]' AS JSON), JSON '{ "k": 1 }'

SELECT name FROM customers WHERE name LIKE 'A%' OR name ILIKE '%B%' OR name NOT LIKE '%a' OR name SIMILAR TO '[A-C].*' OR name GLOB '*e'

SELECT name LIKE 'a\_%' ESCAPE '\', name ~ '.*a', name !~ 'x', name ^@ 'A', regexp_matches(name, '(?i)^a'), name NOT ILIKE 'z%' FROM customers

SELECT regexp_replace(product, '[aeiou]', '*', 'g'), regexp_extract(product, '(\w)(\w)', 2), regexp_extract_all(product, '[a-z]'), regexp_split_to_array('a,b', ',') FROM orders

SELECT upper(name), lower(name), length(name), trim('  x '), trim(BOTH 'x' FROM 'xax'), ltrim(name, 'A'), lpad(name, 8, '.'), replace(name, 'a', 'o'), reverse(name), name[1:2] FROM customers

SELECT substring(name FROM 2 FOR 2), substring(name, 1, 3), left(name, 2), right(name, 2), position('a' IN name), position('b' IN lower(name) || 'b'), strpos(name, 'e'), split_part('a-b-c', '-', 2), string_split('a b', ' ') FROM customers

SELECT concat(name, '/', country), concat_ws('-', name, NULL, country), name || ' (' || country || ')', format('{:05.2f}', 3.14159), printf('%05d', 42), repeat('ab', 2), md5(name), sha256(name) FROM customers

SELECT 'it''s', 'a\nb', $$quo'ted$$, '"', '--no comment', '/* nor this */', chr(10), 'ünï😀'

SELECT x.upper().lower(), ([3, 1]).list_sort(), ('a,b').string_split(',')[1] FROM (SELECT name AS x FROM customers)

SELECT CASE WHEN price > 80 THEN 'high' WHEN price > 30 THEN 'mid' ELSE 'low' END AS band, CASE status WHEN 'paid' THEN 1 ELSE 0 END AS paid FROM orders

SELECT coalesce(price, 0), nullif(status, 'open'), ifnull(price, -1), if(price > 5, 'y', 'n'), greatest(id, 3, customer_id), least(1, 2) FROM orders

SELECT id::VARCHAR || 'x', price::INT, CAST(price AS DOUBLE) / 3, TRY_CAST(product AS INT), '12'::INT + 1, '2024-01-01'::DATE::TIMESTAMP, [1, 2]::VARCHAR, '5'::DECIMAL(8, 3) FROM orders

SELECT CAST(ROW(1, 'x') AS STRUCT(a BIGINT, b VARCHAR)), {'a': 1}::STRUCT(a DOUBLE), ['1']::INT[], NULL::TIMESTAMPTZ, 'a'::ENUM('a', 'b'), '1'::UBIGINT, 1::BOOLEAN, 'a'::BLOB, '00:00:01'::TIME

SELECT 7 / 2, 7 // 2, 7 % 3, -7 % 3, 2 ** 3, 2 ^ 3 AS p, 2 * 3 ^ 2 + 1 AS q, -2 ^ 2 AS r, - -5, ~5, 5 & 3, 5 | 3, xor(5, 3), 1 << 3, 16 >> 2, 1e3, .5, 1_000, 1.50

SELECT a - -b, a * (b + 1), (a - b) - c, a - (b - c), -(a + b), NOT a > b AND c IS NOT NULL, a = b IS NULL FROM (SELECT 1 AS a, 2 AS b, 3 AS c)

SELECT round(price, 1), ceil(price), floor(price), abs(-1), sign(-2), sqrt(2), ln(2), log(100), log2(8), exp(1), power(2, 3), mod(7, 3), trunc(1.7), pi() FROM orders

SELECT id FROM orders WHERE price IS NULL OR price IS DISTINCT FROM 10 AND NOT (status = 'open' OR status IS NOT DISTINCT FROM 'paid')

SELECT id FROM orders WHERE (product, status) IN (('apple', 'paid'), ('pear', 'open')) AND quantity NOT BETWEEN 2 AND 3

SELECT id, price > 10 AND status = 'paid' OR NOT quantity < 2 AS odd, status IN ('paid', 'open') = true AS known, (price > 5) IS TRUE AS t FROM orders

SELECT x FROM range(5) AS r(x)

SELECT * FROM generate_series(1, 10, 3) AS g(n), range(2) AS r

SELECT generate_series AS d FROM generate_series(TIMESTAMP '2024-01-01', TIMESTAMP '2024-01-03', INTERVAL 12 HOURS)

SELECT day, coalesce(n, 0) AS n FROM (SELECT unnest(range(DATE '2024-01-01', DATE '2024-01-08', INTERVAL 1 DAY))::DATE AS day) LEFT JOIN (SELECT ordered_at::DATE AS day, count(*) AS n FROM orders GROUP BY 1) USING (day) ORDER BY day

SELECT * FROM orders PIVOT (sum(quantity) FOR status IN ('paid', 'open') GROUP BY product)

SELECT * FROM (SELECT product, status, quantity FROM orders) PIVOT (sum(quantity) AS q, count(*) AS n FOR status IN ('paid' AS p, 'open' AS o)) AS pivoted ORDER BY product

PIVOT orders ON status IN ('paid', 'open', 'lost') USING count(*) GROUP BY product

SELECT * FROM (PIVOT orders ON status IN ('paid', 'open') USING sum(price) GROUP BY product) ORDER BY 1

SELECT * FROM quotes UNPIVOT (quote FOR side IN (bid, ask))

UNPIVOT quotes ON bid, ask INTO NAME side VALUE quote

WITH q AS (SELECT symbol, bid, ask FROM quotes) UNPIVOT q ON COLUMNS(* EXCLUDE (symbol)) INTO NAME side VALUE quote

SELECT price AS p, p * 2 AS double, double + 1 AS more FROM orders WHERE p > 10

SELECT total: sum(price), n: count(*) FROM orders

SELECT id, FROM orders ORDER BY id DESC NULLS FIRST LIMIT 10%

SELECT id FROM orders LIMIT (SELECT 3) OFFSET 1 + 1

SELECT price FROM orders WHERE price > (SELECT avg(price) FROM orders) ORDER BY price, id

SELECT name FROM customers ORDER BY name COLLATE NOCASE.NOACCENT, #1

SELECT status AS "the status", count(*) AS "n ""quoted""", max(id) AS 'last' FROM orders GROUP BY "the status"

SELECT u.user, count(*) FROM (SELECT name AS user FROM customers) u GROUP BY user ORDER BY user

SELECT typeof(price), typeof(tags), typeof(details), alias(id) FROM orders LIMIT 1

SELECT sum(price) / count(*) AS mean, (max(price) - min(price)) * 100 / nullif(min(price), 0) AS spread FROM orders WHERE status <> 'lost' AND price <> 0

SELECT /* a comment */ id -- another
FROM orders -- and one more
WHERE id = 1 /* done */;

SELECT c.country, date_trunc('month', c.joined) AS cohort, count(DISTINCT c.id) AS size, count(DISTINCT o.customer_id) AS bought, round(100.0 * bought / size, 1) AS rate FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY ALL ORDER BY ALL

WITH gaps AS (SELECT device, ts, ts - lag(ts) OVER (PARTITION BY device ORDER BY ts) > INTERVAL 2 HOURS AS new FROM sensors), sessions AS (SELECT device, ts, count(*) FILTER (new) OVER (PARTITION BY device ORDER BY ts) AS session FROM gaps) SELECT device, session, min(ts) AS began, max(ts) AS ended, count(*) AS readings FROM sessions GROUP BY ALL

SELECT TRY(1 / 0), TRY_CAST('x' AS DATE), try_strptime('x', '%Y'), error_free FROM (SELECT 1 AS error_free)

SELECT {'from': 1}.from, "order" FROM (SELECT 1 AS "order")

SELECT count(*) FROM orders WHERE ordered_at::DATE = DATE '2024-01-02' AND details IS NOT NULL AND NOT isnan(1.0::DOUBLE)

SELECT id FROM orders WHERE tags && ['gift', 'new'] AND tags @> ['gift'] OR ['new'] <@ tags

SELECT * FROM (orders JOIN customers ON orders.customer_id = customers.id) WHERE quantity > 1

SELECT * FROM orders o JOIN (customers c JOIN sensors s ON s.ok) ON o.customer_id = c.id WHERE o.id = 1

SELECT product, quantity, sum(quantity) AS s FROM orders GROUP BY product, quantity % 2, quantity
