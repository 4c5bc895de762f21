/* ---
description: How long deliveries take, by carrier and by the article.
owner: logistics
--- */
SELECT d.carrier, o.article, count(*) AS deliveries, avg(epoch(d.delivered_at) - epoch(o.ordered_at)) / 3600 AS hours
FROM deliveries AS d
JOIN orders_placed AS o ON o.order_id = d.order_id
GROUP BY d.carrier, o.article
