"""The decisions as records, in the form that the framework has for them."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.architect.claims import Claim
from headrace.architect.deployment import MODELS, Deployment
from headrace.architect.framework import PATTERNS
from headrace.architect.needs import Needs
from headrace.architect.pattern import PatternChoice
from headrace.architect.stack import Part, Stack


@dataclass(frozen=True)
class Record:
    """A decision.

    Attributes:
        alternatives: each with why it was rejected.
    """

    number: int
    title: str
    context: tuple[Claim, ...]
    decision: Claim
    positive: tuple[str, ...]
    negative: tuple[str, ...]
    neutral: tuple[str, ...]
    alternatives: tuple[tuple[str, str], ...]
    implementation: tuple[str, ...]
    related: tuple[int, ...]


STATUS = "proposed"

POSITIVE = {
    "lambda": (
        "what is live and what is history each have a path that is made for it",
        "history can be computed again at any time, apart from what is live",
    ),
    "kappa": (
        "one code base and one way for everything",
        "what is computed again is computed by the code that runs live",
    ),
    "mesh": ("who knows the data answers for it", "domains go at a speed of their own"),
    "warehouse": ("one place, one engine, SQL that everybody knows", "nothing runs when nobody asks"),
}
NEGATIVE = {
    "lambda": ("two paths to run, and two texts of each model unless one engine runs both",),
    "kappa": ("to compute again takes a replay, and state and exactly-once are the platform's to get right",),
    "mesh": ("every domain needs people, and what is shared must be agreed on",),
    "warehouse": ("nothing is fresher than the last load",),
}


def records(needs: Needs, choice: PatternChoice, where: Deployment, stack: Stack) -> tuple[Record, ...]:
    """Write them: the pattern, the place, and each part that holds or processes data."""
    made = [_pattern(choice), _place(where)]
    for component in (
        "event_log",
        "object_store",
        "table_format",
        "stream_processing",
        "batch_processing",
        "serving_store",
    ):
        if component in stack.parts:
            made.append(_part(len(made) + 1, stack.parts[component], needs))
    return tuple(made)


def _pattern(choice: PatternChoice) -> Record:
    return Record(
        number=1,
        title=f"{PATTERNS[choice.chosen]} as the pattern of processing",
        context=choice.reasons[1:],
        decision=choice.reasons[0],
        positive=POSITIVE[choice.chosen],
        negative=NEGATIVE[choice.chosen],
        neutral=(f"the lead over the next is {choice.lead:.2f}: {choice.firmness}",),
        alternatives=tuple((PATTERNS[pattern], claim.text) for pattern, claim in choice.rejected.items()),
        implementation=tuple(
            f"look again if {each.change}: {PATTERNS[each.pattern]}"
            for each in choice.what_if
            if each.pattern != choice.chosen
        ),
        related=(2,),
    )


def _place(where: Deployment) -> Record:
    others = tuple(title for model, title in MODELS.items() if model != where.model)
    return Record(
        number=2,
        title=f"It runs in {MODELS[where.model]}",
        context=(),
        decision=where.reason,
        positive=("it follows from what the data and the company's rules are, not from a product",),
        negative=("parts that only one provider runs are out",)
        if where.model != "provider"
        else ("leaving the provider means moving everything",),
        neutral=(),
        alternatives=tuple((title, "another answer to one of the tree's questions leads there") for title in others),
        implementation=tuple(f"{step.question} {step.answer}" for step in where.steps),
        related=(1,),
    )


def _part(number: int, part: Part, needs: Needs) -> Record:
    chosen = part.chosen
    return Record(
        number=number,
        title=f"{chosen.technology.title} for {part.component.replace('_', ' ')}",
        context=(
            Claim(
                f"The platform needs {part.component.replace('_', ' ')}: {needs.peak:,.0f} records/s at the peak, {needs.gb_day:,.1f} GB a day.",
                ("template",),
                given=("sources",),
            ),
        ),
        decision=Claim(
            f"{chosen.technology.title} scores {chosen.total:.2f} of 5."
            + (" It is there already." if part.stays else ""),
            ("scoring",),
            evidence=chosen.technology.evidence,
        ),
        positive=chosen.technology.strengths,
        negative=chosen.technology.weaknesses,
        neutral=(
            f"licence {chosen.technology.licence}",
            f"{chosen.technology.labour.monthly_hours:g} hours a month to look after, by judgement",
        ),
        alternatives=tuple((each.technology.title, _rejected(part, each.name)) for each in part.others),
        implementation=(chosen.technology.labour.why,),
        related=(1, 2),
    )


def _rejected(part: Part, name: str) -> str:
    each = next(other for other in part.others if other.name == name)
    if each.barred:
        return each.barred
    if name in part.misfits:
        return part.misfits[name]
    return f"scores {each.total:.2f}"
