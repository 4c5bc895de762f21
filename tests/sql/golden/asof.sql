SELECT e.id, r.name FROM ev AS e ASOF JOIN ref AS r ON e.k = r.k AND e.k >= r.name;
SELECT "e"."id" AS "id", "r"."name" AS "name" FROM "ev" AS "e" ASOF JOIN (SELECT "r"."k" AS "k", "r"."name" AS "name" FROM "ref" AS "r" WHERE NOT "r"."name" IS NULL QUALIFY ROW_NUMBER() OVER (PARTITION BY "r"."k", "r"."name" ORDER BY "r"."k", "r"."name") = 1) AS "r" ON CASE WHEN NOT "e"."k" IS NULL THEN "e"."k" END = "r"."k" AND "e"."k" >= "r"."name";

SELECT e.id FROM ev AS e JOIN ref AS r ON e.k = r.k;
SELECT "e"."id" AS "id" FROM "ev" AS "e" JOIN "ref" AS "r" ON "e"."k" = "r"."k";
