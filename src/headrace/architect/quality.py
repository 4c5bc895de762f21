"""The matrix of non-functional requirements: what is promised, how it is measured, how much it matters."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.architect.costs import YEARS
from headrace.architect.needs import Needs, duration


@dataclass(frozen=True)
class Quality:
    """A row of the matrix."""

    category: str
    requirement: str
    target: str
    measurement: str
    priority: str
    given: str


def qualities(needs: Needs) -> tuple[Quality, ...]:
    """Fill the matrix in."""
    live = needs.freshest
    quick = min(needs.uses, key=lambda use: (use.response, use.need.name))
    grown = (1 + needs.growth) ** YEARS - 1
    secret = "high" if needs.sensitivity != "low" else "medium"
    return (
        Quality(
            "performance",
            "throughput",
            f"{needs.peak:,.0f} records/s at the peak, {needs.gb_day:,.1f} GB a day",
            "records acknowledged a second, by source",
            "high",
            "sources",
        ),
        Quality(
            "performance",
            "freshness",
            f"`{live.need.name}` {duration(live.need.freshness)} old at most",
            "newest event shown, against the clock",
            "high",
            f"workloads.{live.need.name}.freshness",
        ),
        Quality(
            "performance",
            "query response",
            f"`{quick.need.name}` within {duration(quick.response)}",
            "95th percentile of answers",
            "high",
            f"workloads.{quick.need.name}.response",
        ),
        Quality(
            "availability",
            "uptime",
            f"{needs.uptime:g} %",
            "an answer asked for from outside, every minute",
            "high",
            "service_levels.uptime",
        ),
        Quality(
            "availability",
            "recovery",
            f"back within {duration(needs.recovery_time)}, {duration(needs.recovery_point)} lost at most",
            "a restore, rehearsed by quarter",
            "high",
            "service_levels.recovery_time",
        ),
        Quality(
            "scalability",
            "growth",
            f"{needs.growth:.0%} a year, {grown:.0%} in {YEARS} years",
            "GB a day, by source",
            "medium",
            "yearly_growth",
        ),
        Quality(
            "security",
            "encryption",
            "AES-256 at rest, TLS 1.3 in transit",
            "settings, scanned every day",
            secret,
            "sensitivity",
        ),
        Quality(
            "compliance",
            "retention",
            f"{needs.years:g} years, then gone",
            "the oldest record of each table",
            "medium" if not needs.regulation else "high",
            "history.years",
        ),
        Quality(
            "cost",
            "monthly cost",
            f"{needs.monthly:,.0f} {needs.currency}" if needs.monthly is not None else "no budget is stated",
            "bills and hours, by part",
            "medium",
            "budget",
        ),
    )
