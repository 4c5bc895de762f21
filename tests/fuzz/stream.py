"""Random changes to the sources, epoch by epoch."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

Row = dict[str, object]

START = datetime(2013, 1, 1, tzinfo=UTC)
KEYS = ("a", "a", "a", "b", "c", "d", "", "A", "ü✓", None)
INTS = (None, 0, 1, 1, 2, 3, 4, -5, 7, 2**31 - 1, -(2**31) + 1)
# Few binary digits, so that sums are exact in any order.
DOUBLES = (None, 0.0, 0.5, 0.25, 1.75, -3.5, 2.0, 1024.0, 1e6)
DECIMALS = tuple(None if text is None else Decimal(text) for text in (None, "0.00", "1.50", "2.25", "-3.10", "99.99"))
BIGS = (None, 0, 1, 2**63 - 1, -(2**63), 10**15)
DOCUMENTS = (None, '{"n": 1, "s": "a"}', '{"n": null, "l": [1, 2]}', '{"s": "b", "o": {"p": 3}}', "[]", "7")
FAR = (datetime(1900, 2, 28), datetime(2999, 12, 31, 23, 59, 59))


@dataclass(frozen=True)
class Epoch:
    """One epoch's logical time, and the rows of each source (a changelog's with ``__w``)."""

    time: datetime
    rows: Mapping[str, list[Row]]


def stream(rng: random.Random, epochs: int) -> list[Epoch]:
    """``epochs`` epochs, of which some are empty, some are large, and some stand still in time."""
    source = _Changes(rng)
    return [source.epoch() for _ in range(epochs)]


class _Changes:
    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._now = START
        self._ids = 0
        self._bag: list[Row] = []
        self._keyed: dict[str, dict[tuple[object, ...], Row]] = {"ref": {}, "wide": {}}

    def epoch(self) -> Epoch:
        self._now += timedelta(minutes=self._rng.choice([0, 0, 1, 13, 13, 55, 55, 200, 3000]))
        burst = self._rng.random() < 0.05
        rows = {
            "ev": [self._event() for _ in range(self._rng.choice([25, 40]) if burst else self._few())],
            "ref": self._upserts("ref", self._reference, ("k",)),
            "bag": self._bag_changes(25 if burst else self._few()),
            "wide": self._upserts("wide", self._wide_row, ("id", "k")),
        }
        return Epoch(self._now, {name: made for name, made in rows.items() if made})

    def _few(self) -> int:
        return self._rng.choice([0, 0, 1, 1, 2, 3, 5])

    def _moment(self) -> datetime | None:
        """Around now, late, or far away; without a zone."""
        roll = self._rng.random()
        if roll < 0.04:
            return None
        if roll < 0.08:
            return self._rng.choice(FAR)
        return (self._now + timedelta(minutes=self._rng.randint(-300, 90))).replace(tzinfo=None)

    def _event(self) -> Row:
        self._ids += 1
        pick = self._rng.choice
        return {
            "id": self._ids,
            "ts": self._moment(),
            "k": pick(KEYS),
            "x": pick(INTS),
            "d": pick(DOUBLES),
            "amount": pick(DECIMALS),
            "ok": pick([True, False, None]),
        }

    def _reference(self) -> Row:
        pick = self._rng.choice
        return {"k": pick(KEYS), "name": pick(["a", "b", "x", "", None]), "n": pick(INTS), "since": self._moment()}

    def _wide_row(self) -> Row:
        pick = self._rng.choice
        at = self._moment()
        return {
            "id": pick([1, 2, 3]),
            "k": pick(KEYS),
            "tags": pick([None, [], ["a"], ["a", "b"], ["b", None, "b"]]),
            "nums": pick([None, [], [1], [3, 1, 2], [2, None]]),
            "info": pick([None, {"a": 1, "b": "a"}, {"a": None, "b": "b"}, {"a": 2, "b": None}]),
            "doc": pick(DOCUMENTS),
            "at": None if at is None else at.replace(tzinfo=UTC),
            "day": pick([None, date(2013, 1, 1), date(2013, 1, 31), date(2012, 2, 29), date(1900, 1, 1)]),
            "flag": pick([True, False, None]),
            "big": pick(BIGS),
        }

    def _upserts(self, source: str, make: Callable[[], Row], key: tuple[str, ...]) -> list[Row]:
        """Inserts, updates, updates that change nothing, deletes, and deletes of rows that are not there."""
        held = self._keyed[source]
        rows: list[Row] = []
        for _ in range(self._rng.choice([0, 0, 1, 1, 2, 4])):
            for changed in self._upsert(list(held.values()), make):
                key_values = tuple(changed[name] for name in key)
                held.pop(key_values, None)
                if changed["__w"] == 1:
                    held[key_values] = {name: value for name, value in changed.items() if name != "__w"}
                rows.append(changed)
        return rows

    def _upsert(self, held: list[Row], make: Callable[[], Row]) -> list[Row]:
        roll = self._rng.random()
        if not held or roll > 0.35:
            return [{**make(), "__w": 1 if roll < 0.95 else -1}]
        row = self._rng.choice(held)
        if roll < 0.05:
            return [{**row, "__w": -1}, {**row, "__w": 1}]
        return [{**row, "__w": -1 if roll < 0.25 else 1}]

    def _bag_changes(self, count: int) -> list[Row]:
        rows: list[Row] = []
        for _ in range(count):
            rows += self._bag_change()
        if self._rng.random() < 0.1:
            rows += self._emptying()
        return rows

    def _bag_change(self) -> list[Row]:
        roll = self._rng.random()
        if self._bag and roll < 0.4:
            gone = self._bag.pop(self._rng.randrange(len(self._bag)))
            if roll < 0.06:
                self._bag.append(gone)
                return [{**gone, "__w": -1}, {**gone, "__w": 1}]
            return [{**gone, "__w": -1}]
        pick = self._rng.choice
        row = {"k": pick(KEYS), "v": pick(INTS), "p": pick(DECIMALS), "e": pick(DOUBLES)}
        if self._bag and roll < 0.55:
            row = dict(pick(self._bag))
        self._bag.append(row)
        return [{**row, "__w": 1}]

    def _emptying(self) -> list[Row]:
        """Every row of one key leaves."""
        key = self._rng.choice(KEYS)
        gone = [row for row in self._bag if row["k"] == key]
        self._bag = [row for row in self._bag if row["k"] != key]
        return [{**row, "__w": -1} for row in gone]
