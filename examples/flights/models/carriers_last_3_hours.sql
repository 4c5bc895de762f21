/* ---
description: What each airline did in the three hours up to now.
owner: flight operations
--- */
SELECT
    e.carrier,
    a.name AS airline,
    count(*) FILTER (WHERE e.kind = 'departed') AS departures,
    count(*) FILTER (WHERE e.kind = 'arrived') AS arrivals,
    count(*) FILTER (WHERE e.kind = 'cancelled') AS cancellations,
    CAST(coalesce(sum(e.dep_delay) FILTER (WHERE e.kind = 'departed'), 0) AS BIGINT) AS dep_delay_minutes,
    avg(e.dep_delay) FILTER (WHERE e.kind = 'departed') AS mean_dep_delay,
    avg(e.arr_delay) AS mean_arr_delay
FROM flights_events AS e
JOIN airlines AS a ON a.carrier = e.carrier
WHERE e.event_time > now() - INTERVAL 3 HOUR AND e.kind <> 'scheduled'
GROUP BY e.carrier, a.name
