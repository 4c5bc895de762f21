"""Technologies of one component beside each other, whether or not a design would take any of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from headrace.architect.deployment import deploy
from headrace.architect.knowledge import Component, Knowledge
from headrace.architect.needs import Needs, needs_of
from headrace.architect.pattern import choose
from headrace.architect.requirements import Requirements
from headrace.architect.scoring import Scored, score
from headrace.architect.selection import Matrix, matrix
from headrace.architect.stack import Part, foremost, stacks


@dataclass(frozen=True)
class Comparison:
    """What comes of it.

    Attributes:
        rows: what was compared, best first, barred ones last.
        misfits: technology -> why it does not go with the rest of the stack that a design would take.
        wanted: whether a design for these requirements has the component at all.
        argued: the best one against the others; nothing when none of them can be had.
    """

    needs: Needs
    rows: tuple[Scored, ...]
    misfits: Mapping[str, str]
    wanted: bool
    argued: Matrix | None


def compare(component: Component, names: Collection[str], requirements: Requirements, known: Knowledge) -> Comparison:
    """Score technologies of a component for requirements.

    What a design for the same requirements takes leads, where it is among them; otherwise the best of those that go with the design does.

    Args:
        names: of the technologies, all of which the component has.
    """
    needs = needs_of(requirements, known)
    where, pattern = deploy(needs), choose(needs).chosen
    found = stacks(needs, known, where, pattern)
    part = found[0].parts.get(component) if found else None
    rows = tuple(each for each in score(component, needs, known, where, pattern) if each.name in names)
    misfits = {name: why for name, why in part.misfits.items() if name in names} if part is not None else {}
    taken = next((each for each in rows if part is not None and each.name == part.chosen.name), None)
    chosen = taken or foremost([each for each in rows if not each.barred and each.name not in misfits], needs)
    if chosen is None:
        return Comparison(needs, rows, misfits, part is not None, None)
    stays = taken is not None and part is not None and part.stays
    others = tuple(each for each in rows if each is not chosen)
    argued = matrix(Part(component, chosen, stays, others, misfits), needs, found if taken else ())
    return Comparison(needs, rows, misfits, part is not None, argued)
