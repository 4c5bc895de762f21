/* ---
description: Orders and revenue by hour and product.
--- */
SELECT
  date_trunc('hour', at) AS hour,
  product,
  count(*) AS orders,
  sum(quantity) AS items,
  sum(quantity * cents) AS revenue_cents
FROM orders
GROUP BY 1, 2
