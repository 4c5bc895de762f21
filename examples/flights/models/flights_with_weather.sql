/* ---
description: A flight that left, with the weather at its airport in the hour it was planned to leave. Flights of hours without an observation are not here.
owner: performance
--- */
SELECT
    e.flight_id,
    e.carrier,
    e.origin,
    e.dest,
    e.sched_dep,
    e.departed_at,
    e.dep_delay,
    w.condition,
    w.temp_f,
    w.wind_mph,
    w.gust_mph,
    w.precip_in,
    w.visibility_mi
FROM flights_events AS e
JOIN weather_by_hour AS w ON w.origin = e.origin AND w.time_hour = date_trunc('hour', e.sched_dep)
WHERE e.kind = 'departed'
