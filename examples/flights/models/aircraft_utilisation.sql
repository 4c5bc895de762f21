/* ---
description: What each aircraft has flown out of New York. Those that the register does not know have no maker and no seats.
owner: fleet
--- */
WITH flown AS (
    SELECT
        tailnum,
        count(*) AS flights,
        CAST(sum(date_diff('minute', departed_at, arrived_at)) AS BIGINT) AS block_minutes,
        CAST(sum(air_time) AS BIGINT) AS air_minutes,
        CAST(sum(distance) AS BIGINT) AS miles
    FROM flights_events
    WHERE kind = 'arrived'
    GROUP BY tailnum
)
SELECT
    f.tailnum,
    p.manufacturer,
    p.model,
    p.year AS built_year,
    p.seats,
    f.flights,
    f.block_minutes,
    f.air_minutes,
    f.miles,
    f.miles * p.seats AS seat_miles,
    f.air_minutes / f.block_minutes AS air_share
FROM flown AS f
LEFT JOIN planes AS p ON p.tailnum = f.tailnum
