-- year, month, day and hour are time_hour on New York's clock: left out, because one hour of 3 November has the same as another.
SELECT
    origin,
    CAST(time_hour AS TIMESTAMP) AS time_hour,
    temp,
    dewp,
    humid,
    wind_dir,
    wind_speed,
    wind_gust,
    precip,
    pressure,
    visib
FROM observations
