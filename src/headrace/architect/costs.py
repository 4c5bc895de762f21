"""Volume in, currency out: what a technology costs over three years, line by line.

A cost is machines and services by list price, and engineers' hours. Volumes grow by the year. Nothing is rounded before it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from headrace.architect.framework import Pattern
from headrace.architect.knowledge import HOURS, Item, Knowledge, Price, Quantity, Technology
from headrace.architect.needs import DAY, MONTH_SECONDS, Needs

YEARS = 3
HOT_DAYS = 7
COMPRESSED = 0.25
EVENTS_PER_CORE = {"low": 100_000.0, "medium": 50_000.0, "high": 25_000.0}
READS_A_DAY = 20
WORKING_DAYS = 22
READ_SHARE = 0.02
READ_GB = 1.0
SERVED = 0.05

PARAMETERS = {
    "years": f"costs are counted over {YEARS} years",
    "hot": f"the log keeps {HOT_DAYS} days",
    "compressed": f"history takes {COMPRESSED:.0%} of the bytes that arrived, as compressed columns",
    "cores": "a core takes "
    + ", ".join(f"{rate:,.0f} records/s of {degree}" for degree, rate in EVENTS_PER_CORE.items())
    + " complexity",
    "reads": f"each user asks {READS_A_DAY} times on {WORKING_DAYS} days a month, and each answer reads {READ_SHARE:.0%} "
    f"of what is served, {READ_GB:g} GB at most",
    "served": f"results take {SERVED:.0%} of the history that they are made from; in a warehouse all history is served",
}
"""The model's own parameters, in words; each is a judgement."""


@dataclass(frozen=True)
class Line:
    """A line of a bill for one year.

    Attributes:
        units: units a month.
        amount: for the year, in US dollars.
    """

    price: str
    units: float
    amount: float


@dataclass(frozen=True)
class Cost:
    """What a technology costs.

    Attributes:
        bills: by year, its lines.
        hours: by year, engineers' hours.
        hour: what an hour costs; all amounts are in the currency of the requirements.
    """

    bills: tuple[tuple[Line, ...], ...]
    hours: tuple[float, ...]
    hour: float

    @property
    def bought(self) -> float:
        """Machines and services over all years."""
        return sum(line.amount for bill in self.bills for line in bill)

    @property
    def labour(self) -> float:
        """Engineers over all years."""
        return sum(self.hours) * self.hour

    @property
    def total(self) -> float:
        return self.bought + self.labour

    @property
    def first_month(self) -> float:
        """A month of the first year, without setting up."""
        return sum(line.amount for line in self.bills[0]) / 12 + self.hours[1] * self.hour / 12


def quantities(needs: Needs, year: int, pattern: Pattern) -> dict[Quantity, float]:
    """What costs grow with, in an average month of a year counted from 0; units as in `Quantity`."""
    grown = (1 + needs.growth) ** year
    gb_day = needs.gb_day * grown
    gb_in = gb_day * MONTH_SECONDS / DAY
    users = sum(use.users for use in needs.uses)
    stored = _stored(needs, year)
    served = stored * (1 if pattern == "warehouse" else SERVED)
    return {
        "one": 1,
        "events_per_second": needs.peak * grown,
        "million_events": needs.events_per_second * grown * MONTH_SECONDS / 1e6,
        "gb_in": gb_in,
        "gb_hot": gb_day * HOT_DAYS,
        "gb_stored": stored,
        "gb_served": served,
        "gb_scanned": users * READS_A_DAY * WORKING_DAYS * min(READ_SHARE * served, READ_GB),
        "cores": max(1.0, needs.peak * grown / EVENTS_PER_CORE[needs.complexity]),
        "users": users,
    }


def _stored(needs: Needs, year: int) -> float:
    """GB of history in the middle of a year: what came in the years before that is still kept, and half of this one."""
    kept, age = 0.0, 0.0
    for past in range(year, -1, -1):
        share = 0.5 if past == year else 1.0
        share = min(share, max(0.0, needs.years - age))
        kept += needs.gb_day * 365 * (1 + needs.growth) ** past * share
        age += 0.5 if past == year else 1.0
    return kept * COMPRESSED


def cost(technology: Technology, needs: Needs, known: Knowledge, provider: str, pattern: Pattern) -> Cost:
    """Work out what a technology costs for the needs.

    Args:
        pattern: a warehouse serves all history, the others what was made of it.
        provider: whose machines are used where the technology has no provider of its own.
    """
    where = technology.provider if technology.provider != "any" else provider
    bills = tuple(
        tuple(_line(item, quantities(needs, year, pattern), known, where, needs.rate) for item in technology.items)
        for year in range(YEARS)
    )
    yearly = technology.labour.monthly_hours * 12
    hours = (technology.labour.setup_hours + yearly, *(yearly,) * (YEARS - 1))
    return Cost(bills, hours, needs.hour_cost)


def priced(name: str, prices: Mapping[str, Price], provider: str) -> str:
    """The name of a price, with the provider's before it unless it stands by itself."""
    return name if name in prices else f"{provider}_{name}"


def _line(item: Item, amounts: Mapping[Quantity, float], known: Knowledge, provider: str, rate: float) -> Line:
    name = priced(item.price, known.prices, provider)
    units = max(item.least, amounts[item.of] / item.per * item.times)
    units = ceil(units - 1e-9) if item.whole else units
    price = known.prices[name]
    hours = HOURS if price.unit == "hour" else 1
    return Line(name, units, units * hours * 12 * price.amount * rate)
