/* ---
description: "An airline's month by the rule of the US Department of Transportation: on time is less than 15 minutes late at the gate, out of all flights, cancelled and diverted ones too."
owner: performance
--- */
WITH months AS (
    SELECT
        CAST(date_trunc('month', sched_dep_local) AS DATE) AS month,
        carrier,
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
)
SELECT
    m.month,
    m.carrier,
    a.name AS airline,
    m.flights,
    m.arrived,
    m.cancelled,
    m.diverted,
    m.on_time,
    m.on_time / m.flights AS on_time_share,
    m.arr_delay_minutes,
    m.mean_arr_delay
FROM months AS m
JOIN airlines AS a ON a.carrier = m.carrier
