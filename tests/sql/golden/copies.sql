SELECT k, row_number() OVER (ORDER BY x) AS a, row_number() OVER (ORDER BY d) AS b FROM ev WHERE id > 1;
SELECT "__rows"."ev.k" AS "k", ROW_NUMBER() OVER (ORDER BY "__rows"."ev.x", "__rows"."__copy") AS "a", ROW_NUMBER() OVER (ORDER BY "__rows"."ev.d", "__rows"."__copy") AS "b" FROM (SELECT "ev"."k" AS "ev.k", "ev"."x" AS "ev.x", "ev"."d" AS "ev.d", ROW_NUMBER() OVER (PARTITION BY "ev"."k", "ev"."x", "ev"."d") AS "__copy" FROM "ev" AS "ev" WHERE "ev"."id" > 1) AS "__rows";

SELECT row_number() OVER (ORDER BY x) AS a, sum(x) OVER (ORDER BY d) AS b FROM ev;
SELECT ROW_NUMBER() OVER (ORDER BY "ev"."x") AS "a", SUM("ev"."x") OVER (ORDER BY "ev"."d") AS "b" FROM "ev" AS "ev";
