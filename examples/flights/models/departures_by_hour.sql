/* ---
description: What left an airport in an hour (UTC), how late it left, and what was cancelled.
owner: flight operations
--- */
SELECT
    date_trunc('hour', event_time) AS hour,
    origin,
    count(*) FILTER (WHERE kind = 'departed') AS departures,
    count(*) FILTER (WHERE kind = 'cancelled') AS cancellations,
    CAST(coalesce(sum(dep_delay), 0) AS BIGINT) AS dep_delay_minutes,
    avg(dep_delay) AS mean_dep_delay,
    max(dep_delay) AS max_dep_delay
FROM flights_events
WHERE kind IN ('departed', 'cancelled')
GROUP BY ALL
