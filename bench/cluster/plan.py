"""What is measured, and how much of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.nexmark.generator import Config

# A thousand events a second of event time, where Nexmark has ten thousand: windows of ten seconds close within the smallest epoch.
EVENTS = Config(delay_us=1_000)


@dataclass(frozen=True)
class Case:
    """A query in epochs of one size.

    Attributes:
        warm: epochs before those that count, for caches and for what Java compiles.
    """

    query: str
    size: int
    warm: int
    counted: int

    @property
    def sizes(self) -> list[int]:
        return [self.size] * (self.warm + self.counted)


@dataclass(frozen=True)
class Growth:
    """What epochs of one size cost once so many events have gone before.

    Attributes:
        after: events before the epochs of each measurement.
        fill: events of an epoch that only makes state grow.
    """

    queries: tuple[str, ...]
    after: tuple[int, ...]
    fill: int
    size: int
    warm: int
    counted: int

    def epochs(self) -> Iterator[tuple[int, int | None]]:
        """Events of each epoch, and what it is measured after: nothing, if it only fills or warms."""
        done = 0
        for after in self.after:
            while done < after:
                step = min(self.fill, after - done)
                done += step
                yield step, None
            for number in range(self.warm + self.counted):
                done += self.size
                yield self.size, after if number >= self.warm else None


@dataclass(frozen=True)
class Plan:
    """All of it.

    Attributes:
        cases: by query, then by size.
        where: those of which it is told where the time goes.
    """

    cases: tuple[Case, ...]
    growth: Growth
    where: tuple[Case, ...]

    @property
    def events(self) -> int:
        """The most that anything takes."""
        longest = max(sum(case.sizes) for case in (*self.cases, *self.where))
        return max(longest, sum(size for size, _ in self.growth.epochs()))


QUERIES = ("q0", "q3", "q4", "q5", "q17", "q18")
GROWING = ("q17", "q4")
# Structured Streaming keeps back what it has of windows that its watermark has not closed.
WINDOWED = ("q5",)

FULL = Plan(
    cases=(
        *(Case(query, size, 2, counted) for query in QUERIES for size, counted in ((10_000, 5), (100_000, 3))),
        *(Case(query, 1_000_000, 1, 2) for query in ("q4", "q17")),
    ),
    growth=Growth(GROWING, (100_000, 1_000_000, 3_000_000), 500_000, 10_000, 1, 3),
    where=tuple(Case(query, size, 1, 3) for query in ("q4", "q17") for size in (10_000, 100_000)),
)
QUICK = Plan(
    cases=(*(Case(query, 2_000, 1, 1) for query in QUERIES), Case("q17", 20_000, 1, 1)),
    growth=Growth(GROWING, (10_000, 30_000), 20_000, 2_000, 1, 1),
    where=(Case("q4", 2_000, 1, 1),),
)
