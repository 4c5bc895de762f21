/* Bids of each bidder in each 10 seconds: of event time. The original counts by the clock of the machine, so that no two runs agree. */
SELECT bidder, count(*) AS bid_count, window_start, window_end
FROM TUMBLE(bid, date_time, INTERVAL 10 SECOND)
GROUP BY bidder, window_start, window_end
