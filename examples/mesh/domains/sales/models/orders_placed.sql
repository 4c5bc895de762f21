/* ---
description: Each order, its customer under a reference.
owner: sales
--- */
SELECT id AS order_id, sha256(customer_email) AS customer, article, amount, ordered_at
FROM orders
