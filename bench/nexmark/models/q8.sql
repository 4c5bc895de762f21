/* Monitor new users: people who opened an auction in the 10 seconds in which they came. */
WITH arrived AS (
  SELECT id, name, window_start, window_end
  FROM TUMBLE(person, date_time, INTERVAL 10 SECOND)
  GROUP BY id, name, window_start, window_end
),
selling AS (
  SELECT seller, window_start, window_end
  FROM TUMBLE(auction, date_time, INTERVAL 10 SECOND)
  GROUP BY seller, window_start, window_end
)
SELECT a.id, a.name, a.window_start
FROM arrived AS a
JOIN selling AS s ON a.id = s.seller AND a.window_start = s.window_start AND a.window_end = s.window_end
