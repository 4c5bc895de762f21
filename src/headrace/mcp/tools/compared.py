"""What the tool ``compare`` answers with."""

from __future__ import annotations

from pydantic import Field

from headrace.architect.compare import Comparison
from headrace.architect.framework import CRITERIA, SECTIONS
from headrace.architect.knowledge import Component, Knowledge
from headrace.architect.scoring import Scored
from headrace.architect.selection import Matrix
from headrace.mcp.addresses import of_component
from headrace.mcp.told import Answer, Source, Statement, Told, said, sources


class FactorTold(Answer):
    """A factor's score, from 1 to 5."""

    factor: str
    criterion: str
    score: int
    basis: str = Field(description="`measured`, `published` or `judged` by what it rests on, or `computed`.")
    why: str
    evidence: tuple[str, ...]


class Row(Answer):
    """A technology."""

    technology: str
    title: str
    kind: str
    licence: str
    total: float
    criteria: dict[str, float]
    factors: tuple[FactorTold, ...]
    cost: float | None = Field(description="Over three years; nothing where its vendor publishes no price.")
    people: float = Field(description="How much of it is engineers.")
    barred: str = Field(description="Why it cannot be chosen, whatever it scores; empty when it can.")
    misfit: str = Field(description="Why it does not go with the rest of the stack; empty when it does.")


class WeightTold(Answer):
    """The weight of a criterion, the others in proportion, from which on another technology would lead."""

    criterion: str
    weight: float
    leads_from: float | None = Field(
        description="The weight nearest to the one in use at which another leads: from there up if it is larger, from there down if it is smaller. "
        "Nothing: no weight does it."
    )
    winner: str


class PointsTold(Answer):
    """The points that the next best would need more in one factor to draw level."""

    factor: str
    points: float


class Compared(Told):
    """The technology selection matrix."""

    component: Component
    section: str
    wanted: bool = Field(description="Whether a design for these requirements has this component at all.")
    leads: str | None = Field(description="What a design would take of these; nothing when none of them can be had.")
    next_best: str | None
    claims: tuple[Statement, ...]
    currency: str
    rows: tuple[Row, ...] = Field(description="Best first, barred ones last.")
    weights: tuple[WeightTold, ...]
    points: tuple[PointsTold, ...]
    evidence: tuple[Source, ...]
    assumptions: tuple[str, ...]


def told(component: Component, found: Comparison, known: Knowledge) -> Compared:
    """Tell a comparison."""
    argued = found.argued
    claims = tuple(said(claim) for claim in argued.claims) if argued else ()
    rows = tuple(_row(each, found.misfits.get(each.name, "")) for each in found.rows)
    cited = [
        *(name for claim in claims for name in claim.evidence),
        *(name for row in rows for factor in row.factors for name in factor.evidence),
    ]
    return Compared(
        component=component,
        section=SECTIONS["scoring"].cited,
        wanted=found.wanted,
        leads=argued.chosen.name if argued else None,
        next_best=argued.next_best.name if argued and argued.next_best else None,
        claims=claims,
        currency=found.needs.currency,
        rows=rows,
        weights=_weights(argued, found.needs.requirements.weights.model_dump()),
        points=tuple(
            PointsTold(factor=flip.factor, points=round(flip.points, 2))
            for flip in (argued.score_flips if argued else ())
        ),
        evidence=sources(cited, known),
        assumptions=tuple(f"{one.key}: {one.said}" for one in found.needs.assumptions),
        resources=(of_component(component),),
    )


def _row(each: Scored, misfit: str) -> Row:
    technology = each.technology
    return Row(
        technology=each.name,
        title=technology.title,
        kind=technology.kind,
        licence=technology.licence,
        total=round(each.total, 2),
        criteria={key: round(value, 2) for key, value in each.criteria.items()},
        factors=tuple(
            FactorTold(
                factor=factor,
                criterion=criterion,
                score=each.factors[factor].score,
                basis=each.factors[factor].basis,
                why=each.factors[factor].why,
                evidence=each.factors[factor].evidence,
            )
            for criterion, (_, _, factors) in CRITERIA.items()
            for factor in factors
        ),
        cost=None if technology.unpriced else round(each.cost.total, 2),
        people=round(each.cost.labour, 2),
        barred=each.barred,
        misfit=misfit,
    )


def _weights(argued: Matrix | None, weights: dict[str, float]) -> tuple[WeightTold, ...]:
    flips = {flip.criterion: flip for flip in (argued.weight_flips if argued else ())}
    return tuple(
        WeightTold(
            criterion=criterion,
            weight=weight,
            leads_from=flips[criterion].weight if criterion in flips else None,
            winner=flips[criterion].winner if criterion in flips else "",
        )
        for criterion, weight in weights.items()
    )
