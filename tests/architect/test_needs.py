"""Gaps become assumptions that say so, and figures follow from what is known."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.architect.knowledge import knowledge
from headrace.architect.needs import Needs, duration, needs_of
from headrace.architect.requirements import Requirements

from .made import known
from .scenarios import EXAMPLES, example, needing

NOTHING_SAID: dict[str, Any] = {
    "name": "Reports",
    "sources": [{"name": "orders", "kind": "database"}],
    "workloads": [{"name": "weekly", "kind": "report", "freshness": "1 week"}],
}
SAID_FOR_IT = {
    "sources.orders.records_per_second": "20 a second",
    "sources.orders.peak_factor": "5 times",
    "sources.orders.record_bytes": "300 bytes",
    "workloads.weekly.response": "30 seconds",
    "workloads.weekly.users": "20",
    "domains": "company",
    "sensitivity": "low",
    "regulation": "none",
    "autonomous_domains": "one team builds for all",
    "budget": "no limit; costs are told in USD",
    "complexity": "medium",
    "strictness": "moderate",
    "cloud": "cloud-neutral",
    "team.engineers": "3",
    "team.skills": "python, sql",
    "team.hour_cost": "140.00 USD an hour",  # 100 dollars, and 1.4 times that
    "open_source": "preferred",
    "service_levels.uptime": "99.9 %",
    "service_levels.recovery_time": "4 hours",
    "service_levels.recovery_point": "15 minutes",
    "history.years": "3 years",
    "history.restated": "past records change by the stream alone",
    "yearly_growth": "30% a year",
}
ALL_SAID: dict[str, Any] = {
    "sources.orders.records_per_second": 7,
    "sources.orders.peak_factor": 2,
    "sources.orders.record_bytes": 70,
    "workloads.weekly.response": "3 seconds",
    "workloads.weekly.users": 9,
    "domains": [{"name": "sales"}, {"name": "stock"}],
    "sensitivity": "medium",
    "regulation": [],
    "autonomous_domains": False,
    "complexity": "low",
    "strictness": "strict",
    "cloud": {"strategy": "cloud_first", "provider": "gcp", "multi_cloud": True},
    "team.engineers": 0,
    "team.skills": [],
    "team.hour_cost": 33.5,
    "open_source": "indifferent",
    "service_levels.uptime": 90,
    "service_levels.recovery_time": "2 days",
    "service_levels.recovery_point": "1 hour",
    "history.years": 0.5,
    "history.restated": False,
    "budget": {"monthly": 1000, "currency": "USD"},
    "yearly_growth": 0,
}
MADE = known({})


def saying(said: dict[str, Any], **more: Any) -> Needs:
    """The needs of the smallest requirements with some of their gaps closed, by dotted key."""
    (source,), (workload,) = NOTHING_SAID["sources"], NOTHING_SAID["workloads"]
    written: dict[str, Any] = {**NOTHING_SAID, "sources": [{**source}], "workloads": [{**workload}], **more}
    for key, value in said.items():
        first, *rest = key.split(".")
        if first in ("sources", "workloads"):
            written[first][0][rest[1]] = value
        elif rest:
            written.setdefault(first, {})[rest[0]] = value
        else:
            written[first] = value
    return needs_of(Requirements.model_validate(written), MADE)


def test_every_gap_is_an_assumption_in_words() -> None:
    assumed = saying({}).assumptions
    assert {each.key: each.said for each in assumed} == SAID_FOR_IT
    assert len(assumed) == len(SAID_FOR_IT)
    assert all(each.why.strip() for each in assumed)


def test_what_is_said_is_never_assumed() -> None:
    needs = saying(ALL_SAID)
    assert needs.assumptions == ()
    (load,), (use,) = needs.sources, needs.uses
    assert (load.events_per_second, load.peak_factor, load.record_bytes) == (7, 2, 70)
    assert (use.response, use.users, use.freshness) == (timedelta(seconds=3), 9, 604_800)
    assert (needs.domains, needs.autonomous, needs.complexity) == (("sales", "stock"), False, "low")
    assert (needs.sensitivity, needs.regulation, needs.strict) == ("medium", (), True)
    assert (needs.cloud.strategy, needs.cloud.provider, needs.cloud.multi_cloud) == ("cloud_first", "gcp", True)
    assert (needs.engineers, needs.skills, needs.hour_cost) == (0, (), 33.5)
    assert (needs.open_source, needs.uptime) == ("indifferent", 90)
    assert (needs.recovery_time, needs.recovery_point) == (timedelta(days=2), timedelta(hours=1))
    assert (needs.years, needs.restated, needs.growth) == (0.5, False, 0)


@given(said=st.sets(st.sampled_from(sorted(ALL_SAID))))
@settings(max_examples=60, deadline=None)
def test_exactly_what_is_not_said_is_assumed(said: set[str]) -> None:
    assumed = [each.key for each in saying({key: ALL_SAID[key] for key in said}).assumptions]
    assert sorted(assumed) == sorted(set(ALL_SAID) - said)


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.yaml")))
def test_an_examples_assumptions_are_told_once_each(name: str) -> None:
    keys = [each.key for each in example(name).assumptions]
    assert len(keys) == len(set(keys))


def test_a_cloud_without_a_provider_is_a_gap_too() -> None:
    needs = saying({**ALL_SAID, "cloud": {"strategy": "cloud_first"}})
    assert [each.key for each in needs.assumptions if each.key.startswith("cloud")]


def test_figures_of_two_sources_by_hand() -> None:
    sources = [
        {"name": "clicks", "kind": "events", "records_per_second": 100, "record_bytes": 500, "peak_factor": 4},
        {"name": "orders", "kind": "database"},  # 20 a second of 300 bytes, five times as many at the peak
    ]
    needs = needing("dashboard 5 seconds", sources=sources)
    assert needs.events_per_second == 120
    assert needs.peak == 100 * 4 + 20 * 5
    assert needs.gb_day == pytest.approx(100 * 500 * 86_400 / 1e9 + 20 * 300 * 86_400 / 1e9)
    assert needs.gb_day == pytest.approx(4.8384)


@pytest.mark.parametrize(
    ("kind", "rate", "size"),
    [
        ("database", 20, 300),
        ("events", 200, 500),
        ("files", 10, 200),
        ("api", 5, 1_000),
        ("devices", 1_000, 200),
        ("logs", 500, 400),
    ],
)
def test_a_kind_of_source_has_its_guess(kind: str, rate: float, size: float) -> None:
    needs = needing("report 1 day", sources=[{"name": "it", "kind": kind}])
    (load,) = needs.sources
    assert (load.events_per_second, load.record_bytes, load.bytes_per_second) == (rate, size, rate * size)
    assert [each.why for each in needs.assumptions if each.key == "sources.it.record_bytes"] == [
        f"a guess for {kind}, to be measured before anything is bought"
    ]


@pytest.mark.parametrize(
    ("held", "sensitivity", "laws"),
    [
        ([[]], "low", ()),
        ([["personal"]], "medium", ("gdpr",)),
        ([["financial"]], "medium", ("sox",)),
        ([["payment"]], "high", ("pci_dss",)),
        ([["health"]], "high", ("hipaa",)),
        ([["personal"], ["health"]], "high", ("gdpr", "hipaa")),
        ([["financial", "personal"], [], ["personal"]], "medium", ("gdpr", "sox")),
        ([["personal", "payment", "health", "financial"]], "high", ("gdpr", "hipaa", "pci_dss", "sox")),
    ],
)
def test_sensitivity_and_laws_follow_from_what_sources_hold(
    held: list[list[str]], sensitivity: str, laws: tuple[str, ...]
) -> None:
    sources = [{"name": f"s{place}", "kind": "files", "holds": kinds} for place, kinds in enumerate(held)]
    needs = needing("report 1 day", sources=sources)
    assert (needs.sensitivity, needs.regulation) == (sensitivity, laws)
    assert needs.held == tuple(sorted({kind for kinds in held for kind in kinds}))


def test_what_is_said_of_laws_and_sensitivity_stands_against_what_sources_hold() -> None:
    sources = [{"name": "patients", "kind": "database", "holds": ["health"]}]
    needs = needing("report 1 day", sources=sources, sensitivity="low", regulation=["gdpr"])
    assert (needs.sensitivity, needs.regulation) == ("low", ("gdpr",))


def test_domains_that_nobody_declares_are_those_that_are_named() -> None:
    sources = [{"name": "b", "kind": "files", "domain": "sales"}, {"name": "a", "kind": "files", "domain": "claims"}]
    workloads = [{"name": "w", "kind": "report", "freshness": "1 day", "domain": "stock"}]
    needs = needing("report 1 day", sources=sources, workloads=workloads)
    assert needs.domains == ("claims", "sales", "stock")
    assert needs.autonomous
    assert not needing("report 1 day", sources=sources).autonomous
    (assumed,) = (each for each in needs.assumptions if each.key == "domains")
    assert assumed.said == "claims, sales, stock"


def test_amounts_are_in_the_currency_of_the_budget() -> None:
    euros = saying({}, budget={"monthly": 1_000, "currency": "EUR"})
    assert (euros.monthly, euros.currency, euros.rate, euros.hour_cost) == (1_000, "EUR", 0.8, 112)
    assert [each.said for each in euros.assumptions if each.key == "team.hour_cost"] == ["112.00 EUR an hour"]
    dollars = saying({}, budget={"monthly": 1_000})
    assert (dollars.monthly, dollars.currency, dollars.rate, dollars.hour_cost) == (1_000, "USD", 1, 140)
    nothing = saying({})
    assert (nothing.monthly, nothing.currency, nothing.rate) == (None, "USD", 1)
    assert saying({"team.hour_cost": 50}, budget={"monthly": 1, "currency": "EUR"}).hour_cost == 50


def test_a_wage_of_the_knowledge_base_is_what_an_hour_costs_at_least() -> None:
    assert needing("report 1 day").hour_cost > knowledge().prices["labour_hour"].amount


def test_the_freshest_is_the_first_by_name_of_equals() -> None:
    assert needing("report 1 day", "alert 2 seconds", "dashboard 2 seconds").freshest.need.name == "alert_1"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (timedelta(days=2), "2 days"),
        (timedelta(hours=24), "1 day"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(milliseconds=1_500), "1500 ms"),
        (timedelta(microseconds=500), "0.5 ms"),
    ],
)
def test_a_length_of_time_is_said_in_its_largest_whole_unit(value: timedelta, said: str) -> None:
    assert duration(value) == said
