"""The generator's events: the proportions, keys and times that Nexmark's queries rest on."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from bench.nexmark.generator import Config, generate, rows, write
from bench.nexmark.streams import STREAMS

EVENTS = 100_000


@pytest.fixture(scope="module")
def events() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for stream, table in generate(Config(), 0, EVENTS).items():
        connection.from_arrow(table).create(stream)
    return connection


def one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[object, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row


def test_proportions(events: duckdb.DuckDBPyConnection) -> None:
    counts = {stream: one(events, f"SELECT count(*) FROM {stream}")[0] for stream in STREAMS}
    assert counts == {"person": 2_000, "auction": 6_000, "bid": 92_000} == {s: rows(s, EVENTS) for s in STREAMS}


def test_columns_are_as_declared(events: duckdb.DuckDBPyConnection) -> None:
    for stream, columns in STREAMS.items():
        assert {row[0]: row[1] for row in events.execute(f"DESCRIBE {stream}").fetchall()} == dict(columns)


def test_ids_count_up_from_1000(events: duckdb.DuckDBPyConnection) -> None:
    assert one(events, "SELECT min(id), max(id), count(DISTINCT id) FROM person") == (1000, 2999, 2000)
    assert one(events, "SELECT min(id), max(id), count(DISTINCT id) FROM auction") == (1000, 6999, 6000)


def test_hot_keys(events: duckdb.DuckDBPyConnection) -> None:
    """Half of the bids on the first of each 100 auctions, 3/4 by the second of each 100 people, 3/4 of the auctions by the first."""
    auctions, bidders = one(events, "SELECT avg((auction % 100 = 0)::INT), avg((bidder % 100 = 1)::INT) FROM bid")
    (sellers,) = one(events, "SELECT avg((seller % 100 = 0)::INT) FROM auction")
    assert auctions == pytest.approx(0.505, abs=0.01)
    assert bidders == pytest.approx(0.7525, abs=0.01)
    assert sellers == pytest.approx(0.7525, abs=0.02)


def test_bids_are_on_recent_auctions(events: duckdb.DuckDBPyConnection) -> None:
    """Of the last 100 and 10 yet to come, or the hot one; by one of the last 1,000 people and 10 yet to come."""
    number = "(row_number() OVER () - 1) // 46"
    furthest = f"SELECT min(auction - 1002 - 3 * n), max(auction - 1002 - 3 * n), min(bidder - 1000 - n), max(bidder - 1000 - n) FROM (SELECT *, {number} AS n FROM bid)"
    oldest_auction, newest_auction, oldest_bidder, newest_bidder = one(events, furthest)
    assert (oldest_auction, newest_auction) == (-100, 10)
    assert (oldest_bidder, newest_bidder) == (-999, 10)


def test_auctions_are_open_for_as_long_as_100_more_take(events: duckdb.DuckDBPyConnection) -> None:
    shortest, longest, mean = one(
        events, "SELECT min(t), max(t), avg(t) FROM (SELECT epoch_ms(expires - date_time) AS t FROM auction)"
    )
    assert (shortest, longest) == (1, 332)
    assert mean == pytest.approx(166.5, abs=3)


def test_channels(events: duckdb.DuckDBPyConnection) -> None:
    hot, known, each = one(
        events,
        "SELECT avg((channel NOT LIKE 'channel-%')::INT), avg((url LIKE '%&channel_id=%')::INT), count(DISTINCT (channel, url)) - count(DISTINCT channel) FROM bid",
    )
    assert hot == pytest.approx(0.5, abs=0.01)
    assert known == pytest.approx(0.45, abs=0.01)
    assert each == 0


def test_prices_spread_over_six_powers_of_ten(events: duckdb.DuckDBPyConnection) -> None:
    shares = events.execute("SELECT avg((floor(log10(price)) = k)::INT) FROM bid, range(2, 8) AS r(k) GROUP BY k").fetchall()  # fmt: skip
    assert [share for (share,) in shares] == pytest.approx([1 / 6] * 6, abs=0.01)


def test_texts_are_as_long_as_the_original_s(events: duckdb.DuckDBPyConnection) -> None:
    lengths = {stream: one(events, f"SELECT min(length(extra)), max(length(extra)) FROM {stream}") for stream in STREAMS}  # fmt: skip
    assert lengths == {"person": (104, 155), "auction": (313, 468), "bid": (54, 81)}


def test_times(events: duckdb.DuckDBPyConnection) -> None:
    """10,000 events a second, in order."""
    assert one(events, "SELECT epoch_ms(max(date_time) - min(date_time)) FROM bid") == (9_999,)
    assert one(events, "SELECT count(*) FROM (SELECT date_time < lag(date_time) OVER () AS back FROM bid) WHERE back") == (0,)  # fmt: skip


def test_disorder_is_bounded() -> None:
    """Times go back, by less than the 1,000 events of 100 ms within which they are shuffled; all of them are there."""
    ordered, shuffled = generate(Config(), 0, EVENTS)["bid"], generate(Config(disorder=1000), 0, EVENTS)["bid"]
    back = "SELECT max(epoch_ms(newest - date_time)) FROM (SELECT date_time, max(date_time) OVER (ROWS UNBOUNDED PRECEDING) AS newest FROM shuffled)"
    assert 80 < duckdb.sql(back).fetchall()[0][0] < 100
    assert ordered.num_rows == shuffled.num_rows
    assert ordered.drop_columns(["date_time"]).equals(shuffled.drop_columns(["date_time"]))


def test_a_seed_gives_its_events_in_any_pieces() -> None:
    whole, piece = generate(Config(seed=3), 0, 4_000), generate(Config(seed=3), 1_000, 2_000)
    for stream in STREAMS:
        assert piece[stream].equals(whole[stream].slice(rows(stream, 1_000), rows(stream, 1_000)))
        assert not whole[stream].equals(generate(Config(seed=4), 0, 4_000)[stream])


def test_files_hold_the_same(tmp_path: Path) -> None:
    files = write(Config(), 10_000, tmp_path)
    for stream, table in generate(Config(), 0, 10_000).items():
        assert duckdb.read_parquet(str(files[stream])).to_arrow_table().equals(table)
