WITH arrived AS (
  SELECT id, name, window.start AS window_start, window.end AS window_end
  FROM person
  GROUP BY id, name, window(date_time, '10 seconds')
),
selling AS (
  SELECT seller, window.start AS window_start, window.end AS window_end
  FROM auction
  GROUP BY seller, window(date_time, '10 seconds')
)
SELECT a.id, a.name, a.window_start
FROM arrived AS a
JOIN selling AS s ON a.id = s.seller AND a.window_start = s.window_start AND a.window_end = s.window_end
