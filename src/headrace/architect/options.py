"""Three ways to go about it: conservative, balanced, innovative."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from headrace.architect.circumstances import TEAM_HOURS
from headrace.architect.claims import Claim
from headrace.architect.needs import Needs
from headrace.architect.stack import Stack

BUILD_SHARE = 0.4
"""How much of a team's time goes into setting parts up; the rest goes into sources and models."""

WEEKS = 52 / 12
ONE_TEXT = ("headrace", "headrace_on_spark", "headrace_recompute", "risingwave", "materialize")
"""Engines that keep SQL models up to date by themselves."""


@dataclass(frozen=True)
class Option:
    """A way.

    Attributes:
        weeks: until the parts stand, with this team.
    """

    name: str
    stack: Stack
    why: Claim
    pros: tuple[str, ...]
    cons: tuple[str, ...]
    weeks: int


def options(needs: Needs, found: tuple[Stack, ...]) -> tuple[Option, ...]:
    """Pick the three, of stacks with the best first."""
    balanced = found[0]
    steady = max(found, key=lambda stack: (_steadiness(stack), stack.score))
    newer = next((stack for stack in found if stack.engine in ONE_TEXT and stack is not balanced), None)
    cheap = min(found, key=lambda stack: (stack.total, stack.engine))
    innovative = newer or cheap
    return (
        _option(
            "conservative",
            steady,
            needs,
            f"of all stacks its parts are the most reliable, the best known and the surest to go on ({_steadiness(steady):.2f} of 5)",
        ),
        _option(
            "balanced",
            balanced,
            needs,
            f"it has the best score of all stacks ({balanced.score:.2f} of 5), and is what this document recommends",
        ),
        _option(
            "innovative",
            innovative,
            needs,
            "models are SQL that the engine keeps up to date by itself, a newer kind than jobs that are written"
            if newer
            else "it costs least",
        ),
    )


def _steadiness(stack: Stack) -> float:
    """The mean of reliability, skills and roadmap over all parts."""
    factors = ("reliability", "skill_availability", "future_roadmap")
    scores = [part.chosen.factors[factor].score for part in stack.parts.values() for factor in factors]
    return sum(scores) / len(scores)


def _option(name: str, stack: Stack, needs: Needs, why: str) -> Option:
    engine = stack.middle
    hours = max(1, needs.engineers) * TEAM_HOURS * BUILD_SHARE
    return Option(
        name=name,
        stack=stack,
        why=Claim(f"Around {engine.technology.title}: {why}.", ("practice", "scoring")),
        pros=engine.technology.strengths,
        cons=engine.technology.weaknesses,
        weeks=ceil(stack.setup_hours / hours * WEEKS),
    )
