/* Bounded side input join: each bid with a value from a small table. The original looks it up as of the moment the bid is processed;
   this is a join, so a change of the table would change what it gave before. */
SELECT b.auction, b.bidder, b.price, b.date_time, s.value
FROM bid AS b
JOIN side_input AS s ON b.auction % 10000 = s.key
