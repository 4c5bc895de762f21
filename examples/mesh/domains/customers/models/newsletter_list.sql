/* ---
description: To whom the newsletter goes. It stays within the domain.
owner: customer care
--- */
SELECT email, full_name
FROM customers
WHERE newsletter
