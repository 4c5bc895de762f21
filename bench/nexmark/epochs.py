"""The streams' files, cut into epochs of so many events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from bench.nexmark.generator import SHARES, rows
from bench.nexmark.streams import side_input
from headrace.engine import Arrived, Mark

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


def epoch(number: int, arriving: dict[str, pa.Table], offsets: dict[str, int]) -> Epoch:
    """The next epoch; ``offsets`` are moved on."""
    arrived = {name: Arrived(table, offsets[name]) for name, table in arriving.items()}
    for name, table in arriving.items():
        offsets[name] += table.num_rows
    return Mark(number, dict(offsets), datetime(2015, 7, 15, tzinfo=UTC) + timedelta(seconds=number)), arrived


def weighted(table: pa.Table) -> pa.Table:
    """As a change: every row arrives."""
    return table.append_column("__w", pa.array([1] * table.num_rows, pa.int8()))


def _pieces(file: Path, size: int) -> Iterator[pa.Table]:
    whole = pa.ipc.open_file(pa.memory_map(str(file))).read_all()
    for start in range(0, whole.num_rows, size):
        yield whole.slice(start, size)
