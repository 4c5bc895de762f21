SELECT id FROM (ev JOIN ref USING (k));
SELECT id FROM ev JOIN ref USING (k);

SELECT id FROM ((ev JOIN ref USING (k)) LEFT JOIN ref AS r ON ev.k = r.k) CROSS JOIN ref AS z;
SELECT id FROM ev JOIN ref USING (k) LEFT JOIN ref AS r ON ev.k = r.k CROSS JOIN ref AS z;

SELECT id FROM ref AS r LEFT JOIN (ev AS e JOIN ref AS f USING (k)) ON r.k = e.k;
SELECT id FROM ref AS r, ev AS e JOIN ref AS f ON (e.k = f.k) AND (r.k = e.k);

SELECT x.id FROM (ev JOIN ref USING (k)) AS x;
SELECT x.id FROM (ev JOIN ref USING (k)) AS x;

SELECT k FROM ref AS r CROSS JOIN ((VALUES ('a', 1)) AS t(k, w) JOIN ev AS e ON t.w = e.x);
SELECT k FROM ref AS r CROSS JOIN (SELECT * FROM (VALUES ('a', 1)) AS t(k, w)) AS t JOIN ev AS e ON (t.w = e.x) AND (NULL);
