/* ---
description: Each customer under a reference that does not tell who it is.
owner: customer care
--- */
SELECT sha256(email) AS customer, country, newsletter
FROM customers
