/* ---
description: "Cancelled flights of a month, by the weather at their airport in the hour they were planned to leave. The data gives no cause: that the weather was one is inferred."
owner: performance
--- */
SELECT
    CAST(date_trunc('month', e.sched_dep_local) AS DATE) AS month,
    coalesce(w.condition, 'not observed') AS condition,
    count(*) AS cancelled
FROM flights_events AS e
LEFT JOIN weather_by_hour AS w ON w.origin = e.origin AND w.time_hour = date_trunc('hour', e.sched_dep)
WHERE e.kind = 'cancelled'
GROUP BY ALL
