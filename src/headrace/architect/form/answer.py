"""What is filled in -> what is wrong with it, what is assumed beside it, and what the design comes to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.architect.conflicts import Conflict
from headrace.architect.costs import YEARS
from headrace.architect.deployment import MODELS
from headrace.architect.design import ContradictionError, Design, design
from headrace.architect.framework import PATTERNS
from headrace.architect.knowledge import knowledge
from headrace.architect.needs import needs_of
from headrace.architect.read import understood
from headrace.architect.requirements import Requirements
from headrace.architect.selection import money
from headrace.errors import ProjectError
from headrace.project.problems import ProjectErrors


@dataclass(frozen=True)
class Answer:
    """What there is to say of requirements.

    Attributes:
        problems: what the reader of a file refuses, each at the field it is about.
        contradictions: which of them cannot be met together, if no design can be made.
        conflicts: what does not go together in a design that is made all the same.
        assumptions: what is assumed for fields that are left empty.
        preview: what the design comes to, if one can be made.
    """

    problems: tuple[dict[str, str], ...] = ()
    contradictions: dict[str, Any] | None = None
    conflicts: tuple[dict[str, Any], ...] = ()
    assumptions: tuple[dict[str, str], ...] = ()
    preview: dict[str, Any] | None = None


def answer(path: Path, text: str) -> Answer:
    """Say what the text of a file comes to.

    Args:
        path: the file, for messages; it need not be there.
    """
    try:
        requirements = understood(text, path)
    except ProjectErrors as error:
        return Answer(problems=tuple(_problem(each) for each in error.problems))
    known = knowledge()
    assumed = tuple(
        {"at": _at(each.key, requirements), "key": each.key, "said": each.said, "why": each.why}
        for each in needs_of(requirements, known).assumptions
    )
    try:
        made = design(requirements, known)
    except ContradictionError as error:
        told = {"code": error.code, "conflicts": _conflicts(error.conflicts, requirements)}
        return Answer(contradictions=told, assumptions=assumed)
    return Answer(
        conflicts=tuple(_conflicts(made.conflicts, requirements)), assumptions=assumed, preview=_preview(made)
    )


def _problem(problem: ProjectError) -> dict[str, str]:
    at = ".".join(map(str, problem.where.part)) if problem.where else ""
    return {"at": at, "code": problem.code, "what": problem.what, "fix": problem.fix}


def _conflicts(found: Iterable[Conflict], requirements: Requirements) -> list[dict[str, Any]]:
    return [
        {
            "what": each.what,
            "given": [{"at": _at(key, requirements), "key": key} for key in each.given],
            "nearest": list(each.nearest),
        }
        for each in found
    ]


def _at(key: str, requirements: Requirements) -> str:
    """Where a requirement stands in the file: `sources.orders.record_bytes` may be `sources.0.record_bytes`."""
    first, *rest = key.split(".")
    held = getattr(requirements, first, None)
    if not rest or not isinstance(held, tuple):
        return key
    names = [getattr(item, "name", None) for item in held]
    return ".".join([first, str(names.index(rest[0])), *rest[1:]]) if rest[0] in names else first


def _preview(made: Design) -> dict[str, Any]:
    best, stack, needs = made.pattern.scores[0], made.stack, made.needs
    return {
        "pattern": PATTERNS[best.pattern],
        "score": f"{best.score:.2f}",
        "firmness": made.pattern.firmness,
        "lead": f"{made.pattern.lead:.2f}",
        "others": [
            {"pattern": PATTERNS[each.pattern], "score": f"{each.score:.2f}"} for each in made.pattern.scores[1:]
        ],
        "where": MODELS[made.deployment.model],
        "around": stack.middle.technology.title,
        "stack_score": f"{stack.score:.2f}",
        "parts": [
            {"component": component.replace("_", " "), "technology": part.chosen.technology.title, "stays": part.stays}
            for component, part in stack.parts.items()
        ],
        "years": YEARS,
        "cost": money(stack.total, needs),
        "people": money(stack.labour, needs),
        "monthly": money(stack.monthly, needs),
        "hours": f"{stack.monthly_hours:g}",
    }
