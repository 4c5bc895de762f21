"""Which pattern the framework's matrix gives, scenario by scenario, and what can and cannot change it."""

from __future__ import annotations

import math
from datetime import timedelta
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.architect.framework import MATRIX, SCALE, SECTIONS, Pattern
from headrace.architect.knowledge import knowledge
from headrace.architect.needs import Needs, needs_of
from headrace.architect.pattern import SIDES as SHARES
from headrace.architect.pattern import choose, demands, scored, weigh
from headrace.architect.requirements import Requirements

from .scenarios import SCENARIOS, SIDES, WORKLOADS, Scenario, example, needing, required

EXAMPLES = {
    "e_commerce": "lambda",  # the framework's first worked scenario
    "iot": "kappa",  # and its second
    "many_domains": "mesh",
    "reporting_only": "warehouse",
    "brief": "lambda",
}
HOUR = timedelta(hours=1)


def score_of(needs: Needs) -> dict[Pattern, float]:
    return {each.pattern: each.score for each in scored(weigh(needs))}


def winner(needs: Needs) -> Pattern:
    return scored(weigh(needs))[0].pattern


@pytest.mark.parametrize(("name", "pattern"), EXAMPLES.items())
def test_an_example_comes_out_as_the_framework_has_it(name: str, pattern: Pattern) -> None:
    choice = choose(example(name))
    assert choice.chosen == pattern
    assert choice.firmness == "firm"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.story)
def test_a_scenario_comes_out_as_the_matrix_has_it(scenario: Scenario) -> None:
    assert choose(needs_of(scenario.requirements, knowledge())).chosen == scenario.pattern, scenario.why


def test_every_pattern_is_some_scenarios() -> None:
    assert {scenario.pattern for scenario in SCENARIOS} == set(get_args(Pattern))
    assert len({scenario.story for scenario in SCENARIOS}) == len(SCENARIOS) >= 30


def test_the_scores_of_one_use_case_by_hand() -> None:
    # One domain, real-time and batch alike, of medium complexity: 0.5, 0.3 and half of 0.2, over 0.9.
    choice = choose(needing("alert 1 second", "report 1 day", domains=1, complexity="medium"))
    assert {each.pattern: round(each.score, 9) for each in choice.scores} == {
        "lambda": round((0.5 * 5 + 0.3 * 4 + 0.1 * 4) / 0.9, 9),
        "kappa": round((0.5 * 2 + 0.3 * 4 + 0.1 * 2) / 0.9, 9),
        "mesh": round((0.5 * 4 + 0.3 * 2 + 0.1 * 5) / 0.9, 9),
        "warehouse": round((0.5 * 1 + 0.3 * 5 + 0.1 * 2) / 0.9, 9),
    }


def test_domains_of_a_central_team_count_half_by_hand() -> None:
    # Three of at most five domains: 2/4, and half of that without people of their own.
    weights = weigh(needing("report 1 day", domains=3, own=False, complexity="low"))
    assert weights["multiple_domains"] == pytest.approx(0.3 * 0.25 / 0.8)
    assert weights["single_domain"] == pytest.approx(0.3 * 0.75 / 0.8)
    assert weigh(needing("report 1 day", domains=3, own=True, complexity="low"))["multiple_domains"] == pytest.approx(
        0.3 * 0.5 / 0.8
    )


def test_batch_beside_a_little_real_time_is_shared_out_by_hand() -> None:
    # Ten minutes are real-time to 0.6; what is left of the batch is batch only.
    weights = weigh(needing("dashboard 10 minutes", "report 1 day", domains=1, complexity="low"))
    by_hand = {"real_time_and_batch": 0.5 * 0.6 / 0.8, "batch_only": 0.5 * 0.4 / 0.8, "single_domain": 0.3 / 0.8}
    assert {name: weight for name, weight in weights.items() if weight} == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("wishes", "restated", "wanted"),
    [
        (["alert 1 second"], False, (1, 0)),
        (["alert 1 minute"], False, (1, 0)),
        (["alert 61 seconds"], False, (0.6, 0)),
        (["alert 15 minutes"], False, (0.6, 0)),
        (["alert 16 minutes"], False, (0.3, 0)),
        (["alert 1 hour"], False, (0, 1)),
        (["alert 1 second"], True, (1, 1)),
        (["report 1 day", "alert 1 second"], False, (1, 1)),
        (["report 1 day", "alert 15 minutes"], False, (0.6, 1)),
    ],
)
def test_the_freshest_is_the_degree_of_real_time_and_the_slow_ask_for_batch(
    wishes: list[str], restated: bool, wanted: tuple[float, float]
) -> None:
    assert demands(needing(*wishes, restated=restated)) == wanted


@given(wishes=WORKLOADS, sides=SIDES)
@settings(max_examples=150, deadline=None)
def test_weights_come_to_one_and_scores_stay_on_the_scale(wishes: list[str], sides: dict[str, Any]) -> None:
    weights = weigh(needing(*wishes, **sides))
    assert all(weight >= 0 for weight in weights.values())
    assert math.isclose(sum(weights.values()), 1, abs_tol=1e-9)
    scores = scored(weights)
    assert {each.pattern for each in scores} == set(get_args(Pattern))
    assert all(1 - 1e-9 <= each.score <= 5 + 1e-9 for each in scores)
    assert all(better.score >= worse.score - 1e-9 for better, worse in pairwise(scores))
    for each in scores:
        by_hand = sum(weights[name] * SCALE[MATRIX[name][each.pattern][0]] for name in weights)
        assert math.isclose(each.score, by_hand, abs_tol=1e-9)


@given(wishes=WORKLOADS, sides=SIDES, times=st.lists(st.integers(1, 100_000), min_size=4, max_size=4))
@settings(max_examples=150, deadline=None)
def test_fresher_workloads_never_speak_for_the_warehouse(
    wishes: list[str], sides: dict[str, Any], times: list[int]
) -> None:
    fresher = []
    for wish, factor in zip(wishes, times, strict=False):
        kind, seconds, unit = wish.split()
        fresher.append(f"{kind} {max(1, int(seconds) // factor)} {unit}")
    before, after = needing(*wishes, **sides), needing(*fresher, **sides)
    assert score_of(after)["warehouse"] <= score_of(before)["warehouse"] + 1e-9
    assert winner(before) == "warehouse" or winner(after) != "warehouse"


@given(wishes=WORKLOADS, sides=SIDES, few=st.integers(1, 9), more=st.integers(0, 9))
@settings(max_examples=150, deadline=None)
def test_more_domains_of_their_own_never_speak_against_the_mesh(
    wishes: list[str], sides: dict[str, Any], few: int, more: int
) -> None:
    central = score_of(needing(*wishes, **{**sides, "domains": few, "own": False}))
    before = score_of(needing(*wishes, **{**sides, "domains": few, "own": True}))
    after = score_of(needing(*wishes, **{**sides, "domains": few + more, "own": True}))
    for rival in ("lambda", "kappa", "warehouse"):
        leads = [scores["mesh"] - scores[rival] for scores in (central, before, after)]
        assert leads == pytest.approx(sorted(leads), abs=1e-9)


@given(wishes=WORKLOADS, sides=SIDES, order=st.randoms(use_true_random=False), users=st.integers(1, 10_000))
@settings(max_examples=25, deadline=None)
def test_order_names_users_and_response_times_change_nothing(
    wishes: list[str], sides: dict[str, Any], order: Any, users: int
) -> None:
    plain = required(*wishes, **sides, sources=[{"name": name, "kind": "events"} for name in ("a", "b", "c")])
    written = plain.model_dump()
    for key in ("sources", "workloads", "domains"):
        parts = [
            {**part, "name": f"{key[0]}{place}_renamed"} for place, part in enumerate(reversed(written[key] or ()))
        ]
        order.shuffle(parts)
        written[key] = parts if written[key] is not None else None
    for workload in written["workloads"]:
        workload |= {"users": users, "response": timedelta(milliseconds=users)}
    written |= {"name": "Another", "summary": "Told in other words."}
    one, other = (
        choose(needs_of(plain, knowledge())),
        choose(needs_of(Requirements.model_validate(written), knowledge())),
    )
    assert (one.weights, one.scores, one.firmness) == (other.weights, other.scores, other.firmness)
    assert (one.rejected, one.what_if, one.flips) == (other.rejected, other.what_if, other.flips)


@given(wishes=WORKLOADS, sides=SIDES)
@settings(max_examples=25, deadline=None)
def test_every_rejected_pattern_says_why_under_its_section(wishes: list[str], sides: dict[str, Any]) -> None:
    choice = choose(needing(*wishes, **sides))
    assert set(choice.rejected) == set(get_args(Pattern)) - {choice.chosen}
    for pattern, claim in choice.rejected.items():
        assert claim.text
        assert set(claim.sections) <= SECTIONS.keys()
        assert set(claim.sections) == ({"pattern"} if pattern == "warehouse" else {"pattern", pattern})


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_chosen_pattern_has_reasons_that_name_what_was_said(name: str) -> None:
    needs = example(name)
    choice = choose(needs)
    assert len(choice.reasons) >= 2
    names = {*(load.need.name for load in needs.sources), *(use.need.name for use in needs.uses)}
    for claim in choice.reasons:
        assert claim.given
        for key in claim.given:
            first, *rest = key.split(".")
            assert first in Requirements.model_fields
            assert first not in {"sources", "workloads"} or rest[0] in names
    sections = {section for claim in choice.reasons for section in claim.sections}
    assert sections >= ({"pattern"} if choice.chosen == "warehouse" else {"pattern", choice.chosen})


def test_one_workload_is_not_told_to_be_two_promises_of_different_kinds() -> None:
    choice = choose(needing("dashboard 5 seconds", restated=True))
    assert choice.chosen == "lambda"
    assert not [claim for claim in choice.reasons if "Two promises" in claim.text]


def changed(requirements: Requirements, change: str) -> Requirements:
    """Write what a what-if says into the requirements."""
    written = requirements.model_dump()
    if change == "no workload had to be fresher than an hour":
        for workload in written["workloads"]:
            workload["freshness"] = max(workload["freshness"], HOUR)
    elif change == "no workload were served in batch, and nothing corrected in bulk":
        for workload in written["workloads"]:
            workload["freshness"] = min(workload["freshness"], HOUR / 2)
        written["history"]["restated"] = False
    elif change == "past records were corrected in bulk":
        written["history"]["restated"] = True
    elif change.startswith("there were"):
        count = int(change.removeprefix("there were ").split()[0].replace("one", "1"))
        written |= {"domains": [{"name": f"d{n}"} for n in range(count)], "autonomous_domains": count > 1}
        for part in (*written["sources"], *written["workloads"]):
            part["domain"] = None
    elif change.startswith("the transformations were of"):
        written["complexity"] = change.split()[-2]
    else:
        pytest.fail(f"nobody has said how to try: {change}")
    return Requirements.model_validate(written)


def tried(requirements: Requirements) -> int:
    """Hold every what-if against the pattern that requirements changed so lead to."""
    choice = choose(needs_of(requirements, knowledge()))
    for case in choice.what_if:
        assert winner(needs_of(changed(requirements, case.change), knowledge())) == case.pattern, case.change
    return len(choice.what_if)


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_if_of_an_example_leads_where_it_says(name: str) -> None:
    assert tried(example(name).requirements) >= 3


@given(wishes=WORKLOADS, sides=SIDES)
@settings(max_examples=10, deadline=None)
def test_what_if_leads_where_it_says(wishes: list[str], sides: dict[str, Any]) -> None:
    assert tried(required(*wishes, **sides))


@given(wishes=WORKLOADS, sides=SIDES)
@settings(max_examples=25, deadline=None)
def test_a_flip_gives_shares_that_make_the_rival_win(wishes: list[str], sides: dict[str, Any]) -> None:
    needs = needing(*wishes, **sides)
    choice = choose(needs)
    assert set(choice.flips) == set(get_args(Pattern)) - {choice.chosen}
    for rival, shares in choice.flips.items():
        if shares is not None:
            assert shares.keys() == SHARES.keys()
            assert min(shares.values()) >= 0
            assert math.isclose(sum(shares.values()), 1, abs_tol=1e-6)
            assert scored(weigh(needs, shares))[0].pattern == rival


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_shares_nearer_than_a_flips_make_the_rival_win(name: str) -> None:
    needs = example(name)
    choice = choose(needs)
    won: dict[Pattern, list[float]] = {}
    for processing in range(21):
        for organisation in range(21 - processing):
            shares = dict(
                zip(SHARES, (processing / 20, organisation / 20, (20 - processing - organisation) / 20), strict=True)
            )
            if shares["complexity"] == 1 and needs.complexity == "low":
                continue  # nothing would count
            pattern = scored(weigh(needs, shares))[0].pattern
            won.setdefault(pattern, []).append(sum(abs(shares[side] - share) for side, share in SHARES.items()))
    for rival, shares_of in choice.flips.items():
        if shares_of is None:
            assert rival not in won
        else:
            distance = sum(abs(shares_of[side] - share) for side, share in SHARES.items())
            assert distance == pytest.approx(min(won[rival]))
