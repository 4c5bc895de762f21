"""Security controls, risks and the review's checklists, as far as a design can answer them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from headrace.architect.circumstances import capacity
from headrace.architect.knowledge import Check, Control, Knowledge, Risk
from headrace.architect.needs import LAWS, Needs
from headrace.architect.scoring import HEADROOM, REDUNDANT_POINT, REDUNDANT_UPTIME, freshest
from headrace.architect.stack import Stack


@dataclass(frozen=True)
class Enforced:
    """A control, and how it is enforced in this design."""

    name: str
    control: Control
    where: str
    how: str


@dataclass(frozen=True)
class Answer:
    """A question of the review: ``yes``, ``no``, or ``open`` for people at its gate, and why."""

    check: Check
    answer: str
    why: str


def enforced(holds: frozenset[str], stack: Stack, known: Knowledge) -> tuple[Enforced, ...]:
    """The controls that are for such a case."""
    found = []
    for name, control in known.controls.items():
        if holds & set(control.when):
            part = next((part for component, part in stack.parts.items() if component == control.where), None)
            technology = part.chosen.name if part is not None else "any"
            where = part.chosen.technology.title if part is not None else _PLACES.get(control.where, "where it applies")
            found.append(Enforced(name, control, where, control.how.get(technology, control.how["any"])))
    return tuple(found)


_PLACES = {"network": "the network", "process": "the way of working"}


def taken(holds: frozenset[str], known: Knowledge) -> tuple[Risk, ...]:
    """The risks that are for such a case, the gravest first."""
    grave = {"high": 0, "medium": 1, "low": 2}
    found = [risk for risk in known.risks.values() if holds & set(risk.when)]
    return tuple(sorted(found, key=lambda risk: (grave[risk.probability] + grave[risk.impact], grave[risk.impact])))


def reviewed(needs: Needs, stack: Stack, controls: tuple[Enforced, ...], known: Knowledge) -> tuple[Answer, ...]:
    """Answer what can be answered."""
    answers = []
    for check in known.checks.values():
        if not check.by:
            answers.append(Answer(check, "open", f"for people, at the gate {check.gate.replace('_', ' ')}"))
            continue
        fault, why = _ANSWERS[check.by](needs, stack, controls)
        answers.append(Answer(check, "no" if fault else "yes", fault or why))
    return tuple(answers)


def _peak(needs: Needs, stack: Stack, _: tuple[Enforced, ...]) -> tuple[str, str]:
    least = HEADROOM * needs.peak
    short = [
        f"{part.chosen.technology.title} is taken to bear {part.chosen.technology.events_per_second:,.0f} records/s"
        for part in stack.parts.values()
        if part.chosen.technology.events_per_second is not None and part.chosen.technology.events_per_second < least
    ]
    return "; ".join(short), f"twice the peak is {least:,.0f} records/s, and no part is known to take less"


def _growth(needs: Needs, _stack: Stack, _: tuple[Enforced, ...]) -> tuple[str, str]:
    return "", f"for {needs.growth:.0%} more each year, by part, machines and people apart"


def _fresh(needs: Needs, stack: Stack, _: tuple[Enforced, ...]) -> tuple[str, str]:
    slow = []
    for component, part in stack.parts.items():
        use = freshest(component, needs)
        if use is not None and part.chosen.technology.latency_seconds * HEADROOM > use.freshness:
            slow.append(
                f"{part.chosen.technology.title} adds {part.chosen.technology.latency_seconds:g} s for `{use.need.name}`"
            )
    return "; ".join(slow), "every part on the way adds less"


def _redundant(needs: Needs, stack: Stack, _: tuple[Enforced, ...]) -> tuple[str, str]:
    single = [part.chosen.technology.title for part in stack.parts.values() if part.chosen.technology.single]
    if not single:
        return "", "log, history and catalog are each on several machines"
    if needs.uptime <= REDUNDANT_UPTIME and needs.recovery_point >= REDUNDANT_POINT:
        return "", f"{', '.join(single)} on one machine, which the promises allow; it is backed up"
    return f"{', '.join(single)} on one machine", ""


def _identity(_needs: Needs, stack: Stack, _: tuple[Enforced, ...]) -> tuple[str, str]:
    part = stack.parts["identity"].chosen
    if part.name == "headrace_tokens":
        return "tokens of Headrace's own know nobody by name", ""
    return "", f"at {part.technology.title}"


def _controls(needs: Needs, _stack: Stack, controls: tuple[Enforced, ...]) -> tuple[str, str]:
    bare = [kind for kind in needs.held if not any(kind in each.control.when for each in controls)]
    return (
        f"nothing is said about {', '.join(bare)}" if bare else ""
    ), f"{len(controls)} controls, each with its place"


def _laws(needs: Needs, _stack: Stack, controls: tuple[Enforced, ...]) -> tuple[str, str]:
    bare = [law for law in needs.regulation if not any(law in each.control.when for each in controls)]
    due = sorted({LAWS[kind] for kind in needs.held} - set(needs.regulation))
    named = [
        *(f"{law} has no control" for law in bare),
        *(f"what is held falls under {law}, which `regulation` does not name" for law in due),
    ]
    return "; ".join(named), "each of: " + (", ".join(needs.regulation) or "none applies")


def _team(needs: Needs, stack: Stack, _: tuple[Enforced, ...]) -> tuple[str, str]:
    said = f"{stack.monthly_hours:g} hours a month of {capacity(needs):g} that {needs.engineers} engineers can give"
    return (said if stack.monthly_hours > capacity(needs) else ""), said


def _skills(needs: Needs, stack: Stack, _: tuple[Enforced, ...]) -> tuple[str, str]:
    missing: dict[str, list[str]] = {}
    for part in stack.parts.values():
        for skill in sorted(set(part.chosen.technology.skills) - set(needs.skills)):
            missing.setdefault(skill, []).append(part.chosen.technology.title)
    return "; ".join(f"{skill} for {', '.join(titles)}" for skill, titles in missing.items()), "all are there"


def _budget(needs: Needs, stack: Stack, _: tuple[Enforced, ...]) -> tuple[str, str]:
    if needs.monthly is None:
        return "no budget is stated", ""
    said = f"a month of the first year costs {stack.monthly:,.0f} {needs.currency}, the budget is {needs.monthly:,.0f}"
    return (said if stack.monthly > needs.monthly else ""), said


def _lock_in(_needs: Needs, stack: Stack, _: tuple[Enforced, ...]) -> tuple[str, str]:
    held = [
        part.chosen.technology.title for part in stack.parts.values() if part.chosen.technology.kind != "open_source"
    ]
    return (f"not yet written down for {', '.join(held)}" if held else ""), "every part is open source"


_ANSWERS: Mapping[str, Callable[[Needs, Stack, tuple[Enforced, ...]], tuple[str, str]]] = {
    "peak": _peak,
    "growth": _growth,
    "freshness": _fresh,
    "redundant": _redundant,
    "identity": _identity,
    "controls": _controls,
    "laws": _laws,
    "team": _team,
    "skills": _skills,
    "budget": _budget,
    "lock_in": _lock_in,
}
"""Each gives the fault, empty when there is none, and what is said when there is none."""
