/* ---
description: The ten routes with the longest mean arrival delay, among those with a hundred arrivals.
owner: performance
--- */
WITH routes AS (
    SELECT
        origin,
        dest,
        CAST(sum(flights) AS BIGINT) AS flights,
        CAST(sum(arrived) AS BIGINT) AS arrived,
        CAST(sum(cancelled) AS BIGINT) AS cancelled,
        CAST(sum(arr_delay_minutes) AS BIGINT) AS arr_delay_minutes
    FROM delay_by_carrier_route
    GROUP BY origin, dest
    HAVING sum(arrived) >= 100
)
SELECT
    r.origin,
    r.dest,
    coalesce(a.name, r.dest) AS destination,   -- four destinations are not in airports
    r.flights,
    r.arrived,
    r.cancelled,
    r.arr_delay_minutes / r.arrived AS mean_arr_delay
FROM routes AS r
LEFT JOIN airports AS a ON a.faa = r.dest
ORDER BY mean_arr_delay DESC, r.origin, r.dest
LIMIT 10
