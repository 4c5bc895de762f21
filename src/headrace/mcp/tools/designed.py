"""What the tool ``design`` answers with."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from headrace.architect import Design
from headrace.architect.costs import YEARS
from headrace.architect.deployment import MODELS
from headrace.architect.framework import PATTERNS, Pattern
from headrace.architect.stack import Stack
from headrace.architect.write import DOCUMENT, PAGE, RECORD, REQUIREMENTS
from headrace.mcp.addresses import of_design
from headrace.mcp.told import Answer, ConflictTold, Statement, Told, said


class Scores(Answer):
    """A pattern's score, from 1 to 5."""

    pattern: Pattern
    title: str
    score: float


class WhatIf(Answer):
    """A change of the requirements, and the pattern that it leads to."""

    change: str
    pattern: Pattern


class Chosen(Answer):
    """The pattern."""

    pattern: Pattern
    title: str
    firmness: Literal["firm", "fair", "close"] = Field(description="By the lead over the next.")
    lead: float
    scores: tuple[Scores, ...] = Field(description="Best first.")
    reasons: tuple[Statement, ...]
    rejected: tuple[Statement, ...]
    what_if: tuple[WhatIf, ...]


class PartTold(Answer):
    """A part of the stack."""

    component: str
    technology: str
    title: str
    licence: str
    score: float
    stays: bool = Field(description="Whether it is there already.")
    headrace: str = Field(description="Whether Headrace runs it (embedded), drives it, or works beside it.")


class Costs(Answer):
    """What the stack costs, in the currency of the requirements."""

    currency: str
    years: int
    total: float
    people: float
    first_year_month: float = Field(description="A month of the first year, without setting up.")
    setup_hours: float
    monthly_hours: float


class StackTold(Answer):
    """Parts that go together."""

    around: str = Field(description="The technology that processes the data.")
    score: float
    total: float = Field(description="What it costs over the years that are counted.")


class Assumed(Answer):
    """What the requirements do not say, and was taken for granted."""

    key: str = Field(description="The requirement that would replace it.")
    said: str
    why: str


class Designed(Told):
    """The decision record."""

    name: str
    pattern: Chosen
    deployment: str
    deployment_reason: Statement
    stack: StackTold
    parts: tuple[PartTold, ...]
    costs: Costs
    other_stacks: tuple[StackTold, ...] = Field(description="Best first.")
    assumptions: tuple[Assumed, ...]
    conflicts: tuple[ConflictTold, ...]
    written: str | None = Field(default=None, description="The folder that was written, relative to the root.")


def told(made: Design, written: str | None) -> Designed:
    """Tell a design.

    Args:
        written: the folder that was written, if one was.
    """
    stack = made.stack
    return Designed(
        name=made.needs.requirements.name,
        pattern=_chosen(made),
        deployment=MODELS[made.deployment.model],
        deployment_reason=said(made.deployment.reason),
        stack=_stack(stack),
        parts=tuple(
            PartTold(
                component=component,
                technology=part.chosen.name,
                title=part.chosen.technology.title,
                licence=part.chosen.technology.licence,
                score=round(part.chosen.total, 2),
                stays=part.stays,
                headrace=part.chosen.technology.headrace,
            )
            for component, part in stack.parts.items()
        ),
        costs=Costs(
            currency=made.needs.currency,
            years=YEARS,
            total=round(stack.total, 2),
            people=round(stack.labour, 2),
            first_year_month=round(stack.monthly, 2),
            setup_hours=stack.setup_hours,
            monthly_hours=stack.monthly_hours,
        ),
        other_stacks=tuple(_stack(other) for other in made.stacks[1:]),
        assumptions=tuple(Assumed(key=one.key, said=one.said, why=one.why) for one in made.needs.assumptions),
        conflicts=tuple(ConflictTold(what=one.what, given=one.given, nearest=one.nearest) for one in made.conflicts),
        written=written,
        resources=tuple(of_design(name) for name in (DOCUMENT, PAGE, RECORD, REQUIREMENTS)),
    )


def _chosen(made: Design) -> Chosen:
    choice = made.pattern
    return Chosen.model_validate(
        {
            "pattern": choice.chosen,
            "title": PATTERNS[choice.chosen],
            "firmness": choice.firmness,
            "lead": round(choice.lead, 2),
            "scores": [
                Scores(pattern=each.pattern, title=PATTERNS[each.pattern], score=round(each.score, 2))
                for each in choice.scores
            ],
            "reasons": [said(claim) for claim in choice.reasons],
            "rejected": [said(claim) for claim in choice.rejected.values()],
            "what_if": [WhatIf(change=each.change, pattern=each.pattern) for each in choice.what_if],
        }
    )


def _stack(stack: Stack) -> StackTold:
    around = stack.middle.technology.title
    return StackTold(around=around, score=round(stack.score, 2), total=round(stack.total, 2))
