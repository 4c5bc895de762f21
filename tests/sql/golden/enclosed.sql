SELECT e.id FROM ref AS r LEFT JOIN (ev AS e JOIN ref AS f ON e.k = f.k) ON r.k = e.k WHERE f.name > 'a';
SELECT "_joined_1"."e.id" AS "id" FROM "ref" AS "r" LEFT JOIN (SELECT "e"."id" AS "e.id", "e"."k" AS "e.k", "f"."name" AS "f.name" FROM "ev" AS "e" JOIN "ref" AS "f" ON "e"."k" = "f"."k") AS "_joined_1" ON "r"."k" = "_joined_1"."e.k" WHERE "_joined_1"."f.name" > 'a';

SELECT r.k FROM ref AS r CROSS JOIN (ev AS e CROSS JOIN ref AS f);
SELECT "r"."k" AS "k" FROM "ref" AS "r" CROSS JOIN (SELECT 1 AS "_" FROM "ev" AS "e" CROSS JOIN "ref" AS "f") AS "_joined_1";
