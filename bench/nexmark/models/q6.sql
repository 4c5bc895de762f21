/* Average selling price by seller, over the winning bids of this auction and the 10 before it. Refused by Flink: its windows take no updates. */
WITH ranked AS (
  SELECT a.id, a.seller, b.price, b.date_time, row_number() OVER (PARTITION BY a.id, a.seller ORDER BY b.price DESC) AS number
  FROM auction AS a
  JOIN bid AS b ON a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires
)
SELECT seller, avg(price) OVER (PARTITION BY seller ORDER BY date_time ROWS BETWEEN 10 PRECEDING AND CURRENT ROW) AS average
FROM ranked
WHERE number <= 1
