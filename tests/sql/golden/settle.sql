SELECT any_value(x) AS a FROM ev;
SELECT MIN("ev"."x") AS "a" FROM "ev" AS "ev";

SELECT arg_max(k, ts) AS last FROM ev;
SELECT STRUCT_EXTRACT(MAX(CASE WHEN NOT "ev"."k" IS NULL AND NOT "ev"."ts" IS NULL THEN {'o': "ev"."ts", 'x': "ev"."k"} END), 'x') AS "last" FROM "ev" AS "ev";

SELECT string_agg(k, '-') AS ks, list(x) AS xs FROM ev;
SELECT STRING_AGG("ev"."k", '-' ORDER BY "ev"."k") AS "ks", ARRAY_AGG("ev"."x" ORDER BY "ev"."x") AS "xs" FROM "ev" AS "ev";

SELECT list(x ORDER BY ts DESC) AS xs FROM ev;
SELECT ARRAY_AGG("ev"."x" ORDER BY "ev"."ts" DESC, "ev"."x") AS "xs" FROM "ev" AS "ev";

SELECT list(DISTINCT x) AS xs FROM ev;
SELECT ARRAY_AGG(DISTINCT "ev"."x" ORDER BY "ev"."x") AS "xs" FROM "ev" AS "ev";

SELECT row_number() OVER (PARTITION BY k ORDER BY x) AS rn FROM ref JOIN ev USING (k);
SELECT ROW_NUMBER() OVER (PARTITION BY COALESCE("ref"."k", "ev"."k") ORDER BY "ev"."x", "ref"."k", "ev"."k", "ev"."x") AS "rn" FROM "ref" AS "ref" JOIN "ev" AS "ev" ON "ref"."k" = "ev"."k";

SELECT rank() OVER (ORDER BY x) AS r, sum(x) OVER (ORDER BY ts) AS s FROM ev;
SELECT RANK() OVER (ORDER BY "ev"."x") AS "r", SUM("ev"."x") OVER (ORDER BY "ev"."ts") AS "s" FROM "ev" AS "ev";

SELECT sum(x) OVER (ORDER BY ts ROWS 1 PRECEDING) AS s FROM ev;
SELECT SUM("ev"."x") OVER (ORDER BY "ev"."ts", "ev"."ts", "ev"."x" ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS "s" FROM "ev" AS "ev";

SELECT k, x FROM ev ORDER BY x DESC LIMIT 3;
SELECT "ev"."k" AS "k", "ev"."x" AS "x" FROM "ev" AS "ev" ORDER BY "x" DESC, 1, 2 LIMIT 3;

SELECT DISTINCT ON (k) k, x FROM ev ORDER BY k, ts;
SELECT DISTINCT ON ("k") "ev"."k" AS "k", "ev"."x" AS "x" FROM "ev" AS "ev" ORDER BY "k", "ev"."ts", "ev"."ts", "ev"."k", "ev"."x";

SELECT k, count(*) AS n, row_number() OVER (ORDER BY count(*) DESC) AS i FROM ev GROUP BY k;
SELECT "ev"."k" AS "k", COUNT(*) AS "n", ROW_NUMBER() OVER (ORDER BY COUNT(*) DESC, "ev"."k", COUNT(*)) AS "i" FROM "ev" AS "ev" GROUP BY "ev"."k";

SELECT k FROM ev UNION SELECT k FROM ref LIMIT 2;
SELECT "ev"."k" AS "k" FROM "ev" AS "ev" UNION SELECT "ref"."k" AS "k" FROM "ref" AS "ref" ORDER BY 1 LIMIT 2;

SELECT k, mode(x) AS m, string_agg('x', '-') AS xs FROM ev GROUP BY k;
SELECT "ev"."k" AS "k", MODE("ev"."x" ORDER BY "ev"."x") AS "m", STRING_AGG('x', '-') AS "xs" FROM "ev" AS "ev" GROUP BY "ev"."k";

SELECT k FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY ts) AS n FROM ev) AS t WHERE n = 1;
SELECT "t"."k" AS "k" FROM (SELECT "ev"."id" AS "id", "ev"."ts" AS "ts", "ev"."k" AS "k", "ev"."x" AS "x", "ev"."d" AS "d", ROW_NUMBER() OVER (PARTITION BY "ev"."k" ORDER BY "ev"."ts", "ev"."ts", "ev"."k") AS "n" FROM "ev" AS "ev") AS "t" WHERE "t"."n" = 1;

SELECT corr(d, x) AS c, regr_slope(x, d) FILTER (k = 'a') AS s FROM ev;
SELECT CORR("ev"."d", "ev"."x" ORDER BY "ev"."d", "ev"."x") AS "c", REGR_SLOPE("ev"."x", "ev"."d" ORDER BY "ev"."x", "ev"."d") FILTER(WHERE "ev"."k" = 'a') AS "s" FROM "ev" AS "ev";

SELECT stddev(x) AS s, var_pop(d) FILTER (k = 'a') AS v, sem(x) AS e, stddev(x) OVER (PARTITION BY k) AS w FROM ev GROUP BY x, d, k;
SELECT STDDEV("ev"."x" ORDER BY "ev"."x") AS "s", VAR_POP("ev"."d" ORDER BY "ev"."d") FILTER(WHERE "ev"."k" = 'a') AS "v", SEM("ev"."x" ORDER BY "ev"."x") AS "e", STDDEV("ev"."x") OVER (PARTITION BY "ev"."k") AS "w" FROM "ev" AS "ev" GROUP BY "ev"."x", "ev"."d", "ev"."k";

SELECT l.n, row_number() OVER () AS r FROM ev AS e, LATERAL (SELECT f.name AS n FROM ref AS f WHERE f.k = e.k) AS l;
SELECT "l"."n" AS "n", ROW_NUMBER() OVER (ORDER BY "l"."n") AS "r" FROM "ev" AS "e", LATERAL (SELECT "f"."name" AS "n" FROM "ref" AS "f" WHERE "f"."k" = "e"."k") AS "l";

SELECT range, row_number() OVER () AS r FROM ref AS e, range(3);
SELECT "_0"."range" AS "range", ROW_NUMBER() OVER (ORDER BY "_0"."range") AS "r" FROM "ref" AS "e", RANGE(0, 3) AS "_0";

SELECT string_agg(upper((SELECT f.name FROM ref AS f WHERE f.k = e.k ORDER BY f.name LIMIT 1)), '-') AS n FROM ev AS e;
SELECT STRING_AGG(UPPER((SELECT "f"."name" AS "name" FROM "ref" AS "f" WHERE "f"."k" = "e"."k" ORDER BY "f"."name", 1 LIMIT 1)), '-' ORDER BY UPPER((SELECT "f"."name" AS "name" FROM "ref" AS "f" WHERE "f"."k" = "e"."k" ORDER BY "f"."name", 1 LIMIT 1))) AS "n" FROM "ev" AS "e";
