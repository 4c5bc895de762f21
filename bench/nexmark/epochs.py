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
from headrace.runtime.decide import EPOCH_ROWS, FIRST_ROWS, next_limit

Epoch = tuple[Mark, dict[str, Arrived]]


def epochs(folder: Path, streams: Iterable[str], events: int) -> Iterator[Epoch]:
    """All events of some streams in ``folder``, ``events`` (a multiple of 50) at a time; q13's table comes with the first."""
    asked = list(streams)
    pieces = {name: _pieces(folder / f"{name}.arrow", rows(name, events)) for name in asked if name in SHARES}
    offsets = dict.fromkeys(asked, 0)
    number = 0
    while True:
        arriving = {name: piece for name, found in pieces.items() if (piece := next(found, None)) is not None}
        if not arriving:
            return
        if number == 0 and "side_input" in asked:
            arriving["side_input"] = weighted(side_input())
        number += 1
        yield epoch(number, arriving, offsets)


class Chosen:
    """All events of some streams, so many rows at a time as the runtime would take: more while epochs are quick."""

    def __init__(self, folder: Path, streams: Iterable[str]) -> None:
        self._streams = list(streams)
        self._rows = {name: _whole(folder / f"{name}.arrow") for name in self._streams if name in SHARES}
        self._offsets = dict.fromkeys(self._streams, 0)
        self._events = self._number = 0
        self._limit = FIRST_ROWS

    def __iter__(self) -> Iterator[Epoch]:
        share = sum(SHARES[name] for name in self._rows) / ROUND
        while arriving := self._arriving(max(int(self._limit / share / ROUND), 1) * ROUND):
            if self._number == 0 and "side_input" in self._streams:
                arriving["side_input"] = weighted(side_input())
            self._number += 1
            started = time.perf_counter()
            yield epoch(self._number, arriving, self._offsets)
            taken = sum(table.num_rows for name, table in arriving.items() if name in SHARES)
            # The last rounds of an epoch may not fill it: it is as full as it can be.
            full = max(taken, self._limit)
            self._limit = next_limit(self._limit, EPOCH_ROWS, full, time.perf_counter() - started)

    def _arriving(self, events: int) -> dict[str, pa.Table]:
        first, self._events = self._events, self._events + events
        cut = {name: table.slice(rows(name, first), rows(name, events)) for name, table in self._rows.items()}
        return {name: table for name, table in cut.items() if table.num_rows}


def epoch(number: int, arriving: dict[str, pa.Table], offsets: dict[str, int]) -> Epoch:
    """The next epoch; ``offsets`` are moved on."""
    arrived = {name: Arrived(table, offsets[name]) for name, table in arriving.items()}
    for name, table in arriving.items():
        offsets[name] += table.num_rows
    return Mark(number, dict(offsets), datetime(2015, 7, 15, tzinfo=UTC) + timedelta(seconds=number)), arrived


def weighted(table: pa.Table) -> pa.Table:
    """As a change: every row arrives."""
    return table.append_column("__w", pa.array([1] * table.num_rows, pa.int8()))


def _whole(file: Path) -> pa.Table:
    return pa.ipc.open_file(pa.memory_map(str(file))).read_all()


def _pieces(file: Path, size: int) -> Iterator[pa.Table]:
    whole = _whole(file)
    for start in range(0, whole.num_rows, size):
        yield whole.slice(start, size)
