WITH arrived AS (
  SELECT id, name, window_start, window_end
  FROM TABLE(TUMBLE(TABLE person, DESCRIPTOR(date_time), INTERVAL '10' SECOND))
  GROUP BY id, name, window_start, window_end
),
selling AS (
  SELECT seller, window_start, window_end
  FROM TABLE(TUMBLE(TABLE auction, DESCRIPTOR(date_time), INTERVAL '10' SECOND))
  GROUP BY seller, window_start, window_end
)
SELECT a.id, a.name, a.window_start
FROM arrived AS a
JOIN selling AS s ON a.id = s.seller AND a.window_start = s.window_start AND a.window_end = s.window_end
