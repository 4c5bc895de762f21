/* ---
description: Categories with an amount of 15 or more in the last quarter of an hour.
--- */
SELECT category, count(*) AS records, max(amount) AS highest
FROM application_events
WHERE at > now() - INTERVAL 15 MINUTE
GROUP BY category
HAVING max(amount) >= 15
