-- What a principal may not do. Each is refused with the code above it. {csv} is a file, {folder} its folder. Each runs on a DuckDB that is not guarded, unless its code is followed by "not DuckDB's": then it is what another parser could make something of.

-- HR-901
INSERT INTO orders (id) VALUES (1)

-- HR-901
UPDATE orders SET price = 0

-- HR-901
DELETE FROM orders

-- HR-901
DROP TABLE orders

-- HR-901
CREATE TABLE mine AS FROM secret

-- HR-901
CREATE VIEW mine AS FROM secret

-- HR-901
CREATE MACRO mine() AS (SELECT max(x) FROM secret)

-- HR-901
CREATE OR REPLACE TABLE orders AS SELECT 1 AS id

-- HR-901
ALTER TABLE orders ADD COLUMN y INT

-- HR-901
TRUNCATE orders

-- HR-901
ATTACH ':memory:' AS mine

-- HR-901
DETACH DATABASE IF EXISTS mine

-- HR-901
COPY orders TO '{folder}/out.csv'

-- HR-901
COPY (SELECT * FROM secret) TO '{folder}/out2.csv'

-- HR-901 not DuckDB's
COPY customers FROM '{csv}'

-- HR-151
EXPORT DATABASE '{folder}/export'

-- HR-901
SET memory_limit = '1GB'

-- HR-901
SET VARIABLE hidden = 1

-- HR-901
RESET memory_limit

-- HR-901
PRAGMA database_list

-- HR-901
PRAGMA table_info('secret')

-- HR-901
CALL pragma_version()

-- HR-901
CALL duckdb_settings()

-- HR-901
SHOW TABLES

-- HR-901
SHOW ALL TABLES

-- HR-901
DESCRIBE secret

-- HR-901
DESCRIBE SELECT * FROM secret

-- HR-901
SUMMARIZE secret

-- HR-901
SUMMARIZE orders

-- HR-901
EXPLAIN SELECT * FROM secret

-- HR-901
EXPLAIN ANALYZE SELECT * FROM secret

-- HR-901
PREPARE q AS SELECT * FROM secret

-- HR-901 not DuckDB's
EXECUTE q

-- HR-901
DEALLOCATE q

-- HR-901
BEGIN TRANSACTION

-- HR-901 not DuckDB's
COMMIT

-- HR-901
CHECKPOINT

-- HR-901
VACUUM

-- HR-901
ANALYZE

-- HR-901
USE main

-- HR-901 not DuckDB's
INSTALL httpfs

-- HR-901
LOAD json

-- HR-901
COMMENT ON TABLE orders IS 'mine'

-- HR-901
CREATE SECRET mine (TYPE http)

-- HR-901 not DuckDB's
GRANT SELECT ON secret TO ann

-- HR-901
MERGE INTO orders USING customers ON orders.id = customers.id WHEN MATCHED THEN DELETE

-- HR-152
SELECT 1; DROP TABLE orders

-- HR-152
SELECT 1; SELECT * FROM secret

-- HR-153
SELECT * FROM secret

-- HR-153
FROM secret

-- HR-153
TABLE secret

-- HR-153
SELECT * FROM main.secret

-- HR-153
SELECT * FROM SECRET

-- HR-153
SELECT * FROM "secret"

-- HR-153
SELECT * FROM 'secret'

-- HR-153
SELECT * FROM secret_view

-- HR-153
SELECT * FROM temporary

-- HR-153
SELECT id FROM orders UNION ALL SELECT x FROM secret

-- HR-153
SELECT id FROM orders WHERE id IN (FROM secret SELECT x)

-- HR-153
SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM secret)

-- HR-153
SELECT (SELECT max(x) FROM secret) FROM orders

-- HR-153
SELECT ARRAY(SELECT x FROM secret)

-- HR-153
SELECT id FROM orders WHERE id = ANY (SELECT x FROM secret)

-- HR-153
SELECT id FROM orders ORDER BY (SELECT max(x) FROM secret)

-- HR-153
SELECT count(*) FROM orders GROUP BY id HAVING count(*) < (SELECT max(x) FROM secret)

-- HR-153
SELECT id FROM orders QUALIFY row_number() OVER (ORDER BY id) < (SELECT max(x) FROM secret)

-- HR-153
SELECT id FROM orders LIMIT (SELECT max(x) FROM secret)

-- HR-153
SELECT count(*) FILTER (WHERE id < (SELECT max(x) FROM secret)) FROM orders

-- HR-153
SELECT sum(id) OVER (ORDER BY (SELECT max(x) FROM secret)) FROM orders

-- HR-153
SELECT CASE WHEN true THEN (SELECT word FROM secret) END

-- HR-153
SELECT {'a': (SELECT word FROM secret)}

-- HR-153
SELECT [(SELECT word FROM secret)]

-- HR-153
SELECT [x + y FOR y IN (SELECT list(x) FROM secret)] FROM (SELECT 1 AS x)

-- HR-153 not DuckDB's
SELECT list_transform([1], lambda v: v + (SELECT 1)) FROM secret

-- HR-153
SELECT * FROM orders JOIN secret ON true

-- HR-153
SELECT * FROM orders, secret

-- HR-153
SELECT * FROM orders POSITIONAL JOIN secret

-- HR-153
SELECT * FROM orders ASOF JOIN secret ON orders.id >= secret.x

-- HR-153
SELECT * FROM orders SEMI JOIN secret ON true

-- HR-153
SELECT * FROM orders, LATERAL (SELECT * FROM secret)

-- HR-153
SELECT * FROM (orders CROSS JOIN secret)

-- HR-153
SELECT * FROM (FROM (FROM (FROM secret)))

-- HR-153
SELECT * FROM secret PIVOT (count(*) FOR x IN (42))

-- HR-153
PIVOT secret ON x IN (42) USING count(*)

-- HR-153
UNPIVOT secret ON x INTO NAME n VALUE v

-- HR-153
SELECT * FROM (UNPIVOT secret ON x INTO NAME n VALUE v)

-- HR-153
WITH a AS (FROM secret) FROM a

-- HR-153
WITH secret AS (SELECT * FROM secret) SELECT * FROM secret

-- HR-153
WITH RECURSIVE secret AS (SELECT * FROM secret) SELECT * FROM secret

-- HR-153
WITH a AS (SELECT 1), b AS (WITH secret AS (SELECT 2 AS x) SELECT * FROM secret) SELECT * FROM secret

-- HR-153
SELECT * FROM (WITH secret AS (SELECT 1 AS x) FROM secret), secret

-- HR-153
WITH secret AS (SELECT 1 AS x) SELECT * FROM main.secret

-- HR-153
WITH a AS (SELECT * FROM secret), secret AS (SELECT 1 AS x) SELECT * FROM a

-- HR-153
SELECT * FROM '{csv}'

-- HR-153
SELECT * FROM "{csv}"

-- HR-153
FROM '{folder}/pe*.csv'

-- HR-153
SELECT * FROM orders, '{csv}'

-- HR-153
SELECT * FROM sqlite_master

-- HR-153
SELECT * FROM duckdb_tables

-- HR-903
SELECT * FROM range(5) WHERE leak() > 0

-- HR-153
SELECT * FROM main.sqlite_master

-- HR-153
SELECT * FROM pragma_database_list

-- HR-904
SELECT * FROM information_schema.tables

-- HR-904
SELECT * FROM pg_catalog.pg_class

-- HR-904
SELECT * FROM other.hidden

-- HR-904
SELECT * FROM other.orders

-- HR-904
SELECT * FROM temp.temporary

-- HR-902
SELECT * FROM memory.main.secret

-- HR-902
SELECT * FROM system.information_schema.tables

-- HR-902
SELECT * FROM memory.main.orders

-- HR-902 not DuckDB's
SELECT * FROM a.b.c.d

-- HR-905
SELECT * FROM read_csv('{csv}')

-- HR-905
SELECT * FROM "read_csv"('{csv}')

-- HR-905
SELECT * FROM READ_TEXT('{csv}')

-- HR-905
SELECT * FROM read_blob('{csv}')

-- HR-905
SELECT * FROM read_csv_auto('{csv}')

-- HR-905
SELECT * FROM main.read_csv('{csv}')

-- HR-902
SELECT * FROM system.main.read_csv('{csv}')

-- HR-905
SELECT * FROM orders, LATERAL read_csv('{csv}')

-- HR-905
SELECT * FROM sniff_csv('{csv}')

-- HR-905
SELECT * FROM glob('{folder}/*')

-- HR-905
SELECT * FROM query('FROM secret')

-- HR-905
SELECT * FROM query_table('secret')

-- HR-905
SELECT * FROM query_table(['secret'])

-- HR-905
SELECT * FROM query('SELECT * FROM read_text(''{csv}'')')

-- HR-905
SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM secret'))

-- HR-905
SELECT * FROM histogram_values(secret, x)

-- HR-905
FROM histogram(secret, x)

-- HR-905
SELECT * FROM leak_table()

-- HR-905
SELECT * FROM duckdb_tables()

-- HR-905
SELECT * FROM duckdb_settings()

-- HR-905
SELECT * FROM duckdb_secrets()

-- HR-905
SELECT * FROM duckdb_variables()

-- HR-905
SELECT * FROM pragma_table_info('secret')

-- HR-905
SELECT * FROM pragma_storage_info('secret')

-- HR-905
SELECT * FROM pragma_show('secret')

-- HR-905
SELECT * FROM checkpoint()

-- HR-905
SELECT * FROM enable_logging()

-- HR-905 not DuckDB's
SELECT * FROM seq_scan('secret')

-- HR-905
SELECT * FROM test_all_types()

-- HR-905
SELECT * FROM repeat(42, 3)

-- HR-905
SELECT * FROM json_each('[1]')

-- HR-905
SELECT * FROM which_secret('x', 'http')

-- HR-905 not DuckDB's
SELECT * FROM pandas_scan(1)

-- HR-905 not DuckDB's
SELECT * FROM IDENTIFIER('secret')

-- HR-905 not DuckDB's
SELECT * FROM TABLE(read_csv('{csv}'))

-- HR-903 not DuckDB's
SELECT getenv('HOME')

-- HR-903
SELECT current_setting('memory_limit')

-- HR-903
SELECT getvariable('hidden')

-- HR-903
SELECT nextval('counter')

-- HR-903
SELECT nextval('counter'), currval('counter')

-- HR-903
SELECT leak()

-- HR-903
SELECT main.leak()

-- HR-903
SELECT "leak"()

-- HR-903
SELECT current_query()

-- HR-903
SELECT current_database(), current_schemas(true)

-- HR-903
SELECT current_schema()

-- HR-903
SELECT in_search_path('memory', 'main')

-- HR-903
SELECT txid_current()

-- HR-903
SELECT version()

-- HR-903
SELECT json_serialize_sql('SELECT * FROM secret')

-- HR-903
SELECT json_serialize_plan('SELECT * FROM secret')

-- HR-903
SELECT json_deserialize_sql(json_serialize_sql('SELECT 1'))

-- HR-903
SELECT write_log('mine')

-- HR-903
SELECT setseed(0.5)

-- HR-903
SELECT sleep_ms(1)

-- HR-903
SELECT pg_sleep(0.001)

-- HR-903
SELECT stats(id) FROM orders

-- HR-903
SELECT error('x') FROM orders WHERE false

-- HR-903
SELECT pg_get_viewdef(1)

-- HR-903
SELECT get_block_size('memory')

-- HR-903
SELECT has_table_privilege('secret', 'select')

-- HR-903
SELECT format_type(1, 1)

-- HR-903
SELECT parse_duckdb_log_message('QueryLog', 'x')

-- HR-903
SELECT ('memory_limit').current_setting()

-- HR-903
SELECT system.main.current_setting('memory_limit')

-- HR-903 not DuckDB's
SELECT list_transform(['memory_limit'], lambda s: current_setting(s))

-- HR-903 not DuckDB's
SELECT [current_setting(s) FOR s IN ['memory_limit']]

-- HR-903
SELECT id FROM orders ORDER BY nextval('counter')

-- HR-903
SELECT count(*) OVER (PARTITION BY nextval('counter')) FROM orders

-- HR-903
SELECT id FROM orders WHERE leak() > 1

-- HR-903 not DuckDB's
SELECT * FROM range(leak())

-- HR-903 not DuckDB's
SELECT * FROM unnest([leak()])

-- HR-903
VALUES (leak())

-- HR-903
SELECT max(id) FILTER (WHERE leak() > 0) FROM orders

-- HR-903 not DuckDB's
SELECT COLUMNS(c -> c LIKE current_setting('schema') || '%') FROM orders

-- HR-903
SELECT current_user

-- HR-903
SELECT "current_user"

-- HR-903
SELECT session_user

-- HR-903
SELECT current_schema

-- HR-903
SELECT current_catalog

-- HR-903
SELECT user FROM orders

-- HR-903
SELECT "current_timestamp"

-- HR-903
SELECT ordered_at.age() FROM orders

-- HR-902
SELECT * FROM (DESCRIBE secret)

-- HR-902
SELECT * FROM (SUMMARIZE secret)

-- HR-902
SELECT * FROM (SUMMARIZE orders)

-- HR-153
SELECT * FROM (SHOW TABLES)

-- HR-153
SELECT * FROM (SHOW secret)

-- HR-151
SELECT * FROM (SHOW ALL TABLES)

-- HR-902
PIVOT orders ON status USING count(*)

-- HR-902
SELECT * FROM (PIVOT orders ON status USING count(*))

-- HR-902
SELECT * FROM orders PIVOT (count(*) FOR status IN mood)

-- HR-902
PIVOT orders ON status IN (SELECT status FROM orders) USING count(*)

-- HR-902
SELECT 'paid'::mood

-- HR-902
SELECT CAST('paid' AS main.mood)

-- HR-902 not DuckDB's
SELECT 'x'::"INT); DROP TABLE orders; --"

-- HR-902 not DuckDB's
SELECT * FROM orders AT (VERSION => 1)

-- HR-902 not DuckDB's
SELECT id INTO mine FROM orders

-- HR-902 not DuckDB's
SELECT id FROM orders FOR UPDATE

-- HR-902 not DuckDB's
WITH a AS (INSERT INTO orders (id) VALUES (1) RETURNING id) FROM a

-- HR-902 not DuckDB's
WITH a AS (DELETE FROM orders RETURNING id) FROM a

-- HR-902
SELECT E'a\'b'

-- HR-902 not DuckDB's
SELECT id FROM orders CONNECT BY id = 1

-- HR-902 not DuckDB's
SELECT id OPERATOR(pg_catalog.+) 1 FROM orders

-- HR-155
SELECT $1

-- HR-155
SELECT ?

-- HR-155
SELECT $missing

-- HR-902 not DuckDB's
SELECT * FROM $relation

-- HR-902 not DuckDB's
SELECT * FROM orders AS $relation

-- HR-902 not DuckDB's
SELECT orders.$relation FROM orders
