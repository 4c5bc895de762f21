/* ---
description: Flights from each airport that have left and not come to an end yet. A diverted flight ends when it reaches its destination.
owner: flight operations
--- */
SELECT
    origin,
    count(*) FILTER (WHERE kind = 'departed') AS departed,
    count(*) FILTER (WHERE kind IN ('arrived', 'diverted')) AS ended,
    departed - ended AS in_air
FROM flights_events
WHERE kind IN ('departed', 'arrived', 'diverted')
GROUP BY origin
