WITH counted AS (
  SELECT auction, count(*) AS num, window
  FROM bid
  GROUP BY auction, window(date_time, '10 seconds', '2 seconds')
),
most AS (
  SELECT max(num) AS num, window
  FROM counted
  GROUP BY window
)
SELECT c.auction, c.num
FROM counted AS c
JOIN most AS m ON c.window = m.window AND c.num >= m.num
