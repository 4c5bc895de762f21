/* ---
description: Deliveries by carrier and hour. An hour is final once the watermark has passed it; late reports are counted in by the next reconcile.
owner: logistics
--- */
SELECT time_bucket(INTERVAL 1 HOUR, delivered_at) AS hour, carrier, count(*) AS deliveries
FROM deliveries
GROUP BY ALL
