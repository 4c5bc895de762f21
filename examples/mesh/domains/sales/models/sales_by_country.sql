/* ---
description: Orders and what they come to, by day and by the country that the customer lives in now.
owner: sales
--- */
SELECT CAST(o.ordered_at AS DATE) AS day, coalesce(c.country, 'unknown') AS country, count(*) AS orders, sum(o.amount) AS amount
FROM orders_placed AS o
LEFT JOIN customer_directory AS c ON c.customer = o.customer
GROUP BY ALL
