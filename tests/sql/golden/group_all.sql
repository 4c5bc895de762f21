SELECT k, count(*) AS n FROM ev GROUP BY ALL;
SELECT "ev"."k" AS "k", COUNT(*) AS "n" FROM "ev" AS "ev" GROUP BY "ev"."k";

SELECT count(*) AS n FROM ev GROUP BY ALL;
SELECT COUNT(*) AS "n" FROM "ev" AS "ev";

SELECT date_trunc('hour', ts) AS h, k, sum(x) AS s FROM ev GROUP BY ALL;
SELECT DATE_TRUNC('HOUR', "ev"."ts") AS "h", "ev"."k" AS "k", SUM("ev"."x") AS "s" FROM "ev" AS "ev" GROUP BY DATE_TRUNC('HOUR', "ev"."ts"), "ev"."k";

SELECT k FROM ev GROUP BY k;
SELECT "ev"."k" AS "k" FROM "ev" AS "ev" GROUP BY "ev"."k";
