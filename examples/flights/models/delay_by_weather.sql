/* ---
description: How late flights leave in each kind of weather.
owner: performance
--- */
SELECT
    condition,
    count(*) AS departures,
    count(*) FILTER (WHERE dep_delay >= 15) AS late_departures,
    CAST(sum(dep_delay) AS BIGINT) AS dep_delay_minutes,
    avg(dep_delay) AS mean_dep_delay,
    max(dep_delay) AS max_dep_delay
FROM flights_with_weather
GROUP BY condition
