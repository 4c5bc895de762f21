/* ---
description: A route's month, over every flight that has come to its end.
owner: performance
--- */
SELECT
    CAST(date_trunc('month', sched_dep_local) AS DATE) AS month,
    origin,
    dest,
    count(*) AS flights,
    count(*) FILTER (WHERE kind = 'arrived') AS arrived,
    count(*) FILTER (WHERE kind = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE kind = 'diverted') AS diverted,
    count(*) FILTER (WHERE arr_delay < 15) AS on_time,
    CAST(coalesce(sum(arr_delay), 0) AS BIGINT) AS arr_delay_minutes,
    avg(arr_delay) AS mean_arr_delay
FROM flights_events
WHERE kind IN ('arrived', 'cancelled', 'diverted')
GROUP BY ALL
