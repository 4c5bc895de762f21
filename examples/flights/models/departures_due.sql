/* ---
description: Departures planned for the next three hours. One that has left early stands here until its planned time.
owner: flight operations
--- */
SELECT flight_id, sched_dep, sched_dep_local, carrier, flight, tailnum, origin, dest
FROM flights_events
WHERE kind = 'scheduled' AND sched_dep > now() AND sched_dep <= now() + INTERVAL 3 HOUR
