/* ---
description: Records and amounts by minute and category.
--- */
SELECT time_bucket(INTERVAL 1 MINUTE, at) AS minute, category, count(*) AS records, sum(amount) AS amount
FROM application_events
GROUP BY ALL
