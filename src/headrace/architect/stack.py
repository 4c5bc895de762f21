"""The parts of the platform: for each component the technology that fits best among those that go together.

What processes the data decides what the rest can be, so a stack is made around each technology that could, and the best of the
stacks is recommended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

from headrace.architect.deployment import Deployment
from headrace.architect.framework import CRITERIA, Pattern
from headrace.architect.knowledge import Component, Knowledge
from headrace.architect.needs import Needs
from headrace.architect.scoring import Scored, points, score

PREFERENCE = 0.5
"""Where open source is preferred, anything else is recommended only if it scores so much more than the best open one."""

WITHOUT: Mapping[Pattern, frozenset[Component]] = {
    "lambda": frozenset(),
    "kappa": frozenset({"batch_processing"}),
    "mesh": frozenset(),
    "warehouse": frozenset({"event_log", "stream_processing"}),
}
"""What a pattern has no use for."""

STREAMS = frozenset({"events", "devices", "logs"})


@dataclass(frozen=True)
class Part:
    """A component of a stack.

    Attributes:
        chosen: the technology.
        stays: whether it is there already.
        others: the rest, best first; those that do not go with the stack say so in `misfits`.
    """

    component: Component
    chosen: Scored
    stays: bool
    others: tuple[Scored, ...]
    misfits: Mapping[str, str]


@dataclass(frozen=True)
class Stack:
    """Parts that go together.

    Attributes:
        engine: what processes the data.
        criteria: of each criterion the mean over the parts; the costs of cost efficiency are those of the whole stack beside the
            cheapest one.
        score: the criteria, weighted.
        total: what all parts cost over the years that are counted.
        labour: how much of it is engineers.
        hours: what engineers set up first, and then do each month.
    """

    engine: str
    parts: Mapping[Component, Part]
    criteria: Mapping[str, float]
    score: float
    total: float
    labour: float
    setup_hours: float
    monthly_hours: float

    @property
    def middle(self) -> Scored:
        """The technology that processes the data."""
        return next(part.chosen for part in self.parts.values() if part.chosen.name == self.engine)

    @property
    def monthly(self) -> float:
        """What a month of the first year costs, without setting up."""
        return sum(part.chosen.cost.first_month for part in self.parts.values() if not comes_along(part, self.parts))


def comes_along(part: Part, parts: Mapping[Component, Part]) -> bool:
    """Whether a part is a side of another one of the stack, so that it costs nothing more."""
    return any(other.chosen.name == part.chosen.technology.comes_with for other in parts.values())


def wanted(needs: Needs, pattern: Pattern) -> tuple[Component, ...]:
    """The components that a platform of the pattern has for these sources."""
    kinds = {load.need.kind for load in needs.sources}
    without = set(WITHOUT[pattern])
    if "database" not in kinds:
        without.add("change_capture")
    if not kinds - STREAMS - {"database"} and pattern != "warehouse":
        without.add("batch_ingestion")
    return tuple(component for component in get_args(Component) if component not in without)


def stacks(needs: Needs, known: Knowledge, where: Deployment, pattern: Pattern) -> tuple[Stack, ...]:
    """Make a stack around each technology that can process the data; best first, nothing when none can."""
    components = wanted(needs, pattern)
    ranked = {component: score(component, needs, known, where, pattern) for component in components}
    central: Component = "stream_processing" if "stream_processing" in ranked else "batch_processing"
    stays = _staying(central, ranked[central], needs)
    engines = [stays] if stays else [each for each in ranked[central] if not each.barred]
    found = [_around(each, stays is not None, central, ranked, needs, known) for each in engines]
    made = _scored([stack for stack in found if stack is not None], needs)
    return tuple(
        sorted(
            made, key=lambda stack: (not _preferred(stack, central, needs, made), -round(stack.score, 9), stack.total)
        )
    )


def _preferred(stack: Stack, central: Component, needs: Needs, made: list[Stack]) -> bool:
    """Whether the wish for open source leaves a stack in the race."""
    if needs.open_source == "indifferent" or stack.parts[central].chosen.technology.kind == "open_source":
        return True
    opened = [other.score for other in made if other.parts[central].chosen.technology.kind == "open_source"]
    return not opened or round(stack.score - max(opened), 9) > PREFERENCE


def _around(
    middle: Scored,
    is_there: bool,
    central: Component,
    ranked: Mapping[Component, tuple[Scored, ...]],
    needs: Needs,
    known: Knowledge,
) -> Stack | None:
    engine = middle.name
    parts = {central: _part(central, middle, middle if is_there else None, ranked[central], {})}
    for component, group in ranked.items():
        if component == central:
            continue
        misfits = {each.name: why for each in group if (why := _misfit(each.name, component, engine, known))}
        stays = _staying(component, group, needs)
        fitting = [each for each in group if each.name not in misfits]
        best = stays or foremost([each for each in fitting if not each.barred], needs)
        if best is None and parts[central].stays:  # what stays needs something that goes with it
            best = foremost(fitting, needs)
        if best is None or best.name in misfits:
            return None
        parts[component] = _part(component, best, stays, group, misfits)
    parts = {component: parts[component] for component in ranked}
    chosen_parts = [part.chosen for part in parts.values()]
    paid = [part.chosen for part in parts.values() if not comes_along(part, parts)]
    labour = [each.technology.labour for each in paid]
    return Stack(
        engine=engine,
        parts=parts,
        criteria={key: sum(each.criteria[key] for each in chosen_parts) / len(chosen_parts) for key in CRITERIA},
        score=0.0,
        total=sum(each.cost.total for each in paid),
        labour=sum(each.cost.labour for each in paid),
        setup_hours=sum(each.setup_hours for each in labour),
        monthly_hours=sum(each.monthly_hours for each in labour),
    )


def _scored(made: list[Stack], needs: Needs) -> list[Stack]:
    """Give each its score beside the others: a part that is one more to run costs what it costs."""
    weights = needs.requirements.weights.model_dump()
    found = []
    for stack in made:
        licences = [part.chosen.factors["licensing_cost"].score for part in stack.parts.values()]
        of_costs = (
            sum(licences) / len(licences),
            points(stack.labour, [other.labour for other in made])[0],
            points(stack.total, [other.total for other in made])[0],
        )
        criteria = {**stack.criteria, "cost_efficiency": sum(of_costs) / 3}
        found.append(
            replace(stack, criteria=criteria, score=sum(weights[key] * value for key, value in criteria.items()))
        )
    return found


def _part(
    component: Component, chosen: Scored, stays: Scored | None, group: tuple[Scored, ...], misfits: Mapping[str, str]
) -> Part:
    return Part(component, chosen, stays is chosen, tuple(each for each in group if each is not chosen), misfits)


def _staying(component: Component, group: tuple[Scored, ...], needs: Needs) -> Scored | None:
    names = {existing.technology for existing in needs.requirements.systems if existing.component == component}
    return next((each for each in group if each.name in names), None)


def foremost(able: list[Scored], needs: Needs) -> Scored | None:
    """The best, or where open source is preferred the best open one unless it is far behind."""
    if not able:
        return None
    best = able[0]
    if needs.open_source == "indifferent" or best.technology.kind == "open_source":
        return best
    opened = next((each for each in able if each.technology.kind == "open_source"), None)
    return opened if opened is not None and round(best.total - opened.total, 9) <= PREFERENCE else best


def _misfit(name: str, component: Component, engine: str, known: Knowledge) -> str:
    """Say why a technology does not go with what processes the data; empty when it does."""
    fits = known.fits
    if name in fits.only_with and engine not in fits.only_with[name]:
        return f"it is of use only with {_titles(fits.only_with[name], known)}"
    if component == "event_log" and engine in fits.reads and name not in fits.reads[engine]:
        return f"{_titles((engine,), known)} does not read it"
    served = fits.serves.get(engine, {}).get(component)
    return (
        f"{_titles((engine,), known)} does not put its results there"
        if served is not None and name not in served
        else ""
    )


def _titles(names: tuple[str, ...], known: Knowledge) -> str:
    """Technologies by what they are called; Headrace's several by its own name."""
    titles = {name: technology.title for group in known.technologies.values() for name, technology in group.items()}
    return ", ".join(dict.fromkeys("Headrace" if name.startswith("headrace") else titles[name] for name in names))
