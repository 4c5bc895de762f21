/* ---
description: A day's flights from an airport, by the day they were planned to leave, New York time.
owner: flight operations
--- */
SELECT
    CAST(sched_dep_local AS DATE) AS day,
    origin,
    count(*) FILTER (WHERE kind = 'scheduled') AS scheduled,
    count(*) FILTER (WHERE kind = 'departed') AS departed,
    count(*) FILTER (WHERE kind = 'arrived') AS arrived,
    count(*) FILTER (WHERE kind = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE kind = 'diverted') AS diverted,
    count(*) FILTER (WHERE arr_delay < 15) AS on_time,
    CAST(coalesce(sum(dep_delay) FILTER (WHERE kind = 'departed'), 0) AS BIGINT) AS dep_delay_minutes,
    CAST(coalesce(sum(arr_delay), 0) AS BIGINT) AS arr_delay_minutes
FROM flights_events
GROUP BY ALL
