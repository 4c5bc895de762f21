/* Find last bid: the newest of each bidder on each auction. */
SELECT auction, bidder, price, channel, url, date_time, extra
FROM (
  SELECT *, row_number() OVER (PARTITION BY bidder, auction ORDER BY date_time DESC) AS number
  FROM bid
) AS ranked
WHERE number <= 1
