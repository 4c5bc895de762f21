SELECT * FROM ev WHERE x > 1;
SELECT "ev"."id" AS "id", "ev"."ts" AS "ts", "ev"."k" AS "k", "ev"."x" AS "x", "ev"."d" AS "d" FROM "ev" AS "ev" WHERE "ev"."x" > 1;

SELECT id, x + 1 AS y, y * 2 AS z FROM ev;
SELECT "ev"."id" AS "id", "ev"."x" + 1 AS "y", ("ev"."x" + 1) * 2 AS "z" FROM "ev" AS "ev";

FROM ev SELECT k;
SELECT "ev"."k" AS "k" FROM "ev" AS "ev";

SELECT e.id, r.name FROM ev AS e JOIN ref AS r USING (k);
SELECT "e"."id" AS "id", "r"."name" AS "name" FROM "ev" AS "e" JOIN "ref" AS "r" ON "e"."k" = "r"."k";

WITH a AS (SELECT k FROM ev) SELECT * FROM a;
WITH "a" AS (SELECT "ev"."k" AS "k" FROM "ev" AS "ev") SELECT "a"."k" AS "k" FROM "a" AS "a";

SELECT k, count(*) FROM ev GROUP BY 1 ORDER BY 2 DESC;
SELECT "ev"."k" AS "k", COUNT(*) AS "_col_1" FROM "ev" AS "ev" GROUP BY "ev"."k" ORDER BY "_col_1" DESC;

SELECT EV.K FROM EV;
SELECT "ev"."k" AS "k" FROM "ev" AS "ev";

SELECT e.id FROM ev AS e FULL JOIN ref AS r USING (k) QUALIFY row_number() OVER (PARTITION BY k ORDER BY e.id) = 1;
SELECT "e"."id" AS "id" FROM "ev" AS "e" FULL JOIN "ref" AS "r" ON "e"."k" = "r"."k" QUALIFY ROW_NUMBER() OVER (PARTITION BY COALESCE("e"."k", "r"."k") ORDER BY "e"."id") = 1;

SELECT a.id FROM ev AS a JOIN ref AS r USING (k) JOIN ev AS b ON k = b.k JOIN ref AS c USING (k);
SELECT "a"."id" AS "id" FROM "ev" AS "a" JOIN "ref" AS "r" ON "a"."k" = "r"."k" JOIN "ev" AS "b" ON COALESCE("a"."k", "r"."k") = "b"."k" JOIN "ref" AS "c" ON "a"."k" = "c"."k";
