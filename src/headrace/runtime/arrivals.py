"""Ways for the same rows to arrive: decisions only. Whatever the way, a model's rows are to be the same at the end."""

from __future__ import annotations

import random
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

Epoch = Mapping[str, Sequence[int]]
"""Source -> which of its rows arrive, counted from 0 as they are given, in order."""

SHUFFLES = 4
LARGEST = 3
"""Rows that an epoch of a shuffled arrival takes at most."""


@dataclass(frozen=True)
class Lot:
    """The rows of a source, by what may change about their order.

    Attributes:
        keys: what each row is identified by, in the order given: rows of one key keep their order. None for a source without
            changes, whose rows may come in any order.
        fixed: whether the order of rows decides about the result, as where late rows are set aside.
    """

    rows: int
    keys: Sequence[Hashable] | None = None
    fixed: bool = False


@dataclass(frozen=True)
class Arrival:
    """One way."""

    name: str
    epochs: tuple[Epoch, ...]


def arrivals(lots: Mapping[str, Lot]) -> list[Arrival]:
    """All ways that are tried: at once, row by row, each source last, shuffled in epochs of a few rows, changes twice."""
    filled = {source: lot for source, lot in lots.items() if lot.rows}
    every = {source: list(range(lot.rows)) for source, lot in filled.items()}
    found = [Arrival("all at once", (every,)), Arrival("row by row", _one_by_one(every))]
    if len(filled) > 1:
        for late in filled:
            first = {source: rows for source, rows in every.items() if source != late}
            found.append(Arrival(f"{late} last", (first, {late: every[late]})))
    if any(lot.rows > 1 for lot in filled.values()):
        found += [
            Arrival(f"shuffled, {seed}", _shuffled(filled, random.Random(seed))) for seed in range(1, SHUFFLES + 1)
        ]
    changing = {source: rows for source, rows in every.items() if filled[source].keys is not None}
    if changing:
        again = {source: [row for row in rows for _ in range(2)] for source, rows in changing.items()}
        found.append(Arrival("changes twice", _one_by_one({**every, **again})))
    return found


def _one_by_one(every: Mapping[str, Sequence[int]]) -> tuple[Epoch, ...]:
    return tuple({source: [row]} for source, rows in every.items() for row in rows)


def _shuffled(lots: Mapping[str, Lot], chance: random.Random) -> tuple[Epoch, ...]:
    """Rows of all sources in one order by chance, cut into epochs by chance."""
    orders = {source: _order(lot, chance) for source, lot in lots.items()}
    turns = [source for source, order in orders.items() for _ in order]
    chance.shuffle(turns)
    queues = {source: iter(order) for source, order in orders.items()}
    line = [(source, next(queues[source])) for source in turns]
    epochs: list[dict[str, list[int]]] = []
    while line:
        taken, line = line[: (size := chance.randint(1, LARGEST))], line[size:]
        epoch: dict[str, list[int]] = {}
        for source, row in taken:
            epoch.setdefault(source, []).append(row)
        epochs.append(epoch)
    return tuple(epochs)


def _order(lot: Lot, chance: random.Random) -> list[int]:
    order = list(range(lot.rows))
    if lot.fixed:
        return order
    chance.shuffle(order)
    if lot.keys is None:
        return order
    waiting: dict[Hashable, list[int]] = {}
    for row, key in enumerate(lot.keys):
        waiting.setdefault(key, []).append(row)
    return [waiting[lot.keys[row]].pop(0) for row in order]
