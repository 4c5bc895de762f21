"""The technology selection matrix of a component: open source beside proprietary, and what would turn the choice round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headrace.architect.claims import Claim
from headrace.architect.framework import CRITERIA
from headrace.architect.knowledge import Component
from headrace.architect.needs import Needs
from headrace.architect.scoring import Scored
from headrace.architect.stack import Part, Stack

STEPS = 100


@dataclass(frozen=True)
class WeightFlip:
    """The weight of a criterion, the others in proportion, from which on another technology would lead.

    Attributes:
        weight: the one nearest to the weight in use; nothing when no weight does it.
    """

    criterion: str
    weight: float | None
    winner: str


@dataclass(frozen=True)
class ScoreFlip:
    """The points that a rival would need more in one factor to draw level."""

    factor: str
    points: float


@dataclass(frozen=True)
class Matrix:
    """A component argued factor by factor.

    Attributes:
        chosen: what is recommended.
        rows: everything that was compared, best first, barred ones last.
        rival: the best of the other kind: proprietary where an open one is chosen, and the other way round; barred or not.
        score_flips: for the next best that is not barred.
    """

    component: Component
    chosen: Scored
    rows: tuple[Scored, ...]
    rival: Scored | None
    next_best: Scored | None
    weight_flips: tuple[WeightFlip, ...]
    score_flips: tuple[ScoreFlip, ...]
    claims: tuple[Claim, ...]


def matrix(part: Part, needs: Needs, stacks: Sequence[Stack]) -> Matrix:
    """Argue a component.

    Args:
        stacks: all there are, the recommended one first.
    """
    chosen = part.chosen
    rows = tuple(sorted((chosen, *part.others), key=lambda each: (bool(each.barred), -round(each.total, 9), each.name)))
    opened = chosen.technology.kind == "open_source"
    rival = next(
        iter(
            sorted((e for e in part.others if (e.technology.kind == "open_source") != opened), key=lambda e: -e.total)
        ),
        None,
    )
    able = [each for each in part.others if not each.barred and each.name not in part.misfits]
    next_best = max(able, key=lambda each: each.total, default=None)
    weights = needs.requirements.weights.model_dump()
    return Matrix(
        component=part.component,
        chosen=chosen,
        rows=rows,
        rival=rival,
        next_best=next_best,
        weight_flips=tuple(_weight_flip(key, chosen, able, weights) for key in CRITERIA),
        score_flips=_score_flips(chosen, next_best, weights) if next_best else (),
        claims=tuple(_claims(part, rival, needs, stacks)),
    )


def _total(each: Scored, weights: Mapping[str, float]) -> float:
    return sum(weights[key] * value for key, value in each.criteria.items())


def _weight_flip(key: str, chosen: Scored, able: Sequence[Scored], weights: Mapping[str, float]) -> WeightFlip:
    """Try the weight of one criterion from 0 to 1, nearest to the one in use first."""
    rest = sum(value for name, value in weights.items() if name != key)
    tried = sorted((n / STEPS for n in range(STEPS + 1)), key=lambda weight: (abs(weight - weights[key]), weight))
    for weight in tried:
        others = {name: value / rest * (1 - weight) if rest else 0.0 for name, value in weights.items() if name != key}
        moved = {**others, key: weight}
        best = max(able, key=lambda each: _total(each, moved), default=None)
        if best is not None and _total(best, moved) > _total(chosen, moved) + 1e-9 and weight != weights[key]:
            return WeightFlip(key, weight, best.name)
    return WeightFlip(key, None, "")


def _score_flips(chosen: Scored, rival: Scored, weights: Mapping[str, float]) -> tuple[ScoreFlip, ...]:
    gap = chosen.total - rival.total
    found = []
    for key, (_, _, factors) in CRITERIA.items():
        for factor in factors:
            points = gap / (weights[key] / 3) if weights[key] else float("inf")
            if 0 <= points <= 5 - rival.factors[factor].score:
                found.append(ScoreFlip(factor, points))
    return tuple(sorted(found, key=lambda flip: (flip.points, flip.factor)))


def _claims(part: Part, rival: Scored | None, needs: Needs, stacks: Sequence[Stack]) -> list[Claim]:
    chosen = part.chosen
    made = [
        Claim(
            f"{chosen.technology.title} is recommended with {chosen.total:.2f} of 5"
            + (" because it is there already and stays." if part.stays else "."),
            ("scoring",),
            evidence=chosen.technology.evidence,
            given=("systems",) if part.stays else ("weights",),
        )
    ]
    around = {stack.engine: stack for stack in stacks}
    better = next((e for e in part.others if not e.barred and e.total > chosen.total and e.name in around), None)
    if better is not None and chosen.name in around and not part.stays:
        made.append(
            Claim(
                f"{better.technology.title} scores more by itself, {better.total:.2f}; but it is the stack that decides, and the one around it "
                f"scores {around[better.name].score:.2f}, against {stacks[0].score:.2f}: what else has to be there with it costs that.",
                ("scoring",),
            )
        )
    if rival is None:
        return made
    return [*made, _scales(chosen, rival, needs), _costs(chosen, rival, needs), _operates(chosen, rival)]


def _scales(chosen: Scored, rival: Scored, needs: Needs) -> Claim:
    ours, theirs = chosen.factors["scalability"], rival.factors["scalability"]
    return Claim(
        f"Scalability, for a peak of {needs.peak:,.0f} records/s: {chosen.technology.title} {ours.score} ({_sentence(ours.why)}), "
        f"{rival.technology.title} {theirs.score} ({_sentence(theirs.why)}).",
        ("scoring",),
        evidence=(*ours.evidence, *theirs.evidence),
        given=("sources",),
    )


def _costs(chosen: Scored, rival: Scored, needs: Needs) -> Claim:
    return Claim(
        f"Cost over three years: {chosen.technology.title} {money(chosen.cost.total, needs)}, of which people {money(chosen.cost.labour, needs)}; "
        + (
            f"{rival.technology.title} publishes no price."
            if rival.technology.unpriced
            else f"{rival.technology.title} {money(rival.cost.total, needs)}, of which people {money(rival.cost.labour, needs)}."
        ),
        ("scoring",),
        evidence=tuple(dict.fromkeys(line.price for each in (chosen, rival) for line in each.cost.bills[0])),
        given=("sources", "team.hour_cost", "yearly_growth"),
    )


def _operates(chosen: Scored, rival: Scored) -> Claim:
    ours, theirs = chosen.technology.labour, rival.technology.labour
    return Claim(
        f"Operational complexity: {chosen.technology.title} takes {ours.setup_hours:g} hours to set up and {ours.monthly_hours:g} a month "
        f"({_sentence(ours.why)}); {rival.technology.title} {theirs.setup_hours:g} and {theirs.monthly_hours:g} ({_sentence(theirs.why)}). Both are judgements.",
        ("scoring",),
    )


def _sentence(text: str) -> str:
    """A sentence without its full stop, to stand in brackets."""
    return text.rstrip(".").replace(". ", "; ")


def money(amount: float, needs: Needs) -> str:
    """An amount in the currency of the requirements, to three digits."""
    if amount == 0:
        return f"0 {needs.currency}"
    digits = max(0, len(str(int(abs(amount)))) - 3)
    return f"{round(amount / 10**digits) * 10**digits:,.0f} {needs.currency}"
