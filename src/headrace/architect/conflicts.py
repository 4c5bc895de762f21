"""Requirements that cannot all be met: which of them, why, and what is nearest to them.

A conflict that blocks leaves no design to make. Others are told in the design.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from headrace.architect.circumstances import capacity
from headrace.architect.deployment import Deployment
from headrace.architect.framework import PATTERNS, Pattern
from headrace.architect.knowledge import Component, Knowledge
from headrace.architect.needs import Needs, duration
from headrace.architect.scoring import ON_THE_WAY, REDUNDANT_UPTIME, Scored, freshest, score
from headrace.architect.stack import Stack, comes_along, wanted


@dataclass(frozen=True)
class Conflict:
    """Requirements that do not go together.

    Attributes:
        what: how they contradict each other, in a sentence.
        given: the requirements, as in ``budget.monthly``.
        nearest: what could be had instead, each as an edit of the requirements.
        blocks: whether no design is possible.
    """

    what: str
    given: tuple[str, ...]
    nearest: tuple[str, ...]
    blocks: bool


def conflicts(
    needs: Needs, known: Knowledge, where: Deployment, pattern: Pattern, found: tuple[Stack, ...]
) -> tuple[Conflict, ...]:
    """Look for them, those that block first.

    Args:
        found: the stacks that there are.
    """
    told = [*_speed(needs, known, pattern), *_places(needs), *_people(needs)]
    if found:
        told += [*_money(needs, found), *_hours(needs, found[0]), *_staying(needs, pattern, found[0])]
    elif not any(conflict.blocks for conflict in told):
        told += _nothing_fits(needs, known, where, pattern)
    return tuple(sorted(told, key=lambda conflict: not conflict.blocks))


def _speed(needs: Needs, known: Knowledge, pattern: Pattern) -> Iterator[Conflict]:
    """A freshness that nothing on its way can give."""
    components: tuple[Component, ...] = get_args(Component)
    for component in components:
        if component not in ON_THE_WAY or component not in wanted(needs, pattern):
            continue
        use = freshest(component, needs)
        least = min(technology.latency_seconds for technology in known.technologies[component].values())
        if use is not None and least > use.freshness:
            key = f"workloads.{use.need.name}.freshness"
            fastest = _seconds(least)
            yield Conflict(
                f"`{use.need.name}` may be {duration(use.need.freshness)} old at most, and the fastest {_named(component)} that is known adds {fastest}",
                (key,),
                (f"`{key}: {fastest}` or more", f"serve `{use.need.name}` beside the platform, where the event arises"),
                blocks=True,
            )


def _seconds(value: float) -> str:
    return f"{value * 1000:g} ms" if value < 1 else f"{value:g} seconds"


def _named(component: Component) -> str:
    return component.replace("_", " ")


def _places(needs: Needs) -> Iterator[Conflict]:
    if needs.strict and needs.sensitivity == "high" and needs.cloud.strategy == "cloud_first":
        yield Conflict(
            "The data is highly sensitive and regulation strict, which keeps it on the company's own machines, and the cloud is to come first",
            ("sensitivity", "strictness", "cloud.strategy"),
            (
                "`cloud.strategy: on_premises`, which is what the design takes",
                "`strictness: moderate`, if a lawyer agrees: a hybrid cloud",
            ),
            blocks=False,
        )


def _staying(needs: Needs, pattern: Pattern, best: Stack) -> Iterator[Conflict]:
    """What is there already, stays, and does not go with the rest."""
    for part in best.parts.values():
        title = part.chosen.technology.title
        if part.chosen.barred and not part.stays:
            yield Conflict(
                f"{title} is taken although {part.chosen.barred}: nothing else goes with what stays",
                ("systems",),
                ("take out of `systems` what processes the data",),
                blocks=False,
            )
    for existing in needs.requirements.systems:
        if existing.component not in best.parts:
            yield Conflict(
                f"{existing.technology} stays, and {PATTERNS[pattern]} has no use for {_named(existing.component)} with these sources",
                ("systems",),
                (f"take {existing.technology} out of `systems`",),
                blocks=False,
            )
        elif (part := best.parts[existing.component]).chosen.barred:
            yield Conflict(
                f"{part.chosen.technology.title} stays, although {part.chosen.barred}",
                ("systems",),
                (f"replace {part.chosen.technology.title}",),
                blocks=False,
            )


def _people(needs: Needs) -> Iterator[Conflict]:
    if needs.engineers == 0:
        yield Conflict(
            "Nobody is there to build it",
            ("team.engineers",),
            ("`team: {engineers: 1}` or more: even one process has to be set up, watched and upgraded",),
            blocks=True,
        )


def _money(needs: Needs, found: tuple[Stack, ...]) -> Iterator[Conflict]:
    if needs.monthly is None:
        return
    cheapest = min(found, key=lambda stack: (stack.monthly, stack.engine))
    if cheapest.monthly <= needs.monthly < found[0].monthly:
        yield Conflict(
            f"What fits best costs {found[0].monthly:,.0f} {needs.currency} a month, and the budget is {needs.monthly:,.0f}",
            ("budget.monthly",),
            (
                f"the stack around {cheapest.engine}, for {cheapest.monthly:,.0f} a month",
                f"`budget: {{monthly: {_up(found[0].monthly)}}}`",
            ),
            blocks=False,
        )
    if cheapest.monthly > needs.monthly:
        machines = (
            sum(
                line.amount
                for part in cheapest.parts.values()
                if not comes_along(part, cheapest.parts)
                for line in part.chosen.cost.bills[0]
            )
            / 12
        )
        nearest = [
            f"`budget: {{monthly: {_up(cheapest.monthly)}, currency: {needs.currency}}}`, for the stack around {cheapest.engine}"
        ]
        if machines <= needs.monthly:
            nearest.append(
                f"count people apart: machines and services alone are {machines:,.0f} {needs.currency} a month"
            )
        if needs.uptime > REDUNDANT_UPTIME:
            nearest.append(
                "`service_levels: {uptime: 99.5, recovery_point: 1 hour}`: what is kept on one machine is then enough"
            )
        yield Conflict(
            f"The cheapest stack that meets the rest costs {cheapest.monthly:,.0f} {needs.currency} a month, "
            f"of which people {cheapest.monthly - machines:,.0f}, and the budget is {needs.monthly:,.0f}",
            ("budget.monthly", "service_levels.uptime", "sources"),
            tuple(nearest),
            blocks=True,
        )


def _up(amount: float) -> str:
    return f"{-(-amount // 100) * 100:.0f}"


def _hours(needs: Needs, best: Stack) -> Iterator[Conflict]:
    if needs.engineers and best.monthly_hours > capacity(needs):
        yield Conflict(
            f"What fits best takes {best.monthly_hours:g} hours a month to look after, and {needs.engineers} engineers can give {capacity(needs):g}",
            ("team.engineers",),
            (
                "more engineers",
                "`cloud: {strategy: cloud_first, provider: …}`, so that services can be used",
                "fewer parts: see the other stacks",
            ),
            blocks=False,
        )


def _nothing_fits(needs: Needs, known: Knowledge, where: Deployment, pattern: Pattern) -> list[Conflict]:
    """Components for which everything is barred, each with what bars the best of them."""
    told = []
    for component in wanted(needs, pattern):
        ranked: tuple[Scored, ...] = score(component, needs, known, where, pattern)
        if all(each.barred for each in ranked):
            reasons = tuple(f"{each.technology.title}: {each.barred}" for each in ranked[:3])
            told.append(
                Conflict(
                    f"No {_named(component)} meets the requirements",
                    ("open_source", "cloud", "service_levels"),
                    reasons,
                    blocks=True,
                )
            )
    return told or [
        Conflict(
            "No parts go together that meet the requirements",
            ("systems",),
            ("take `systems` out, one at a time",),
            blocks=True,
        )
    ]
