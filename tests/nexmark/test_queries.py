"""Every Nexmark query, kept up to date over random epochs: equal to its recompute, and to its text run by DuckDB alone over plain tables."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from bench.nexmark.epochs import epoch, weighted
from bench.nexmark.generator import ROUND, Config, generate, rows
from bench.nexmark.models import QUERIES, compiled, sources, teach_windows, text
from bench.nexmark.streams import STREAMS, side_input
from headrace.engine import DuckDBEngine, Mark
from tests.sampling import sampled

EVENTS = 20_000
EPOCHS = 10
# Slower than Nexmark's rate, so that 20,000 events fill 40 windows of 10 seconds, and sessions end.
CONFIG = Config(seed=11, delay_us=20_000, disorder=1000)
# Where ranks among equals are left open by the text, only what every choice gives is compared with DuckDB alone.
OPEN = {
    "q9": "SELECT id, price, bid_date_time FROM {}",
    "q18": "SELECT auction, bidder, date_time FROM {}",
    "q19": "SELECT auction, price, rank_number FROM {}",
}
Feed = Iterator[dict[str, pa.Table]]


def random_epochs(events: dict[str, pa.Table], chance: random.Random) -> Feed:
    """All events in order, in epochs of random sizes; each stream's rows are where the others' are, give or take some."""
    cuts = sorted(chance.sample(range(1, EVENTS // ROUND), EPOCHS - 1))
    stops = [*(cut * ROUND for cut in cuts), EVENTS]
    at = dict.fromkeys(STREAMS, 0)
    for number, stop in enumerate(stops):
        arriving = {}
        for stream in STREAMS:
            late = 0 if stop == EVENTS else chance.randrange(rows(stream, 500))
            end = max(rows(stream, stop) - late, at[stream])
            if end > at[stream]:
                arriving[stream] = events[stream].slice(at[stream], end - at[stream])
            at[stream] = end
        if number == 0:
            arriving["side_input"] = weighted(side_input())
        yield arriving


def plain(arrived: dict[str, list[pa.Table]]) -> duckdb.DuckDBPyConnection:
    """DuckDB without Headrace, holding the rows that have arrived."""
    connection = duckdb.connect()
    teach_windows(connection)
    for name, tables in arrived.items():
        connection.from_arrow(pa.concat_tables(tables)).create(name)
    return connection


def differing(connection: duckdb.DuckDBPyConnection, query: str, kept: pa.Table) -> int:
    """Rows of the text's result that are not kept, and how many more or fewer there are: 0 only for the same rows in the same numbers."""
    connection.from_arrow(kept).create("kept")
    shown = OPEN.get(query, "SELECT {} FROM {}")
    columns = ", ".join(
        f'round("{column}", 6)' if kind == pa.float64() else f'"{column}"'
        for column, kind in zip(kept.column_names, kept.schema.types, strict=True)
    )
    text_rows, kept_rows = (
        shown.replace("SELECT {}", f"SELECT {columns}").format(side) for side in (f"({text(query)})", "kept")
    )
    missing = f"SELECT count(*) FROM ({text_rows} EXCEPT ALL {kept_rows})"
    more = f"SELECT abs((SELECT count(*) FROM ({text(query)})) - {kept.num_rows})"
    row = connection.execute(f"SELECT ({missing}) + ({more})").fetchone()
    return int(row[0]) if row else -1


@pytest.fixture(scope="module")
def events() -> dict[str, pa.Table]:
    return generate(CONFIG, 0, EVENTS)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    opened = DuckDBEngine(tmp_path / "state.duckdb", tmp_path / "lake")
    yield opened
    opened.close()


def keep(
    engine: DuckDBEngine, queries: tuple[str, ...], feed: Feed
) -> Iterator[tuple[Mark, dict[str, list[pa.Table]]]]:
    """Install the queries and take in the epochs; after each, its mark and all that has arrived."""
    engine.install(sources(), compiled(engine, queries))
    offsets = dict.fromkeys((*STREAMS, "side_input"), 0)
    held = {
        name: [table.slice(0, 0)] for name, table in (*generate(CONFIG, 0, 0).items(), ("side_input", side_input()))
    }
    for number, arriving in enumerate(feed, 1):
        for name, table in arriving.items():
            held[name].append(table.select([c for c in table.column_names if c != "__w"]))
        mark, arrived = epoch(number, arriving, offsets)
        engine.run(mark, arrived)
        yield mark, held


@pytest.mark.parametrize("query", sampled(QUERIES, 6))
def test_kept_equals_recomputed_and_plain_duckdb(engine: DuckDBEngine, events: dict[str, pa.Table], query: str) -> None:
    seen = 0
    for mark, held in keep(engine, (query,), random_epochs(events, random.Random(query))):
        _, (result,) = engine.recompute([query])
        assert (result.missing, result.extra) == (0, 0), f"epoch {mark.epoch}"
        kept = engine.content(query)[0]
        assert differing(plain(held), query, kept) == 0, f"epoch {mark.epoch}"
        seen += 1
    assert seen == EPOCHS
    assert kept.num_rows > 0


def test_every_query_is_incremental(engine: DuckDBEngine) -> None:
    assert [p.model for p in compiled(engine) if not p.incremental] == []


def test_what_is_kept_is_bounded(engine: DuckDBEngine, events: dict[str, pa.Table]) -> None:
    """Filters and projections keep nothing but their result, nor do the last or highest bids; groups and sessions a row each."""
    alone = ("q0", "q1", "q2", "q10", "q14", "q18", "q19", "q21", "q22")
    bounded = ("q11", "q12", "q17")
    *_, _ = keep(engine, (*alone, *bounded), random_epochs(events, random.Random(1)))
    sizes = engine.sizes()
    states = {q: sum(n for name, n in sizes.items() if name.startswith(f"state.{q}.")) for q in (*alone, *bounded)}
    assert states == {**dict.fromkeys(alone, 0), **{q: engine.content(q)[0].num_rows for q in bounded}}


def test_a_wrong_result_is_found(events: dict[str, pa.Table]) -> None:
    """The comparison with plain DuckDB can fail."""
    right = duckdb.sql(
        "SELECT auction, price FROM bid WHERE auction % 123 = 0", connection=_with(events)
    ).to_arrow_table()
    assert differing(_with(events), "q2", right) == 0
    assert differing(_with(events), "q2", right.slice(1)) == 2
    assert differing(_with(events), "q2", pa.concat_tables([right, right.slice(0, 1)])) == 1


def _with(events: dict[str, pa.Table]) -> duckdb.DuckDBPyConnection:
    return plain({stream: [table] for stream, table in events.items()})
