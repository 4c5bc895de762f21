/* ---
description: Records and amounts by day and category.
--- */
SELECT date_trunc('day', at) AS day, category, count(*) AS records, sum(amount) AS amount
FROM business_databases_pseudonymised
GROUP BY ALL
