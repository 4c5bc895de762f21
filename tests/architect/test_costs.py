"""Bills worked out by hand, and what they may and may not depend on."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.architect.costs import YEARS, Cost, cost, priced, quantities
from headrace.architect.framework import Pattern
from headrace.architect.knowledge import Component, Knowledge, Technology, knowledge
from headrace.architect.needs import Needs

from .made import known, price, technology
from .scenarios import needing

DAYS = 365
RATE_OF_BYTES = 0.25
"""What is left of the bytes that arrived, as the model says of itself."""


def loaded(rate: float = 1_000, growth: float = 0.5, years: float = 10, **said: Any) -> Needs:
    """So many records of 1,000 bytes a second, three times as many at the peak; 10 users, 50 an hour."""
    source = {"name": "s", "kind": "events", "records_per_second": rate, "record_bytes": 1_000, "peak_factor": 3}
    workloads = [{"name": "w", "kind": "dashboard", "freshness": "5 seconds", "users": 10}]
    stated: dict[str, Any] = {"sources": [source], "workloads": workloads, "yearly_growth": growth}
    stated |= {"history": {"years": years}, "team": {"hour_cost": 50}, "complexity": "medium"}
    return needing("dashboard 5 seconds", **{**stated, **said})


def billed(needs: Needs, item: dict[str, Any], unit: str = "month", amount: float = 10, **said: Any) -> Cost:
    """The cost of a technology with this one line."""
    made = technology(items=[{"price": "thing", **item}], **said)
    return cost(made, needs, known({"event_log": {"made": made}}, {"thing": price(amount, unit)}), "own", "kappa")


def units(found: Cost) -> list[float]:
    return [line.units for bill in found.bills for line in bill]


def amounts(found: Cost) -> list[float]:
    return [line.amount for bill in found.bills for line in bill]


def test_one_of_something_by_the_month() -> None:
    found = billed(loaded(), {})
    assert units(found) == [1, 1, 1]
    assert amounts(found) == [120, 120, 120]
    assert (found.bought, found.labour, found.total, found.first_month) == (360, 0, 360, 10)


def test_what_is_paid_by_the_hour_runs_730_of_them() -> None:
    assert amounts(billed(loaded(), {}, unit="hour", amount=0.1)) == pytest.approx([0.1 * 730 * 12] * 3)


def test_whole_machines_grow_with_the_peak() -> None:
    # 3,000 records/s at the peak, half as many again each year, 1,000 to a machine: 3, 4.5 and 6.75.
    found = billed(loaded(), {"of": "events_per_second", "per": 1_000, "whole": True}, unit="hour", amount=0.1)
    assert units(found) == [3, 5, 7]
    assert amounts(found) == pytest.approx([2_628, 4_380, 6_132])
    assert units(billed(loaded(), {"of": "events_per_second", "per": 1_000})) == pytest.approx([3, 4.5, 6.75])


def test_no_fewer_than_the_least() -> None:
    item = {"of": "events_per_second", "per": 1_000, "whole": True, "least": 6}
    assert units(billed(loaded(), item)) == [6, 6, 7]
    assert units(billed(loaded(), {"of": "users", "per": 100, "least": 0.5})) == [0.5, 0.5, 0.5]


def test_copies_are_times() -> None:
    # 86.4 GB a day, kept for 7 days, three times; 50 % more each year.
    found = billed(loaded(), {"of": "gb_hot", "times": 3}, unit="gb_month", amount=0.05)
    assert units(found) == pytest.approx([1_814.4, 2_721.6, 4_082.4])
    assert amounts(found) == pytest.approx([1_814.4 * 12 * 0.05, 2_721.6 * 12 * 0.05, 4_082.4 * 12 * 0.05])


def test_per_times_and_whole_together() -> None:
    # 10 users, 4 to a seat of which each takes two: 5 units, and a part of one is one.
    assert units(billed(loaded(), {"of": "users", "per": 4, "times": 2, "whole": True})) == [5, 5, 5]
    assert units(billed(loaded(), {"of": "users", "per": 4, "times": 2.2, "whole": True})) == [6, 6, 6]


def test_a_whole_number_that_arithmetic_misses_by_a_hair_is_not_one_more() -> None:
    assert 10 / 3 * 2.1 > 7
    assert units(billed(loaded(), {"of": "users", "per": 3, "times": 2.1, "whole": True})) == [7, 7, 7]


def test_engineers_set_up_in_the_first_year_and_look_after_all() -> None:
    labour = {"setup_hours": 40, "monthly_hours": 5, "why": "So."}
    found = billed(loaded(), {}, labour=labour)
    assert list(found.hours) == [100, 60, 60]
    assert found.labour == 220 * 50
    assert found.total == 360 + 11_000
    assert found.first_month == 10 + 5 * 50


def test_several_lines_come_to_their_sum() -> None:
    made = technology(items=[{"price": "a"}, {"price": "b", "of": "users"}])
    prices = {"a": price(3, "month"), "b": price(2, "user_month")}
    found = cost(made, loaded(), known({"event_log": {"made": made}}, prices), "own", "kappa")
    assert [[line.price for line in bill] for bill in found.bills] == [["a", "b"]] * YEARS
    assert found.bought == 3 * 12 * (3 + 20)


def test_a_price_is_the_providers_unless_it_stands_by_itself() -> None:
    prices = {"vm": price(1, "month"), "aws_disk": price(2, "month"), "gcp_disk": price(3, "month")}
    assert priced("vm", prices, "aws") == "vm"
    assert priced("disk", prices, "gcp") == "gcp_disk"
    anywhere = technology(items=[{"price": "disk"}])
    only_there = technology(items=[{"price": "disk"}], provider="aws", kind="proprietary", licence="proprietary")
    base = known({"event_log": {"anywhere": anywhere, "only_there": only_there}}, prices)
    assert [cost(anywhere, loaded(), base, where, "kappa").first_month for where in ("aws", "gcp")] == [2, 3]
    assert [cost(only_there, loaded(), base, where, "kappa").first_month for where in ("aws", "gcp")] == [2, 2]


def test_what_costs_grow_with_by_hand() -> None:
    found = quantities(loaded(), 1, "kappa")
    first = 86.4 * DAYS * RATE_OF_BYTES
    assert found == pytest.approx(
        {
            "one": 1,
            "events_per_second": 4_500,
            "million_events": 1_500 * 730 * 3_600 / 1e6,
            "gb_in": 1_500 * 1_000 * 730 * 3_600 / 1e9,
            "gb_hot": 129.6 * 7,
            "gb_stored": first + first * 1.5 / 2,
            "gb_served": (first + first * 1.5 / 2) * 0.05,
            "gb_scanned": 10 * 20 * 22 * 1,  # a GB an answer: more is not read
            "cores": 1,
            "users": 10,
        }
    )


def test_a_warehouse_serves_all_history_and_small_answers_read_their_share() -> None:
    needs = loaded(rate=0.1, growth=0)
    stored = 0.1 * 1_000 * 86_400 / 1e9 * DAYS * RATE_OF_BYTES / 2
    shares: dict[Pattern, float] = {"warehouse": stored, "lambda": stored * 0.05}
    for pattern, served in shares.items():
        found = quantities(needs, 0, pattern)
        assert found["gb_served"] == pytest.approx(served)
        assert found["gb_scanned"] == pytest.approx(10 * 20 * 22 * 0.02 * served)


@pytest.mark.parametrize(("complexity", "cores"), [("low", 30), ("medium", 60), ("high", 120)])
def test_harder_work_takes_more_cores(complexity: str, cores: float) -> None:
    needs = loaded(rate=1_000_000, growth=1, complexity=complexity)
    assert [quantities(needs, year, "kappa")["cores"] for year in range(3)] == [cores, 2 * cores, 4 * cores]


def arriving(month: int, growth: float) -> float:
    """GB of history that a month adds, when 86.4 GB arrive each day of the first year."""
    return 86.4 * DAYS / 12 * (1 + growth) ** (month // 12) * RATE_OF_BYTES


def held(after: int, kept: int, growth: float) -> float:
    """GB after so many months, month by month, when each is deleted after so many more."""
    return sum(arriving(month, growth) for month in range(max(0, after - kept), after))


@given(kept=st.integers(1, 60), growth=st.floats(0, 2), year=st.integers(0, YEARS - 1))
@settings(max_examples=100, deadline=None)
def test_history_is_what_a_month_by_month_account_has_in_the_middle_of_the_year(
    kept: int, growth: float, year: int
) -> None:
    found = quantities(loaded(growth=growth, years=kept / 12), year, "kappa")["gb_stored"]
    assert found == pytest.approx(held(12 * year + 6, kept, growth), rel=1e-9)


@given(kept=st.integers(1, 5), growth=st.floats(0, 2), year=st.integers(0, YEARS - 1))
@settings(max_examples=60, deadline=None)
def test_history_that_is_kept_for_whole_years_is_the_years_average(kept: int, growth: float, year: int) -> None:
    months = range(12 * year, 12 * year + 12)
    average = sum(held(m, 12 * kept, growth) + held(m + 1, 12 * kept, growth) for m in months) / 24
    found = quantities(loaded(growth=growth, years=kept), year, "kappa")["gb_stored"]
    assert found == pytest.approx(average, rel=1e-9)


EVERY = [(component, name) for component, group in knowledge().technologies.items() for name in group]


def real(component: Component, name: str) -> tuple[Technology, Knowledge]:
    return knowledge().technologies[component][name], knowledge()


@given(
    which=st.sampled_from(EVERY),
    rate=st.floats(0.001, 1e6),
    times=st.floats(1, 1e3),
    pattern=st.sampled_from(("lambda", "kappa", "mesh", "warehouse")),
)
@settings(max_examples=150, deadline=None)
def test_more_volume_never_costs_less(
    which: tuple[Component, str], rate: float, times: float, pattern: Pattern
) -> None:
    made, base = real(*which)
    less, more = (cost(made, loaded(rate=r), base, "own", pattern) for r in (rate, rate * times))
    assert less.bought <= more.bought * (1 + 1e-9)
    assert less.labour == more.labour


@given(which=st.sampled_from(EVERY), growth=st.floats(0, 3), more=st.floats(0, 3), years=st.floats(0.1, 20))
@settings(max_examples=100, deadline=None)
def test_more_growth_and_longer_history_never_cost_less(
    which: tuple[Component, str], growth: float, more: float, years: float
) -> None:
    made, base = real(*which)
    found = cost(made, loaded(growth=growth, years=years), base, "aws", "lambda")
    for other in (loaded(growth=growth + more, years=years), loaded(growth=growth, years=years + more)):
        assert found.bought <= cost(made, other, base, "aws", "lambda").bought * (1 + 1e-9)
    by_year = [sum(line.amount for line in bill) for bill in found.bills]
    assert all(later >= earlier * (1 - 1e-9) for earlier, later in pairwise(by_year))


@pytest.mark.parametrize(("component", "name"), EVERY)
def test_a_currency_scales_all_that_is_bought_and_no_stated_wage(component: Component, name: str) -> None:
    made, base = real(component, name)
    dollars = cost(made, loaded(budget={"monthly": 1, "currency": "USD"}), base, "own", "lambda")
    euros = cost(made, loaded(budget={"monthly": 1, "currency": "EUR"}), base, "own", "lambda")
    rate = 1 / base.prices["usd_per_eur"].amount
    assert amounts(euros) == pytest.approx([amount * rate for amount in amounts(dollars)])
    assert units(euros) == units(dollars)
    assert euros.labour == dollars.labour
