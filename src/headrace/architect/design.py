"""The decision record: everything that a design states, made from requirements and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.architect.assurance import Answer, Enforced, enforced, reviewed, taken
from headrace.architect.circumstances import circumstances
from headrace.architect.conflicts import Conflict, conflicts
from headrace.architect.deployment import Deployment, deploy
from headrace.architect.flow import Flow, flow
from headrace.architect.knowledge import Component, Knowledge, Risk
from headrace.architect.needs import Needs, needs_of
from headrace.architect.options import Option, options
from headrace.architect.pattern import PatternChoice, choose
from headrace.architect.quality import Quality, qualities
from headrace.architect.records import Record, records
from headrace.architect.requirements import Requirements
from headrace.architect.selection import Matrix, matrix
from headrace.architect.stack import Stack, stacks
from headrace.errors import DesignError


class ContradictionError(DesignError):
    """Requirements that cannot all be met; `conflicts` are those that leave no design to make."""

    conflicts: tuple[Conflict, ...] = ()


@dataclass(frozen=True)
class Design:
    """An architecture with its reasons."""

    needs: Needs
    conflicts: tuple[Conflict, ...]
    pattern: PatternChoice
    deployment: Deployment
    stacks: tuple[Stack, ...]
    matrices: tuple[Matrix, ...]
    flow: Flow
    controls: tuple[Enforced, ...]
    qualities: tuple[Quality, ...]
    risks: tuple[Risk, ...]
    review: tuple[Answer, ...]
    options: tuple[Option, ...]
    records: tuple[Record, ...]
    knowledge: Knowledge

    @property
    def stack(self) -> Stack:
        """The recommended one."""
        return self.stacks[0]


def design(requirements: Requirements, known: Knowledge) -> Design:
    """Decide.

    The same requirements and the same knowledge give the same design.

    Raises:
        ContradictionError: the requirements cannot all be met (HR-001).
    """
    needs = needs_of(requirements, known)
    choice, where = choose(needs), deploy(needs)
    found = stacks(needs, known, where, choice.chosen)
    told = conflicts(needs, known, where, choice.chosen, found)
    if blocking := [conflict for conflict in told if conflict.blocks]:
        raise _impossible(blocking)
    stack = found[0]
    holds = circumstances(needs, choice.chosen, stack)
    controls = enforced(holds, stack, known)
    argued: list[Component] = [component for component in requirements.matrix if component in stack.parts]
    return Design(
        needs=needs,
        conflicts=told,
        pattern=choice,
        deployment=where,
        stacks=found,
        matrices=tuple(matrix(stack.parts[component], needs, found) for component in argued),
        flow=flow(needs, choice.chosen, stack),
        controls=controls,
        qualities=qualities(needs),
        risks=taken(holds, known),
        review=reviewed(needs, stack, controls, known),
        options=options(needs, found),
        records=records(needs, choice, where, stack),
        knowledge=known,
    )


def _impossible(blocking: list[Conflict]) -> ContradictionError:
    what = "; ".join(f"{conflict.what} ({', '.join(conflict.given)})" for conflict in blocking)
    nearest = "; or ".join(choice for conflict in blocking for choice in conflict.nearest)
    error = ContradictionError(
        f"the requirements cannot all be met: {what}",
        code="HR-001",
        state="No design was made and nothing was written.",
        fix=f"nearest to them: {nearest}",
    )
    error.conflicts = tuple(blocking)
    return error
