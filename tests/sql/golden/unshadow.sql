SELECT k FROM ref WHERE EXISTS(SELECT 1 FROM ev AS ref WHERE ref.k = 'a');
SELECT "ref"."k" AS "k" FROM "ref" AS "ref" WHERE EXISTS(SELECT 1 AS "1" FROM "ev" AS "ref_2" WHERE "ref_2"."k" = 'a');

SELECT r.k FROM ref AS r WHERE r.k IN (SELECT r.k FROM ev AS r WHERE EXISTS(SELECT 1 FROM ref AS r WHERE r.name = 'b'));
SELECT "r"."k" AS "k" FROM "ref" AS "r" WHERE "r"."k" IN (SELECT "r_3"."k" AS "k" FROM "ev" AS "r_3" WHERE EXISTS(SELECT 1 AS "1" FROM "ref" AS "r_2" WHERE "r_2"."name" = 'b'));

SELECT t.k FROM (SELECT t.k FROM ref AS t) AS t;
SELECT "t"."k" AS "k" FROM (SELECT "t"."k" AS "k" FROM "ref" AS "t") AS "t";

SELECT e.k, (SELECT max(f.x) FROM ev AS f WHERE f.k = e.k) AS top FROM ev AS e;
SELECT "e"."k" AS "k", (SELECT MAX("f"."x") AS "_col_0" FROM "ev" AS "f" WHERE "f"."k" = "e"."k") AS "top" FROM "ev" AS "e";
