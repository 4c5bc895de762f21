/* ---
description: Everything by subject.
--- */
SELECT subject, count(*) AS records, sum(amount) AS amount, min(at) AS first_at, max(at) AS last_at
FROM business_databases_pseudonymised
GROUP BY subject
