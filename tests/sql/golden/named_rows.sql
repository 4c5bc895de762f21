SELECT x FROM ev WHERE (k, x) = (m, 1);
SELECT x FROM ev WHERE {'v0': k, 'v1': x} = {'v0': m, 'v1': 1};

SELECT x FROM ev WHERE (k, x) IN (('a', 1), ('b', 2)) OR ('c', 3) > ROW(k, x);
SELECT x FROM ev WHERE {'v0': k, 'v1': x} IN ({'v0': 'a', 'v1': 1}, {'v0': 'b', 'v1': 2}) OR {'v0': 'c', 'v1': 3} > {'v0': k, 'v1': x};

SELECT x FROM ev WHERE (k, x) IN (SELECT k, x FROM ref) AND (k, x) = s;
SELECT x FROM ev WHERE (k, x) IN (SELECT k, x FROM ref) AND (k, x) = s;

SELECT ROW_NUMBER() OVER (PARTITION BY (k, x) ORDER BY (ts, x)) FROM ev;
SELECT ROW_NUMBER() OVER (PARTITION BY {'v0': k, 'v1': x} ORDER BY {'v0': ts, 'v1': x}) FROM ev;
