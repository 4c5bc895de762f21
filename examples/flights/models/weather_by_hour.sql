/* ---
description: An hour's weather at an airport, in the units it was recorded in, and the one word that sums it up for a flight.
owner: flight operations
--- */
SELECT
    origin,
    time_hour,
    temp AS temp_f,
    CASE WHEN wind_speed < 200 THEN wind_speed END AS wind_mph,   -- 1,048 mph at EWR on 12 February is the sensor's
    wind_gust AS gust_mph,
    precip AS precip_in,
    visib AS visibility_mi,
    CASE
        WHEN temp <= 35 AND precip > 0 THEN 'snow or ice'
        WHEN visib < 3 THEN 'low visibility'
        WHEN precip >= 0.1 THEN 'heavy rain'
        WHEN wind_gust >= 35 OR (wind_speed >= 35 AND wind_speed < 200) THEN 'strong wind'
        WHEN precip > 0 THEN 'light rain'
        ELSE 'fair'
    END AS condition
FROM weather
