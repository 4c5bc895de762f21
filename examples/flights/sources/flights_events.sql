-- Each flight as its events: scheduled, then departed or cancelled, then arrived or diverted. All times are UTC, but for
-- sched_dep_local. An event carries what is known when it happens; what is not known yet is NULL.
-- README.md gives the reason and the evidence for every decision about time.
WITH zones AS (
    SELECT faa, tzone FROM airports
    UNION ALL
    -- Destinations that airports.csv does not have. None of them has summer time.
    VALUES
        ('BQN', 'America/Puerto_Rico'),
        ('PSE', 'America/Puerto_Rico'),
        ('SJU', 'America/Puerto_Rico'),
        ('STT', 'America/St_Thomas')
),
departing AS (
    SELECT
        f.carrier,
        f.flight,
        f.tailnum,
        f.origin,
        f.dest,
        f.distance,
        f.dep_delay,
        f.arr_delay,
        f.air_time,
        z.tzone,
        make_timestamp(f.year, f.month, f.day, f.hour, f.minute, 0) AS sched_dep_local,
        (sched_dep_local AT TIME ZONE 'America/New_York') AS sched_dep,
        -- Clock times are hours and minutes in one number, 24:00 included: here minutes since midnight.
        to_minutes(f.sched_arr_time // 100 * 60 + f.sched_arr_time % 100) AS sched_arr_clock,
        to_minutes(f.arr_time // 100 * 60 + f.arr_time % 100) AS arr_clock
    FROM flights AS f
    JOIN zones AS z ON z.faa = f.dest
),
arriving AS (
    SELECT
        *,
        -- A delay is minutes of real time, so it is added to an instant and not to a clock.
        sched_dep + to_minutes(dep_delay) AS departed,
        -- The first time after leaving that the destination's clock shows the arrival time: that day there, or the next.
        date_trunc('day', sched_dep AT TIME ZONE tzone) + sched_arr_clock AS that_day,
        that_day AT TIME ZONE tzone AS arr_that_day,
        CASE
            WHEN arr_that_day > sched_dep THEN arr_that_day
            ELSE (that_day + INTERVAL 1 DAY) AT TIME ZONE tzone
        END AS planned,
        -- A diverted flight has no arrival delay; it has a clock time if it reached its destination after all.
        CASE
            WHEN arr_delay IS NULL THEN date_trunc('day', departed AT TIME ZONE tzone) + arr_clock
        END AS diverted_that_day,
        CASE
            WHEN arr_delay IS NOT NULL THEN planned + to_minutes(arr_delay)
            WHEN diverted_that_day AT TIME ZONE tzone > departed THEN diverted_that_day AT TIME ZONE tzone
            ELSE (diverted_that_day + INTERVAL 1 DAY) AT TIME ZONE tzone
        END AS arrived
    FROM departing
),
flown AS MATERIALIZED (
    SELECT
        concat(carrier, flight, '-', origin, '-', strftime(sched_dep_local, '%Y-%m-%d')) AS flight_id,
        * EXCLUDE (sched_dep),
        sched_dep AT TIME ZONE 'UTC' AS sched_dep,
        planned AT TIME ZONE 'UTC' AS sched_arr,
        departed AT TIME ZONE 'UTC' AS departed_at,
        arrived AT TIME ZONE 'UTC' AS arrived_at
    FROM arriving
),
events AS (
    SELECT 'scheduled' AS kind, sched_dep - INTERVAL 24 HOUR AS event_time, * FROM flown
    UNION ALL
    SELECT 'cancelled', sched_dep, * FROM flown WHERE departed_at IS NULL
    UNION ALL
    SELECT 'departed', departed_at, * FROM flown WHERE departed_at IS NOT NULL
    UNION ALL
    SELECT 'arrived', arrived_at, * FROM flown WHERE arr_delay IS NOT NULL
    UNION ALL
    SELECT 'diverted', coalesce(arrived_at, departed_at + (sched_arr - sched_dep)), * FROM flown
    WHERE departed_at IS NOT NULL AND arr_delay IS NULL
)
SELECT
    flight_id,
    kind,
    event_time,
    carrier,
    flight,
    tailnum,
    origin,
    dest,
    distance,
    sched_dep_local,
    sched_dep,
    sched_arr,
    CASE WHEN kind IN ('departed', 'arrived', 'diverted') THEN departed_at END AS departed_at,
    CASE WHEN kind IN ('departed', 'arrived', 'diverted') THEN dep_delay END AS dep_delay,
    CASE WHEN kind IN ('arrived', 'diverted') THEN arrived_at END AS arrived_at,
    CASE WHEN kind = 'arrived' THEN arr_delay END AS arr_delay,
    CASE WHEN kind = 'arrived' THEN air_time END AS air_time
FROM events
