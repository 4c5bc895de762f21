/* ---
description: business_databases without who is meant. Nothing else reads business_databases.
--- */
SELECT id, at, pseudonym(subject) AS subject, category, amount
FROM business_databases
