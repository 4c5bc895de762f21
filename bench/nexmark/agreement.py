"""Do our texts of the queries and Flink's mean the same? python -m bench.nexmark.agreement [EVENTS [QUERY,…]]

How many rows each result has and a sum over them, by Flink and by DuckDB alone; exit 1 where they differ. Where SQL leaves open which of
equal rows wins, the sum is over what every choice gives.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

import duckdb

from bench.nexmark import environments
from bench.nexmark.engines import HERE, STREAMS_JSON, files
from bench.nexmark.models import text
from bench.nexmark.on_duckdb import prepare

# What is summed, so that a wrong row shows. Flink cuts averages to whole numbers.
SUMS = {
    "q3": "id",
    "q4": "CAST(floor(average) AS BIGINT)",
    "q5": "num * auction",
    "q7": "price",
    "q8": "id",
    "q9": "price",
    "q11": "bid_count * bidder",
    "q12": "bid_count * bidder",
    "q13": "price",
    "q14": "c_counts + auction",
    "q15": "total_bidders + rank1_auctions",
    "q16": "total_bidders + rank1_auctions",
    "q17": "min_price + max_price + total_bids",
    "q18": "auction + bidder",
    "q19": "price * rank_number",
    "q20": "price + initial_bid",
    "q21": "price + CAST(channel_id AS BIGINT)",
    "q22": "CHAR_LENGTH(dir1) + CHAR_LENGTH(dir3)",
    "q23": "price + initial_bid",
}
Answers = Mapping[str, list[int]]


def asked(query: str, body: str) -> str:
    return f"SELECT count(*), CAST(sum({SUMS[query]}) AS BIGINT) FROM ({body.strip()}) AS answer"


def by_duckdb(events: int, queries: list[str]) -> Answers:
    with duckdb.connect() as connection:
        prepare(connection, files(events))
        return {q: list(connection.execute(asked(q, text(q))).fetchone() or ()) for q in queries}


def by_flink(events: int, queries: list[str]) -> Answers:
    texts = {q: asked(q, (HERE / "flink" / f"{q}.sql").read_text()) for q in queries}
    command = [
        environments.python("apache-flink", environments.FLINK),
        HERE / "flink_answers.py",
        files(events),
        environments.flink_jars(),
        STREAMS_JSON,
        json.dumps(texts),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    found: Answers = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    events, queries = (
        int((sys.argv[1:] or ["1000000"])[0]),
        [q for a in sys.argv[2:] for q in a.split(",")] or list(SUMS),
    )
    ours, theirs = by_duckdb(events, queries), by_flink(events, queries)
    for query in queries:
        verdict = "equal" if ours[query] == theirs[query] else f"DIFFERS: Flink has {theirs[query]}"
        print(f"{query:4} rows {ours[query][0]:>10,}  sum {ours[query][1]:>24,}  {verdict}")
    return int(ours != theirs)


if __name__ == "__main__":
    sys.exit(main())
