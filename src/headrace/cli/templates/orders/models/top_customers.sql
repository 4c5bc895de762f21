/* ---
description: The ten customers who spent most.
--- */
SELECT customer, count(*) AS orders, sum(quantity * cents) AS spent_cents
FROM orders
GROUP BY customer
ORDER BY spent_cents DESC, customer
LIMIT 10
