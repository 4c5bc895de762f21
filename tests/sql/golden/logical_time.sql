SELECT * FROM ev WHERE ts > now() - INTERVAL 3 HOUR;
SELECT * FROM ev WHERE ts > $now - INTERVAL '3' HOUR;

SELECT current_date AS d, current_timestamp AS t FROM ev;
SELECT CAST($now AS DATE) AS d, $now AS t FROM ev;

SELECT * FROM ev WHERE ts::DATE = today();
SELECT * FROM ev WHERE CAST(ts AS DATE) = CAST($now AS DATE);

SELECT localtimestamp AS l, current_time AS t;
SELECT CAST($now AS TIMESTAMP) AS l, CAST(CAST($now AS TIMESTAMP) AS TIME) AS t;

SELECT get_current_timestamp() AS g;
SELECT $now AS g;
