"""Scores by hand, what bars a technology, and stacks whose parts go together."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.architect.deployment import Deployment, deploy
from headrace.architect.framework import CRITERIA, Pattern
from headrace.architect.knowledge import Component, Knowledge, Technology, knowledge
from headrace.architect.needs import Needs
from headrace.architect.scoring import RATIOS, Scored, points, score
from headrace.architect.stack import PREFERENCE, Part, Stack, stacks, wanted

from .made import known, price, proprietary, technology
from .scenarios import example, needing

KNOWN = knowledge()
EXAMPLES: dict[str, Pattern] = {
    "brief": "lambda",
    "e_commerce": "lambda",
    "iot": "kappa",
    "many_domains": "mesh",
    "reporting_only": "warehouse",
}
AWS = {"strategy": "cloud_first", "provider": "aws"}
SOURCES = [{"name": kind, "kind": kind} for kind in ("events", "database", "files")]


def scores(
    made: dict[str, Technology], component: Component = "event_log", prices: dict[str, Any] | None = None, **said: Any
) -> dict[str, Scored]:
    """Score made-up technologies of one component; `said` are requirements, of a live page unless they say otherwise."""
    needs = needing(*said.pop("wishes", ("dashboard 5 seconds",)), **said)
    found = score(component, needs, known({component: made}, prices), deploy(needs), "kappa")
    return {each.name: each for each in found}


def factors_of(made: Technology, **said: Any) -> dict[str, int]:
    return {name: factor.score for name, factor in scores({"made": made}, **said)["made"].factors.items()}


def stacks_of(needs: Needs, pattern: Pattern) -> tuple[Stack, ...]:
    return stacks(needs, KNOWN, deploy(needs), pattern)


RATED = {
    "performance": 5,
    "scalability": 4,
    "reliability": 3,
    "ease_of_use": 2,
    "monitoring": 1,
    "maintenance": 3,
    "skill_availability": 4,
    "future_roadmap": 2,
}


def test_criteria_are_the_means_of_their_factors_by_hand() -> None:
    found = scores({"made": technology(ratings=RATED)})["made"]
    # Open source where it is preferred: 5 for alignment, 5 for its licence; alone, its costs are the least.
    assert found.criteria == pytest.approx(
        {
            "technical_fit": (5 + 4 + 3) / 3,
            "operational_fit": (2 + 1 + 3) / 3,
            "strategic_fit": (5 + 4 + 2) / 3,
            "cost_efficiency": (5 + 5 + 5) / 3,
        }
    )
    assert found.total == pytest.approx(0.30 * 4 + 0.25 * 2 + 0.25 * 11 / 3 + 0.20 * 5)
    assert found.barred == ""


@pytest.mark.parametrize(
    ("weights", "total"),
    [
        ({"technical_fit": 1, "operational_fit": 0, "strategic_fit": 0, "cost_efficiency": 0}, 4),
        ({"technical_fit": 0, "operational_fit": 1, "strategic_fit": 0, "cost_efficiency": 0}, 2),
        ({"technical_fit": 0, "operational_fit": 0, "strategic_fit": 1, "cost_efficiency": 0}, 11 / 3),
        ({"technical_fit": 0, "operational_fit": 0, "strategic_fit": 0, "cost_efficiency": 1}, 5),
        ({"technical_fit": 0.5, "operational_fit": 0.5, "strategic_fit": 0, "cost_efficiency": 0}, 3),
        ({"technical_fit": 0.55, "operational_fit": 0, "cost_efficiency": 0.2}, 0.55 * 4 + 0.25 * 11 / 3 + 0.2 * 5),
    ],
)
def test_the_users_weights_make_the_total(weights: dict[str, float], total: float) -> None:
    assert scores({"made": technology(ratings=RATED)}, weights=weights)["made"].total == pytest.approx(total)


def test_weights_turn_the_order_round() -> None:
    made = {
        "fast": technology(ratings={"performance": 5, "scalability": 5}),
        "easy": technology(ratings={"ease_of_use": 5, "monitoring": 5}),
    }
    technical = {"technical_fit": 0.6, "operational_fit": 0.1, "strategic_fit": 0.2, "cost_efficiency": 0.1}
    operational = {"technical_fit": 0.1, "operational_fit": 0.6, "strategic_fit": 0.2, "cost_efficiency": 0.1}
    assert list(scores(made, weights=technical)) == ["fast", "easy"]
    assert list(scores(made, weights=operational)) == ["easy", "fast"]


def test_the_best_comes_first_equals_by_name_and_the_barred_last() -> None:
    made = {
        "worst": technology(2),
        "b_even": technology(4),
        "a_even": technology(4),
        "barred": technology(5, single=True),
        "best": technology(5),
    }
    assert list(scores(made)) == ["best", "a_even", "b_even", "worst", "barred"]


@pytest.mark.parametrize(
    ("kind", "wish", "alignment", "licensing"),
    [
        ("open_source", "preferred", 5, 5),
        ("open_source", "required", 5, 5),
        ("open_source", "indifferent", 4, 5),
        ("source_available", "preferred", 2, 4),
        ("source_available", "indifferent", 3, 4),
        ("proprietary", "preferred", 2, 2),
        ("proprietary", "indifferent", 3, 2),
    ],
)
def test_licence_and_wish_make_alignment_and_licensing(kind: str, wish: str, alignment: int, licensing: int) -> None:
    found = factors_of(technology(kind=kind), open_source=wish)
    assert (found["vendor_alignment"], found["licensing_cost"]) == (alignment, licensing)


def test_a_providers_own_service_ties_less_where_the_provider_is_chosen() -> None:
    made = proprietary(provider="aws")
    assert factors_of(made, cloud=AWS)["vendor_alignment"] == 3
    assert factors_of(made, cloud=AWS, open_source="indifferent")["vendor_alignment"] == 4
    assert factors_of(made, cloud={**AWS, "multi_cloud": True})["vendor_alignment"] == 1
    assert factors_of(made, cloud={**AWS, "provider": "gcp"})["vendor_alignment"] == 1


@pytest.mark.parametrize(("team", "skill"), [(["java", "sql"], 4), (["java"], 3), (["python"], 2), ([], 2)])
def test_what_the_team_knows_is_a_point_more_or_less(team: list[str], skill: int) -> None:
    made = technology(skills=["java", "sql"])
    assert factors_of(made, team={"skills": team})["skill_availability"] == skill


def test_skills_stay_on_the_scale() -> None:
    assert factors_of(technology(5, skills=["sql"]), team={"skills": ["sql"]})["skill_availability"] == 5
    assert factors_of(technology(1, skills=["sql"]), team={"skills": []})["skill_availability"] == 1
    assert factors_of(technology(3), team={"skills": []})["skill_availability"] == 3


@pytest.mark.parametrize(("latency", "performance"), [(0, 5), (2.5, 5), (2.6, 2), (5, 2)])
def test_who_needs_more_than_half_the_time_is_no_more_than_partly_fast(latency: float, performance: int) -> None:
    made = technology(ratings={"performance": 5}, latency_seconds=latency)
    assert factors_of(made)["performance"] == performance
    assert factors_of(made, component="monitoring")["performance"] == 5


@pytest.mark.parametrize(("ceiling", "scalability"), [(None, 5), (2_000, 5), (1_999, 2), (1_000, 2)])
def test_who_bears_less_than_twice_the_peak_is_no_more_than_partly_scalable(
    ceiling: float | None, scalability: int
) -> None:
    source = {"name": "s", "kind": "events", "records_per_second": 200, "peak_factor": 5}
    made = technology(ratings={"scalability": 5}, events_per_second=ceiling)
    assert factors_of(made, sources=[source])["scalability"] == scalability


def test_a_factor_that_was_low_already_is_not_raised_by_a_limit() -> None:
    assert factors_of(technology(1, latency_seconds=4))["performance"] == 1


def test_costs_are_rated_beside_the_least_by_hand() -> None:
    prices = {"euro": price(1, "month")}
    made = {
        str(f"at_{times}"): technology(
            items=[{"price": "euro", "times": times}],
            labour={"setup_hours": 0, "monthly_hours": times / 100, "why": "So."},
        )
        for times in (100, 125, 126, 175, 250, 400, 401)
    }
    found = scores(made, prices=prices)
    rated = {"at_100": 5, "at_125": 5, "at_126": 4, "at_175": 4, "at_250": 3, "at_400": 2, "at_401": 1}
    assert {name: found[name].factors["total_cost"].score for name in made} == rated
    assert {name: found[name].factors["operational_cost"].score for name in made} == rated


@pytest.mark.parametrize(
    ("amount", "amounts", "given"),
    [(0, [0, 5], 5), (5, [0, 5], 1), (0, [0, 0], 5), (3, [3], 5), (5, [4, 5], 5), (16, [4, 16], 2), (17, [4, 17], 1)],
)
def test_points_of_a_cost(amount: float, amounts: list[float], given: int) -> None:
    assert points(amount, amounts)[0] == given


@given(amounts=st.lists(st.floats(0, 1e9), min_size=1, max_size=6))
@settings(deadline=None)
def test_a_dearer_one_never_has_more_points(amounts: list[float]) -> None:
    rated = [points(amount, amounts)[0] for amount in sorted(amounts)]
    assert rated == sorted(rated, reverse=True)
    assert rated[0] == RATIOS[0][1]


BARRED: list[tuple[str, Technology, dict[str, Any], str]] = [
    ("closed_where_open_is_required", proprietary(), {"open_source": "required"}, "open source is required"),
    (
        "limited_where_open_is_required",
        technology(kind="source_available", licence="BUSL-1.1"),
        {"open_source": "required"},
        "BUSL-1.1",
    ),
    (
        "hosted_where_all_is_on_own_machines",
        proprietary(hosted=True),
        {"cloud": {"strategy": "on_premises"}},
        "own machines",
    ),
    (
        "a_clouds_where_regulation_keeps_data_at_home",
        proprietary(provider="aws"),
        {"cloud": AWS, "sensitivity": "high", "strictness": "strict"},
        "own machines",
    ),
    ("without_a_price", proprietary(unpriced=True), {}, "no price"),
    (
        "a_clouds_where_none_is_to_tie",
        proprietary(provider="aws"),
        {"cloud": {"strategy": "cloud_neutral"}},
        "no cloud",
    ),
    (
        "the_preferred_clouds_where_none_is_to_tie",
        proprietary(provider="aws"),
        {"cloud": {"strategy": "cloud_neutral", "provider": "aws"}},
        "no cloud",
    ),
    ("another_clouds", proprietary(provider="gcp"), {"cloud": AWS}, "elsewhere"),
    (
        "on_one_machine_where_uptime_is_promised",
        technology(single=True),
        {"service_levels": {"uptime": 99.6}},
        "99.6 %",
    ),
    (
        "on_one_machine_where_little_may_be_lost",
        technology(single=True),
        {"service_levels": {"uptime": 99.5, "recovery_point": "59 minutes"}},
        "59 minutes",
    ),
    ("too_slow", technology(latency_seconds=5.1), {}, "5.1 s"),
    (
        "too_small",
        technology(events_per_second=999),
        {"sources": [{"name": "s", "kind": "events", "records_per_second": 200, "peak_factor": 5}]},
        "1,000",
    ),
]
LET: list[tuple[str, Technology, dict[str, Any]]] = [
    ("open_where_open_is_required", technology(), {"open_source": "required"}),
    ("closed_where_open_is_preferred", proprietary(), {"open_source": "preferred"}),
    ("hosted_in_a_cloud_for_all", proprietary(hosted=True), {"cloud": {"strategy": "cloud_neutral"}}),
    ("closed_on_own_machines", proprietary(), {"cloud": {"strategy": "on_premises"}}),
    ("the_chosen_clouds", proprietary(provider="aws"), {"cloud": AWS}),
    (
        "on_one_machine_where_that_is_enough",
        technology(single=True),
        {"service_levels": {"uptime": 99.5, "recovery_point": "1 hour"}},
    ),
    ("just_fast_enough", technology(latency_seconds=5), {}),
    (
        "just_large_enough",
        technology(events_per_second=1_000),
        {"sources": [{"name": "s", "kind": "events", "records_per_second": 200, "peak_factor": 5}]},
    ),
    ("slow_where_nobody_waits", technology(latency_seconds=600), {"wishes": ("report 1 minute",)}),
]


@pytest.mark.parametrize(("made", "said", "why"), [case[1:] for case in BARRED], ids=[case[0] for case in BARRED])
def test_what_bars_a_technology(made: Technology, said: dict[str, Any], why: str) -> None:
    assert why in scores({"made": made}, **said)["made"].barred


@pytest.mark.parametrize(("made", "said"), [case[1:] for case in LET], ids=[case[0] for case in LET])
def test_what_does_not_bar_it(made: Technology, said: dict[str, Any]) -> None:
    assert scores({"made": made}, **said)["made"].barred == ""


CENTRAL: Component = "stream_processing"


def whole(logs: dict[str, Technology], **fits: Any) -> Knowledge:
    """One open technology for each component, two engines, and these logs."""
    group: dict[Component, dict[str, Technology]] = {
        component: {f"the_{component}": technology()} for component in KNOWN.technologies
    }
    return known({**group, "event_log": logs, CENTRAL: {"one": technology(5), "other": technology(4)}}, **fits)


def logs_chosen(logs: dict[str, Technology], fits: dict[str, Any] | None = None, **said: Any) -> dict[str, str]:
    """The log of the stack around each engine, the best stack first."""
    needs = needing("dashboard 5 seconds", "report 1 day", **said)
    found = stacks(needs, whole(logs, **(fits or {})), deploy(needs), "lambda")
    return {stack.engine: stack.parts["event_log"].chosen.name for stack in found}


ONLY_TECHNICAL = {"technical_fit": 1, "operational_fit": 0, "strategic_fit": 0, "cost_efficiency": 0}


@pytest.mark.parametrize(
    ("lead", "wish", "chosen"),
    [
        (1, "preferred", "opened"),  # a third of a point
        (2, "preferred", "closed"),  # two thirds
        (1, "indifferent", "closed"),
        (0, "indifferent", "closed"),  # equal, and first by its name
        (0, "preferred", "opened"),
        (6, "required", "opened"),
    ],
)
def test_a_closed_part_is_taken_where_it_leads_by_more_than_the_preference(lead: int, wish: str, chosen: str) -> None:
    better = dict.fromkeys(("performance", "scalability", "reliability"), 3)
    for place in range(lead):
        better[("performance", "scalability", "reliability")[place % 3]] += 1
    logs = {"opened": technology(3), "closed": proprietary(3, better)}
    assert set(logs_chosen(logs, open_source=wish, weights=ONLY_TECHNICAL).values()) == {chosen}


def test_a_lead_of_just_the_preference_is_not_more() -> None:
    # Two thirds of a point at a weight of 0.75 are 0.5.
    weights = {**ONLY_TECHNICAL, "technical_fit": 0.75, "operational_fit": 0.25}
    logs = {"opened": technology(3), "closed": proprietary(3, {"performance": 4, "scalability": 4})}
    assert set(logs_chosen(logs, open_source="preferred", weights=weights).values()) == {"opened"}
    # By the framework's weights: 0.3 * 2/3 + 0.25 * 2/3 + 0.25 * 4/3 - 0.2 * 1 are 0.5 too.
    raised = dict.fromkeys(("performance", "scalability", "ease_of_use", "monitoring"), 2)
    logs = {"opened": technology(1), "closed": proprietary(1, {**raised, "skill_availability": 5, "future_roadmap": 4})}
    assert set(logs_chosen(logs, open_source="preferred").values()) == {"opened"}


def test_a_part_goes_with_the_engine_at_the_centre() -> None:
    logs = {"best": technology(5), "good": technology(4), "fair": technology(3)}
    assert logs_chosen(logs) == {"one": "best", "other": "best"}
    assert logs_chosen(logs, {"only_with": {"best": ["other"]}}) == {"other": "best", "one": "good"}
    assert logs_chosen(logs, {"reads": {"one": ["fair"]}}) == {"one": "fair", "other": "best"}
    assert logs_chosen(logs, {"serves": {"one": {"event_log": ["good"]}}}) == {"one": "good", "other": "best"}
    assert logs_chosen(logs, {"reads": {"one": []}}) == {"other": "best"}


@pytest.mark.parametrize(("pattern", "absent"), [("kappa", {"batch_processing"}), ("lambda", set()), ("mesh", set())])
def test_a_pattern_has_no_part_that_it_has_no_use_for(pattern: Pattern, absent: set[Component]) -> None:
    needs = needing("dashboard 5 seconds", "report 1 day", sources=SOURCES)
    assert set(wanted(needs, pattern)) == set(KNOWN.technologies) - absent


def test_sources_say_what_is_needed_to_take_them_in() -> None:
    every = set(KNOWN.technologies)
    for kind in ("events", "devices", "logs"):
        needs = needing("dashboard 5 seconds", sources=[{"name": "s", "kind": kind}])
        assert set(wanted(needs, "lambda")) == every - {"change_capture", "batch_ingestion"}
    for kind in ("files", "api"):
        needs = needing("dashboard 5 seconds", sources=[{"name": "s", "kind": kind}])
        assert set(wanted(needs, "lambda")) == every - {"change_capture"}
    needs = needing("dashboard 5 seconds", sources=[{"name": "s", "kind": "database"}])
    assert set(wanted(needs, "lambda")) == every - {"batch_ingestion"}
    assert set(wanted(needs, "warehouse")) == every - {"event_log", "stream_processing"}


def misfits(stack: Stack) -> list[str]:
    """The parts that `fits.yaml` does not put with the engine at the centre."""
    fits = KNOWN.fits
    found = []
    for component, part in stack.parts.items():
        name = part.chosen.name
        if name == stack.engine:
            continue
        if stack.engine not in fits.only_with.get(name, (stack.engine,)):
            found.append(name)
        if component == "event_log" and name not in fits.reads.get(stack.engine, (name,)):
            found.append(name)
        if name not in fits.serves.get(stack.engine, {}).get(component, (name,)):
            found.append(name)
    return found


def held(stack: Stack, needs: Needs, where: Deployment, pattern: Pattern) -> None:
    """Hold a stack against everything that any of them must be."""
    assert tuple(stack.parts) == wanted(needs, pattern)
    assert misfits(stack) == []
    central: Component = "batch_processing" if pattern == "warehouse" else "stream_processing"
    assert stack.parts[central].chosen.name == stack.engine
    for component, part in stack.parts.items():
        made = part.chosen.technology
        assert KNOWN.technologies[component][part.chosen.name] == made
        assert {part.chosen.name, *(other.name for other in part.others)} == set(KNOWN.technologies[component])
        if part.stays:
            continue
        assert part.chosen.barred == ""
        if needs.open_source == "required":
            assert made.kind == "open_source"
        if needs.cloud.strategy == "cloud_neutral":
            assert made.provider == "any"
        if where.model == "on_premises":
            assert made.provider == "any"
            assert not made.hosted
        if component != central:
            best_of_those_that_go_together(part, needs)


def best_of_those_that_go_together(part: Part, needs: Needs) -> None:
    able = [each for each in part.others if not each.barred and each.name not in part.misfits]
    opened = [each.total for each in able if each.technology.kind == "open_source"]
    if needs.open_source == "preferred" and part.chosen.technology.kind != "open_source":
        assert part.chosen.total > max(opened, default=0.0) + PREFERENCE
    if needs.open_source == "preferred" and part.chosen.technology.kind == "open_source":
        assert part.chosen.total >= max(opened, default=0.0) - 1e-9
    else:
        assert part.chosen.total >= max((each.total for each in able), default=0.0) - 1e-9


def by_hand(found: tuple[Stack, ...], needs: Needs) -> None:
    """Hold the scores of stacks against the means of their parts, and their order against their scores."""
    weights = needs.requirements.weights.model_dump()
    for stack in found:
        chosen = [part.chosen for part in stack.parts.values()]
        names_there = {each.name for each in chosen}
        paid = [each for each in chosen if each.technology.comes_with not in names_there]
        assert math.isclose(stack.total, sum(each.cost.total for each in paid))
        assert math.isclose(stack.labour, sum(each.cost.labour for each in paid), abs_tol=1e-6)
        assert math.isclose(stack.monthly, sum(each.cost.first_month for each in paid))
        for key, (_, _, names) in CRITERIA.items():
            if key != "cost_efficiency":
                means = [sum(each.factors[name].score for name in names) / 3 for each in chosen]
                assert math.isclose(stack.criteria[key], sum(means) / len(means))
        licences = sum(each.factors["licensing_cost"].score for each in chosen) / len(chosen)
        labour = points(stack.labour, [other.labour for other in found])[0]
        total = points(stack.total, [other.total for other in found])[0]
        assert math.isclose(stack.criteria["cost_efficiency"], (licences + labour + total) / 3)
        assert math.isclose(stack.score, sum(weights[key] * value for key, value in stack.criteria.items()))
    if needs.open_source == "indifferent":
        assert all(better.score >= worse.score - 1e-9 for better, worse in pairwise(found))


@pytest.mark.parametrize(("name", "pattern"), EXAMPLES.items())
def test_an_examples_stacks_go_together(name: str, pattern: Pattern) -> None:
    needs = example(name)
    found = stacks_of(needs, pattern)
    assert len({stack.engine for stack in found}) == len(found) >= 2
    for stack in found:
        held(stack, needs, deploy(needs), pattern)
    by_hand(found, needs)


CLOUDS = st.fixed_dictionaries(
    {
        "strategy": st.sampled_from(("cloud_first", "cloud_neutral", "on_premises")),
        "provider": st.sampled_from((None, "aws", "azure", "gcp")),
        "multi_cloud": st.booleans(),
    }
)


@given(
    cloud=CLOUDS,
    open_source=st.sampled_from(("required", "preferred", "indifferent")),
    sensitivity=st.sampled_from(("low", "high")),
    strictness=st.sampled_from(("moderate", "strict")),
    uptime=st.sampled_from((99.0, 99.9)),
    seconds=st.integers(1, 120),
    rate=st.floats(0.1, 1e6),
    skills=st.sets(st.sampled_from(("python", "sql", "java", "kubernetes", "linux", "cloud"))),
    weights=st.lists(st.integers(0, 10), min_size=4, max_size=4).filter(any),
    pattern=st.sampled_from(("lambda", "kappa", "mesh", "warehouse")),
    kinds=st.sets(st.sampled_from(("events", "database", "files")), min_size=1),
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_asked_no_stack_has_a_part_that_it_must_not_have(
    cloud: dict[str, Any],
    open_source: str,
    sensitivity: str,
    strictness: str,
    uptime: float,
    seconds: int,
    rate: float,
    skills: set[str],
    weights: list[int],
    pattern: Pattern,
    kinds: set[str],
) -> None:
    needs = needing(
        f"dashboard {seconds} seconds",
        "report 1 day",
        sources=[{"name": kind, "kind": kind, "records_per_second": rate} for kind in sorted(kinds)],
        cloud=cloud,
        open_source=open_source,
        sensitivity=sensitivity,
        strictness=strictness,
        service_levels={"uptime": uptime, "recovery_point": "1 hour"},
        team={"skills": sorted(skills)},
        weights=dict(zip(CRITERIA, (weight / sum(weights) for weight in weights), strict=True)),
    )
    where = deploy(needs)
    found = stacks(needs, KNOWN, where, pattern)
    for stack in found:
        held(stack, needs, where, pattern)
    by_hand(found, needs)


def test_the_recommended_engine_is_open_unless_another_leads_by_more_than_the_preference() -> None:
    for provider in ("aws", "azure", "gcp"):
        needs = needing("dashboard 5 seconds", "report 1 day", cloud={"strategy": "cloud_first", "provider": provider})
        best, *others = stacks_of(needs, "lambda")
        opened = [s.score for s in (best, *others) if s.parts[CENTRAL].chosen.technology.kind == "open_source"]
        if best.parts[CENTRAL].chosen.technology.kind != "open_source":
            assert best.score > max(opened) + PREFERENCE
        else:
            assert best.score == max(opened)


RELAXED = {"uptime": 99, "recovery_point": "2 hours"}


@pytest.mark.parametrize("component", KNOWN.technologies)
def test_what_is_there_already_stays_in_every_stack(component: Component) -> None:
    """Whatever it scores, and also where it would be barred but for being there."""
    for name in KNOWN.technologies[component]:
        needs = needing(
            "dashboard 1 minute",
            "report 1 day",
            sources=SOURCES,
            service_levels=RELAXED,
            systems=[{"component": component, "technology": name}],
        )
        found = stacks_of(needs, "lambda")
        assert found, f"{name} leaves no stack"
        for stack in found:
            assert (stack.parts[component].chosen.name, stack.parts[component].stays) == (name, True)
            assert [each for each, part in stack.parts.items() if part.stays] == [component]
            assert misfits(stack) == []
