SELECT t.k, sum(t.x) OVER (PARTITION BY t.k, (t.k), k, t.ts ORDER BY t.ts, t.ts) AS s FROM ev AS t;
SELECT "t"."k" AS "k", SUM("t"."x") OVER (PARTITION BY "t"."k", "t"."ts" ORDER BY "t"."ts", "t"."ts") AS "s" FROM "ev" AS "t"

SELECT count(*) OVER (PARTITION BY t.k, t.ts) AS n FROM ev AS t;
SELECT COUNT(*) OVER (PARTITION BY "t"."k", "t"."ts") AS "n" FROM "ev" AS "t"
