/* ---
description: Departure delay by weekday and planned hour of departure, New York time.
owner: performance
--- */
SELECT
    isodow(sched_dep_local) AS weekday,
    dayname(sched_dep_local) AS weekday_name,
    hour(sched_dep_local) AS hour_of_day,
    count(*) AS departures,
    CAST(sum(dep_delay) AS BIGINT) AS dep_delay_minutes,
    avg(dep_delay) AS mean_dep_delay
FROM flights_events
WHERE kind = 'departed'
GROUP BY ALL
