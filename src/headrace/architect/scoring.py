"""The framework's technology scoring: twelve factors, four criteria, one total; and what would turn the order round.

Eight factors are judged in the knowledge base and then fitted to the requirements by the rules below, each of which says so.
The other four follow from licence, provider and the cost model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from headrace.architect.costs import Cost, cost
from headrace.architect.deployment import PROVIDER_NAMES, Deployment
from headrace.architect.framework import CRITERIA, Pattern
from headrace.architect.knowledge import Component, Knowledge, Technology
from headrace.architect.needs import Needs, Use, duration

RATIOS = ((1.25, 5), (1.75, 4), (2.5, 3), (4.0, 2))
"""A cost that is at most so many times the least gets so many points; more gets 1."""

ON_THE_WAY: Mapping[Component, frozenset[str]] = {
    "event_log": frozenset({"dashboard", "alert", "api"}),
    "stream_processing": frozenset({"dashboard", "alert", "api"}),
    "serving_store": frozenset({"dashboard", "api"}),
    "dashboards": frozenset({"dashboard"}),
    "sql_access": frozenset({"exploration", "report"}),
}
"""Components that fresh answers pass through, and the kinds of workload whose answers those are: their delay counts."""

HEADROOM = 2.0

REDUNDANT_UPTIME = 99.5
REDUNDANT_POINT = timedelta(hours=1)
"""Who promises more than so much, or to lose less than so much, needs what is kept on more than one machine."""


@dataclass(frozen=True)
class Factor:
    """A factor's score and its ground: ``judged``, ``published`` or ``measured`` by what it rests on, or ``computed``."""

    score: int
    why: str
    basis: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scored:
    """A technology with its factors, its criteria and its total, from 1 to 5.

    Attributes:
        barred: why it cannot be chosen whatever it scores; empty when it can.
    """

    name: str
    technology: Technology
    factors: Mapping[str, Factor]
    criteria: Mapping[str, float]
    total: float
    cost: Cost
    barred: str


def score(
    component: Component, needs: Needs, known: Knowledge, where: Deployment, pattern: Pattern
) -> tuple[Scored, ...]:
    """Score every technology of a component, best first; those that cannot be chosen last."""
    group = known.technologies[component]
    costs = {name: cost(technology, needs, known, where.provider, pattern) for name, technology in group.items()}
    found = [_scored(name, component, needs, known, where, costs) for name in group]
    return tuple(sorted(found, key=lambda each: (bool(each.barred), -round(each.total, 9), each.name)))


def _scored(
    name: str,
    component: Component,
    needs: Needs,
    known: Knowledge,
    where: Deployment,
    costs: Mapping[str, Cost],
) -> Scored:
    technology = known.technologies[component][name]
    factors: dict[str, Factor] = {
        **{str(factor): _judged(factor, technology, known) for factor in technology.ratings},
        "vendor_alignment": _alignment(technology, needs, where),
        "licensing_cost": _licensing(technology),
        "operational_cost": _relative("engineers' hours", costs[name].labour, [each.labour for each in costs.values()]),
        "total_cost": _relative("all costs", costs[name].total, [each.total for each in costs.values()]),
    }
    factors["performance"] = _fast_enough(factors["performance"], component, technology, needs)
    factors["scalability"] = _large_enough(factors["scalability"], technology, needs)
    factors["skill_availability"] = _known_to_team(factors["skill_availability"], technology, needs)
    criteria = {key: sum(factors[factor].score for factor in CRITERIA[key][2]) / 3 for key in CRITERIA}
    weights = needs.requirements.weights.model_dump()
    total = sum(weights[key] * value for key, value in criteria.items())
    return Scored(name, technology, factors, criteria, total, costs[name], barred(component, technology, needs, where))


def barred(component: Component, technology: Technology, needs: Needs, where: Deployment) -> str:
    """Say what rules a technology out; empty when nothing does."""
    if needs.open_source == "required" and technology.kind != "open_source":
        return f"its licence ({technology.licence}) is not an open one, and open source is required"
    if where.model == "on_premises" and (technology.provider != "any" or technology.hosted):
        return "it runs only in its provider's cloud, and the platform runs on the company's own machines"
    if technology.unpriced:
        return "its vendor publishes no price, so that it cannot be compared: ask for an offer"
    if technology.provider != "any" and needs.cloud.strategy == "cloud_neutral":
        return f"it runs in {PROVIDER_NAMES[technology.provider]} only, and the platform is tied to no cloud"
    if technology.provider != "any" and needs.cloud.multi_cloud:
        return f"it runs in {PROVIDER_NAMES[technology.provider]} only, and several clouds are needed"
    if technology.provider not in ("any", where.provider):
        return f"it is of {PROVIDER_NAMES[technology.provider]}, and the platform runs elsewhere"
    if technology.single and (promise := _redundant(needs)):
        return f"it keeps what it has on one machine, and {promise}"
    use = freshest(component, needs)
    if use is not None and technology.latency_seconds > use.freshness:
        return f"it adds {technology.latency_seconds:g} s, and {_fresh(use)}"
    if technology.events_per_second is not None and technology.events_per_second < needs.peak:
        return f"it takes {technology.events_per_second:,.0f} records/s, and the peak is {needs.peak:,.0f}"
    return ""


def _redundant(needs: Needs) -> str:
    if needs.uptime > REDUNDANT_UPTIME:
        return f"{needs.uptime:g} % uptime is promised"
    return (
        f"no more than {duration(needs.recovery_point)} may be lost" if needs.recovery_point < REDUNDANT_POINT else ""
    )


def freshest(component: Component, needs: Needs) -> Use | None:
    """The workload whose answers pass through a component and must be freshest."""
    kinds = ON_THE_WAY.get(component, frozenset())
    uses = [use for use in needs.uses if use.need.kind in kinds]
    return min(uses, key=lambda use: (use.freshness, use.need.name), default=None)


def _fresh(use: Use) -> str:
    return f"`{use.need.name}` may be {duration(use.need.freshness)} old at most"


def _judged(factor: str, technology: Technology, known: Knowledge) -> Factor:
    rating = technology.ratings[factor]  # type: ignore[index]
    found = {known.evidence[name].basis for name in rating.evidence}
    basis = "measured" if "measured" in found else "published" if found else "judged"
    return Factor(rating.score, rating.why, basis, rating.evidence)


def _fast_enough(factor: Factor, component: Component, technology: Technology, needs: Needs) -> Factor:
    use = freshest(component, needs)
    if use is None or technology.latency_seconds * HEADROOM <= use.freshness:
        return factor
    why = f"{factor.why} Here no more than 2: it adds {technology.latency_seconds:g} s, and {_fresh(use)}."
    return Factor(min(factor.score, 2), why, factor.basis, factor.evidence)


def _large_enough(factor: Factor, technology: Technology, needs: Needs) -> Factor:
    if technology.events_per_second is None or technology.events_per_second >= HEADROOM * needs.peak:
        return factor
    why = f"{factor.why} Here no more than 2: it takes {technology.events_per_second:,.0f} records/s, and the peak is {needs.peak:,.0f}."
    return Factor(min(factor.score, 2), why, factor.basis, factor.evidence)


def _known_to_team(factor: Factor, technology: Technology, needs: Needs) -> Factor:
    wanted = set(technology.skills)
    if not wanted:
        return factor
    if wanted <= set(needs.skills):
        return Factor(
            min(5, factor.score + 1),
            f"{factor.why} One more here: the team knows all it takes.",
            factor.basis,
            factor.evidence,
        )
    if not wanted & set(needs.skills):
        missing = ", ".join(sorted(wanted))
        return Factor(
            max(1, factor.score - 1),
            f"{factor.why} One less here: the team has none of {missing}.",
            factor.basis,
            factor.evidence,
        )
    return factor


def _alignment(technology: Technology, needs: Needs, where: Deployment) -> Factor:
    score, why = _aligned(technology, needs, where)
    return Factor(score, why, "computed")


def _aligned(technology: Technology, needs: Needs, where: Deployment) -> tuple[int, str]:
    if technology.kind == "open_source":
        return (
            (5, "Open source runs wherever the company goes.")
            if needs.open_source != "indifferent"
            else (
                4,
                "Open source runs wherever the company goes, which is not what it asks for first.",
            )
        )
    if technology.kind == "source_available":
        return (
            3 if needs.open_source == "indifferent" else 2,
            f"Its source can be read, but {technology.licence} limits its use.",
        )
    if technology.provider == where.provider and where.model == "provider":
        return (
            4 if needs.open_source == "indifferent" else 3
        ), "It is the chosen provider's, and ties the platform to it."
    if technology.provider == "any":
        return (
            3 if needs.open_source == "indifferent" else 2
        ), "It is sold for every cloud, and ties the platform to its vendor."
    return 1, "It ties the platform to one provider, which the deployment is to avoid."


def _licensing(technology: Technology) -> Factor:
    if technology.kind == "open_source":
        return Factor(5, f"No fee ({technology.licence}).", "computed")
    if technology.kind == "source_available":
        return Factor(4, f"No fee within the limits of {technology.licence}.", "computed")
    return Factor(2, "Paid by use or by seat.", "computed")


def points(amount: float, all_amounts: Sequence[float]) -> tuple[int, float]:
    """Return the points of a cost beside others, and how many times the least it is."""
    ratio = amount / least if (least := min(all_amounts)) > 0 else 1.0 if amount == 0 else float("inf")
    return next((given for most, given in RATIOS if round(ratio, 9) <= most), 1), ratio


def _relative(what: str, amount: float, all_amounts: Sequence[float]) -> Factor:
    given, ratio = points(amount, all_amounts)
    said = f"{ratio:.2f} times the least" if ratio != float("inf") else "more than the least, which is nothing"
    return Factor(given, f"Over three years {what} are {said} of this component.", "computed")
