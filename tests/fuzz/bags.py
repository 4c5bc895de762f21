"""Rows as multisets, in a form in which equal ones are equal."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa
from pyarrow import types

Bag = Counter[object]
"""Rows with how many copies there are of each."""


def bag(rows: pa.Table) -> Bag:
    """The rows as a multiset."""
    return Counter(zip(*(_values(rows, name) for name in rows.column_names), strict=True))


def weighed(change: pa.Table) -> tuple[Bag, Bag]:
    """The rows of a change that arrive, and those that leave."""
    names = [name for name in change.column_names if name != "__w"]
    sides: dict[int, Bag] = {1: Counter(), -1: Counter()}
    for weight, *row in zip(change["__w"].to_pylist(), *(_values(change, name) for name in names), strict=True):
        sides[weight][tuple(row)] += 1
    return sides[1], sides[-1]


def _values(rows: pa.Table, name: str) -> list[object]:
    column = rows[name]
    if types.is_date(column.type):
        # Python has no day before the year 1.
        column = column.cast(pa.date32()).cast(pa.int32())
    values: list[object] = column.to_pylist()
    plain = not (types.is_nested(column.type) or types.is_floating(column.type))
    return values if plain else list(map(_frozen, values))


def _frozen(value: object) -> object:
    """``value`` in a form that can be hashed, in which a value that is not a number equals itself."""
    if isinstance(value, list):
        return tuple(map(_frozen, value))
    if isinstance(value, dict):
        return tuple((key, _frozen(item)) for key, item in value.items())
    return "NaN" if value != value else value  # noqa: PLR0124 - which is what makes it one
