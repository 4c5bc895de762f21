"""The streams' files, cut into epochs of so many events."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from bench.nexmark.generator import ROUND, SHARES, rows
from bench.nexmark.streams import side_input
from headrace.engine import Arrived, Mark
from headrace.engine.duckdb import PACE
from headrace.runtime.decide import EPOCH_ROWS, next_limit

Epoch = tuple[Mark, dict[str, Arrived]]


def epochs(folder: Path, streams: Iterable[str], events: int) -> Iterator[Epoch]:
    """All events of some streams in ``folder``, ``events`` (a multiple of 50) at a time; q13's table comes with the first."""
    feed = _Feed(folder, streams)
    while (found := feed.take(events)) is not None:
        yield found


def sized(folder: Path, streams: Iterable[str], sizes: Iterable[int]) -> Iterator[Epoch]:
    """The same, each epoch of as many events as ``sizes`` has next; at most as many epochs."""
    feed = _Feed(folder, streams)
    for events in sizes:
        if (found := feed.take(events)) is None:
            return
        yield found


def chosen(folder: Path, streams: Iterable[str]) -> Iterator[Epoch]:
    """The same, so many rows at a time as the runtime would take: more while epochs are quick."""
    feed = _Feed(folder, streams)
    limit = PACE.first_rows
    while (found := feed.take(max(int(limit / feed.share / ROUND), 1) * ROUND)) is not None:
        started = time.perf_counter()
        yield found
        # Every epoch but the last is as full as whole rounds of events make it.
        limit = next_limit(limit, EPOCH_ROWS, limit, time.perf_counter() - started, PACE)


class _Feed:
    """The events of some streams in the order of their numbers.

    Attributes:
        share: of all events, those that are in these streams.
    """

    def __init__(self, folder: Path, streams: Iterable[str]) -> None:
        asked = list(streams)
        self._rows = {name: whole(folder / f"{name}.arrow") for name in asked if name in SHARES}
        self.share = sum(SHARES[name] for name in self._rows) / ROUND
        self._beside = {"side_input": weighted(side_input())} if "side_input" in asked else {}
        self._offsets = dict.fromkeys(asked, 0)
        self._events = self._number = 0

    def take(self, events: int) -> Epoch | None:
        """The rows of the next ``events`` events, a multiple of 50; None when there are none."""
        first, self._events = self._events, self._events + events
        cut = {name: table.slice(rows(name, first), rows(name, events)) for name, table in self._rows.items()}
        arriving = {name: table for name, table in cut.items() if table.num_rows}
        if not arriving:
            return None
        if self._number == 0:
            arriving |= self._beside
        self._number += 1
        return epoch(self._number, arriving, self._offsets)


def epoch(number: int, arriving: dict[str, pa.Table], offsets: dict[str, int]) -> Epoch:
    """The next epoch; ``offsets`` are moved on."""
    arrived = {name: Arrived(table, offsets[name]) for name, table in arriving.items()}
    for name, table in arriving.items():
        offsets[name] += table.num_rows
    return Mark(number, dict(offsets), datetime(2015, 7, 15, tzinfo=UTC) + timedelta(seconds=number)), arrived


def weighted(table: pa.Table) -> pa.Table:
    """As a change: every row arrives."""
    return table.append_column("__w", pa.array([1] * table.num_rows, pa.int8()))


def whole(file: Path) -> pa.Table:
    """The rows of an Arrow file, mapped into memory."""
    return pa.ipc.open_file(pa.memory_map(str(file))).read_all()
