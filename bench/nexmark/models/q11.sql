/* User sessions: the bids of each bidder between pauses of 10 seconds. */
SELECT bidder, count(*) AS bid_count, window_start, window_end
FROM SESSION(bid, date_time, INTERVAL 10 SECOND, bidder)
GROUP BY bidder, window_start, window_end
