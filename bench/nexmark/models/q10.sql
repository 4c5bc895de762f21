/* Log to files: each bid with the day and minute it is filed under. The original writes a folder of files for each minute; that is left out. */
SELECT auction, bidder, price, date_time, extra, strftime(date_time, '%Y-%m-%d') AS dt, strftime(date_time, '%H:%M') AS hm
FROM bid
