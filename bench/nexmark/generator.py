"""The Nexmark event generator, as SQL over event numbers.

Every value is a hash of the event's number, the seed and a salt of the column's own, so any range of events can be made alone, in parallel,
and again. The facts (proportions, hot keys, windows of active people and open auctions, sizes of texts) are those of the generator that
Apache Beam and Flink use, at its default rate of 10,000 events/s of event time; the values are not. DuckDB's hash may change with its
release, and the events of a seed with it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from bench.nexmark.streams import STREAMS

# Of every 50 events the first is a person, the next 3 are auctions, the other 46 bids.
ROUND = 50
SHARES = {"person": 1, "auction": 3, "bid": 46}


@dataclass(frozen=True)
class Config:
    """What the events are.

    Attributes:
        seed: another seed, other values; the numbers of people, auctions and bids, and their times, stay.
        delay_us: event time between two events, in microseconds.
        disorder: events are out of order by less than this many events; 1: in order.
    """

    seed: int = 0
    delay_us: int = 100
    disorder: int = 1


def rows(stream: str, events: int) -> int:
    """How many of the first ``events`` events, a multiple of 50, are of ``stream``."""
    assert events % ROUND == 0, events
    return events // ROUND * SHARES[stream]


def generate(config: Config, first: int, last: int) -> dict[str, pa.Table]:
    """The events numbered ``first`` up to, and without, ``last``, multiples of 50, by stream; in the order of their numbers."""
    connection = _prepared(config)
    return {stream: connection.sql(_select(stream, config, first, last)).to_arrow_table() for stream in STREAMS}


def write(config: Config, events: int, folder: Path) -> dict[str, Path]:
    """A Parquet file for each stream, of the first ``events`` events, and beside it the same rows as Arrow has them in memory."""
    folder.mkdir(parents=True, exist_ok=True)
    connection = _prepared(config)
    files = {stream: folder / f"{stream}.parquet" for stream in STREAMS}
    for stream, file in files.items():
        connection.execute(f"COPY ({_select(stream, config, 0, events)}) TO '{file}' (FORMAT parquet)")
        _as_arrow(file)
    return files


# All texts are pieces of one long text of random letters: making every letter anew takes 20 times as long.
_LETTERS = 1 << 17
# In macros and templates: i is the event's number, n the number by which its time goes.
_MACROS = """
CREATE MACRO random(i, salt, below) AS (hash((i + {seed}) * 128 + salt) % below::UBIGINT)::BIGINT;
CREATE MACRO price(i, salt) AS round(pow(10, random(i, salt, 1000000000) / 1e9 * 6) * 100)::BIGINT;
CREATE MACRO letters(i, salt, n) AS substr(getvariable('letters'), 1 + random(i, salt, {letters}), n);
CREATE MACRO person(i) AS i // 50;
CREATE MACRO auction(i) AS i // 50 * 3 + least(i % 50, 3) - 1;
CREATE MACRO any_person(i, salt) AS
  person(i) + 1 - least(person(i) + 1, 1000) + random(i, salt, least(person(i) + 1, 1000) + 10);
CREATE MACRO any_auction(i, salt) AS
  greatest(auction(i) - 100, 0) + random(i, salt, least(auction(i), 100) + 11);
CREATE MACRO url(c) AS 'https://www.nexmark.com/' || letters(c, 90, 5) || '/' || letters(c, 91, 5) || '/'
  || letters(c, 92, 5) || '/item.htm?query=1'
  || CASE WHEN c >= 0 AND random(c, 93, 10) > 0 THEN '&channel_id=' || random(c, 94, 2147483648) ELSE '' END;
"""
_COLUMNS = {
    "person": """
  1000 + person(i) AS id,
  ['Peter', 'Paul', 'Luke', 'John', 'Saul', 'Vicky', 'Kate', 'Julie', 'Sarah', 'Deiter', 'Walter'][1 + random(i, 1, 11)] || ' '
    || ['Shultz', 'Abrams', 'Spencer', 'White', 'Bartels', 'Walton', 'Smith', 'Jones', 'Noris'][1 + random(i, 2, 9)] AS name,
  letters(i, 3, 3 + random(i, 4, 4)) || '@' || letters(i, 5, 3 + random(i, 6, 2)) || '.com' AS email_address,
  printf('%04d %04d %04d %04d', random(i, 7, 10000), random(i, 8, 10000), random(i, 9, 10000),
    random(i, 10, 10000)) AS credit_card,
  ['Phoenix', 'Los Angeles', 'San Francisco', 'Boise', 'Portland', 'Bend', 'Redmond', 'Seattle', 'Kent', 'Cheyenne']
    [1 + random(i, 11, 10)] AS city,
  ['AZ', 'CA', 'ID', 'OR', 'WA', 'WY'][1 + random(i, 12, 6)] AS state,
  {time} AS date_time,
  letters(i, 14, 104 + random(i, 13, 52)) AS extra""",
    "auction": """
  1000 + auction(i) AS id,
  letters(i, 1, 3 + random(i, 3, 17)) AS item_name,
  letters(i, 2, 3 + random(i, 4, 97)) AS description,
  price(i, 5) AS initial_bid,
  price(i, 5) + price(i, 6) AS reserve,
  {time} AS date_time,
  {time} + to_milliseconds(1 + random(i, 7, greatest(2 * ({open} * {delay} // 1000), 1))) AS expires,
  1000 + CASE WHEN random(i, 8, 4) > 0 THEN person(i) // 100 * 100 ELSE any_person(i, 9) END AS seller,
  10 + random(i, 10, 5) AS category,
  letters(i, 12, 313 + random(i, 11, 156)) AS extra""",
    "bid": """
  1000 + CASE WHEN random(i, 1, 2) > 0 THEN auction(i) // 100 * 100 ELSE any_auction(i, 2) END AS auction,
  1000 + CASE WHEN random(i, 3, 4) > 0 THEN person(i) // 100 * 100 + 1 ELSE any_person(i, 4) END AS bidder,
  price(i, 5) AS price,
  CASE WHEN channel < 0 THEN ['Google', 'Facebook', 'Baidu', 'Apple'][-channel] ELSE 'channel-' || channel END AS channel,
  url(channel) AS url,
  {time} AS date_time,
  letters(i, 10, 54 + random(i, 6, 28)) AS extra""",
}
_WHERE = {"person": "i % 50 = 0", "auction": "i % 50 BETWEEN 1 AND 3", "bid": "i % 50 > 3"}
# Half of the bids come by one of four channels, the others by one of 10,000.
_CHANNEL = "CASE WHEN random(i, 7, 2) > 0 THEN -1 - random(i, 8, 4) ELSE random(i, 9, 10000) END"
# So many events until 100 more auctions have been opened: on average, an auction is open for as long.
_OPEN = 100 * ROUND // SHARES["auction"]


def _as_arrow(file: Path) -> None:
    """A Parquet file's rows as an Arrow file, which is read by mapping it into memory."""
    read = pq.ParquetFile(file)
    with pa.ipc.new_file(file.with_suffix(".arrow"), read.schema_arrow) as written:
        for batch in read.iter_batches(100_000):
            written.write_batch(batch)


def _prepared(config: Config) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    text = "".join(random.Random(config.seed).choices(ascii_lowercase, k=_LETTERS))
    connection.execute("SET VARIABLE letters = ?", [text])
    connection.execute(_MACROS.replace("{seed}", str(config.seed << 40)).replace("{letters}", str(_LETTERS - 500)))
    return connection


def _select(stream: str, config: Config, first: int, last: int) -> str:
    text = f"SELECT {_COLUMNS[stream]}\nFROM (SELECT range AS i, {{number}} AS n, {_CHANNEL} AS channel FROM range({first}, {last}))\nWHERE {_WHERE[stream]}"
    values = {
        "time": "(TIMESTAMP '2015-07-15 00:00:00' + to_milliseconds(n * {delay} // 1000))",
        "number": "range" if config.disorder == 1 else "range // {disorder} * {disorder} + range * 953 % {disorder}",
        "open": str(_OPEN),
        "delay": str(config.delay_us),
        "disorder": str(config.disorder),
    }
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text
