"""What all parts of the query generator share: the dice, the tables there are, and a tally of what was used."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from .sources import Column, Table

T = TypeVar("T")

# Kinds whose values can be compared: grouped, ordered, joined on.
COMPARABLE = ("INT", "BIG", "DEC", "DBL", "DBLD", "STR", "BOOL", "TS", "DATE", "TSTZ")
# Kinds that can be grouped too, and are shown; DBLX can only be shown.
EXACT = (*COMPARABLE, "STRS", "INTS", "STRUCT", "JSON")


@dataclass
class Maker:
    """One query's dice and surroundings.

    Attributes:
        tables: sources and models that FROM may name.
        marks: features used, with how often.
    """

    rng: random.Random
    tables: Sequence[Table]
    marks: Counter[str] = field(default_factory=Counter)
    names: int = 0

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def pick(self, choices: Sequence[T]) -> T:
        return self.rng.choice(choices)

    def weighted(self, choices: Mapping[T, float]) -> T:
        return self.rng.choices(list(choices), list(choices.values()))[0]

    def some(self, choices: Sequence[T], least: int, most: int) -> list[T]:
        count = min(len(choices), self.rng.randint(least, most))
        return self.rng.sample(list(choices), count)

    def mark(self, feature: str) -> None:
        self.marks[feature] += 1

    def name(self, prefix: str) -> str:
        """A name not used before in this query."""
        self.names += 1
        return f"{prefix}{self.names}"


@dataclass(frozen=True)
class Scope:
    """The columns an expression may name.

    Attributes:
        deep: how many more subqueries may be nested in an expression here.
    """

    columns: tuple[Column, ...]
    deep: int = 1

    def of(self, *kinds: str) -> list[Column]:
        return [column for column in self.columns if column.kind in kinds]


@dataclass(frozen=True)
class Query:
    """A generated SELECT: its text, output columns by name, and a guess at its rows."""

    sql: str
    columns: tuple[Column, ...]
    size: int
