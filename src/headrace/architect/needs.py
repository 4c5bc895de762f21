"""Requirements with every gap closed by a stated assumption, and what follows from their figures."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from headrace.architect.knowledge import Knowledge
from headrace.architect.requirements import Cloud, Degree, Requirements, SourceNeed, Workload

DAY = 86_400
MONTH_SECONDS = 730 * 3_600

# Guesses for what nobody has measured yet, by kind of source: records a second, bytes a record.
RATES = {"database": 20.0, "events": 200.0, "files": 10.0, "api": 5.0, "devices": 1_000.0, "logs": 500.0}
SIZES = {"database": 300.0, "events": 500.0, "files": 200.0, "api": 1_000.0, "devices": 200.0, "logs": 400.0}
PEAK = 5.0
ON_COSTS = 1.4
RESPONSE = {
    "dashboard": timedelta(seconds=1),
    "alert": timedelta(seconds=5),
    "report": timedelta(seconds=30),
    "exploration": timedelta(seconds=30),
    "api": timedelta(milliseconds=200),
    "training": timedelta(hours=1),
}
USERS = {"dashboard": 20, "alert": 5, "report": 20, "exploration": 5, "api": 1, "training": 1}
LAWS = {"personal": "gdpr", "health": "hipaa", "payment": "pci_dss", "financial": "sox"}


@dataclass(frozen=True)
class Assumption:
    """What was taken for granted because the requirements do not say.

    Attributes:
        key: the requirement that would replace it, as in ``history.years``.
        said: what was assumed, in words.
        why: where it comes from.
    """

    key: str
    said: str
    why: str


@dataclass(frozen=True)
class Load:
    """A source with its figures: records a second on average, the peak as a multiple of that, bytes a record."""

    need: SourceNeed
    events_per_second: float
    peak_factor: float
    record_bytes: float

    @property
    def bytes_per_second(self) -> float:
        return self.events_per_second * self.record_bytes


@dataclass(frozen=True)
class Use:
    """A workload with its figures."""

    need: Workload
    response: timedelta
    users: int

    @property
    def freshness(self) -> float:
        """Seconds."""
        return self.need.freshness.total_seconds()


@dataclass(frozen=True)
class Needs:
    """Everything that decisions are made from; nothing in it is left open.

    Attributes:
        monthly: the budget for a month in `currency`, or nothing when none is stated.
        hour_cost: an engineer's hour, in `currency`.
        rate: what a US dollar is in `currency`.
    """

    requirements: Requirements
    assumptions: tuple[Assumption, ...]
    sources: tuple[Load, ...]
    uses: tuple[Use, ...]
    domains: tuple[str, ...]
    autonomous: bool
    complexity: Degree
    sensitivity: Degree
    regulation: tuple[str, ...]
    strict: bool
    cloud: Cloud
    monthly: float | None
    currency: str
    rate: float
    engineers: int
    skills: tuple[str, ...]
    hour_cost: float
    open_source: str
    uptime: float
    recovery_time: timedelta
    recovery_point: timedelta
    years: float
    restated: bool
    growth: float

    @property
    def events_per_second(self) -> float:
        """Records a second of all sources, on average."""
        return sum(load.events_per_second for load in self.sources)

    @property
    def peak(self) -> float:
        """Records a second of all sources, should their peaks meet."""
        return sum(load.events_per_second * load.peak_factor for load in self.sources)

    @property
    def gb_day(self) -> float:
        """GB that arrive in a day."""
        return sum(load.bytes_per_second for load in self.sources) * DAY / 1e9

    @property
    def freshest(self) -> Use:
        """The workload that must be served first."""
        return min(self.uses, key=lambda use: (use.freshness, use.need.name))

    @property
    def held(self) -> tuple[str, ...]:
        """The kinds of sensitive data that any source holds, in alphabetical order."""
        return tuple(sorted({kind for load in self.sources for kind in load.need.holds}))


class _Gaps:
    """Closes gaps, and keeps what it closed them with."""

    def __init__(self) -> None:
        self.assumed: list[Assumption] = []

    def closed(self, key: str, said: Any, value: Any, why: str, worded: Callable[[Any], str] = str) -> Any:
        """Return what was said, or else `value`, noted as assumed."""
        if said is not None:
            return said
        self.assumed.append(Assumption(key, worded(value), why))
        return value


def needs_of(requirements: Requirements, known: Knowledge) -> Needs:
    """Close every gap in requirements.

    Args:
        requirements: as read.
        known: for the price of an hour, and of one currency in another.
    """
    gaps = _Gaps()
    sources = tuple(_load(source, gaps) for source in requirements.sources)
    uses = tuple(_use(workload, gaps) for workload in requirements.workloads)
    domains = _domains(requirements, gaps)
    held = {kind for source in requirements.sources for kind in source.holds}
    sensitivity = gaps.closed("sensitivity", requirements.sensitivity, *_sensitivity(held))
    laws = tuple(sorted(LAWS[kind] for kind in held))
    regulation = gaps.closed(
        "regulation",
        requirements.regulation,
        laws,
        "from what the sources hold: " + (", ".join(sorted(held)) or "nothing that a law names"),
        lambda names: ", ".join(_law(name) for name in names) or "none",
    )
    currency = requirements.budget.currency if requirements.budget else "USD"
    rate = 1.0 if currency == "USD" else 1 / known.prices["usd_per_eur"].amount
    team, levels, history = requirements.team, requirements.service_levels, requirements.history
    return Needs(
        requirements=requirements,
        sources=sources,
        uses=uses,
        domains=domains,
        autonomous=gaps.closed(
            "autonomous_domains",
            requirements.autonomous_domains,
            len(domains) >= 3,
            "three domains or more are taken to have people of their own, fewer are not",
            lambda value: "each domain builds and answers for its own data" if value else "one team builds for all",
        ),
        complexity=gaps.closed(
            "complexity", requirements.complexity, "medium", "joins and aggregates, no more is said"
        ),
        sensitivity=sensitivity,
        regulation=regulation,
        strict=gaps.closed(
            "strictness",
            requirements.strictness,
            "moderate",
            "regulation that keeps data on the company's own machines would have been named",
        )
        == "strict",
        cloud=_cloud(requirements, gaps),
        monthly=requirements.budget.monthly
        if requirements.budget
        else gaps.closed("budget", None, None, "none is stated", lambda _: "no limit; costs are told in USD"),
        currency=currency,
        rate=rate,
        engineers=gaps.closed("team.engineers", team.engineers, 3, "a small team, as nothing is said"),
        skills=gaps.closed("team.skills", team.skills, ("python", "sql"), "what data teams mostly know", ", ".join),
        hour_cost=gaps.closed(
            "team.hour_cost",
            team.hour_cost,
            round(known.prices["labour_hour"].amount * ON_COSTS * rate, 2),
            f"the median wage of a software developer, times {ON_COSTS:g} for what an employer pays beside it",
            lambda value: f"{value:,.2f} {currency} an hour",
        ),
        open_source=gaps.closed(
            "open_source", requirements.open_source, "preferred", "it is where Headrace starts from"
        ),
        uptime=gaps.closed(
            "service_levels.uptime", levels.uptime, 99.9, "the framework's own example", "{:g} %".format
        ),
        recovery_time=gaps.closed(
            "service_levels.recovery_time", levels.recovery_time, timedelta(hours=4), "half a working day", duration
        ),
        recovery_point=gaps.closed(
            "service_levels.recovery_point", levels.recovery_point, timedelta(minutes=15), "a common promise", duration
        ),
        years=gaps.closed("history.years", history.years, 3.0, "as long as costs are counted for", "{:g} years".format),
        restated=gaps.closed(
            "history.restated",
            history.restated,
            False,
            "no bulk corrections are named",
            lambda _: "past records change by the stream alone",
        ),
        growth=gaps.closed(
            "yearly_growth",
            requirements.yearly_growth,
            0.3,
            "a guess for a company whose data grows",
            lambda value: f"{value:.0%} a year",
        ),
        assumptions=tuple(gaps.assumed),
    )


def _load(source: SourceNeed, gaps: _Gaps) -> Load:
    key = f"sources.{source.name}"
    why = f"a guess for {source.kind}, to be measured before anything is bought"
    return Load(
        source,
        gaps.closed(
            f"{key}.records_per_second", source.records_per_second, RATES[source.kind], why, "{:g} a second".format
        ),
        gaps.closed(
            f"{key}.peak_factor",
            source.peak_factor,
            PEAK,
            "busy hours are a few times the average",
            "{:g} times".format,
        ),
        gaps.closed(f"{key}.record_bytes", source.record_bytes, SIZES[source.kind], why, "{:g} bytes".format),
    )


def _use(workload: Workload, gaps: _Gaps) -> Use:
    key = f"workloads.{workload.name}"
    return Use(
        workload,
        gaps.closed(
            f"{key}.response", workload.response, RESPONSE[workload.kind], f"usual for {workload.kind}", duration
        ),
        gaps.closed(f"{key}.users", workload.users, USERS[workload.kind], f"a guess for {workload.kind}", str),
    )


def _cloud(requirements: Requirements, gaps: _Gaps) -> Cloud:
    cloud: Cloud = gaps.closed(
        "cloud",
        requirements.cloud,
        Cloud(strategy="cloud_neutral"),
        "no provider is named",
        lambda found: found.strategy.replace("_", "-"),
    )
    if cloud.strategy != "cloud_first" or cloud.provider is not None:
        return cloud
    provider = gaps.closed("cloud.provider", None, "aws", "none is named; its prices stand for any provider's", str)
    return cloud.model_copy(update={"provider": provider})


def _domains(requirements: Requirements, gaps: _Gaps) -> tuple[str, ...]:
    if requirements.domains is not None:
        return tuple(domain.name for domain in requirements.domains)
    said = {source.domain for source in requirements.sources} | {use.domain for use in requirements.workloads}
    named = tuple(sorted(domain for domain in said if domain is not None)) or ("company",)
    found: tuple[str, ...] = gaps.closed(
        "domains",
        None,
        named,
        "those that sources and workloads name" if len(named) > 1 else "none are named",
        ", ".join,
    )
    return found


def _sensitivity(held: Set[str]) -> tuple[Degree, str]:
    if held & {"health", "payment"}:
        return "high", "a source holds health or payment data"
    return (
        ("medium", "a source holds personal or financial data")
        if held
        else ("low", "no source is said to hold such data")
    )


def _law(name: str) -> str:
    return {"gdpr": "GDPR", "hipaa": "HIPAA", "sox": "SOX", "pci_dss": "PCI DSS"}[name]


def duration(value: timedelta) -> str:
    """Say a length of time in the largest unit that it is a whole number of."""
    micros = round(value.total_seconds() * 1_000_000)
    for size, word in ((86_400_000_000, "day"), (3_600_000_000, "hour"), (60_000_000, "minute"), (1_000_000, "second")):
        if micros and micros % size == 0:
            count = micros // size
            return f"{count} {word}{'' if count == 1 else 's'}"
    return f"{micros / 1000:g} ms"
