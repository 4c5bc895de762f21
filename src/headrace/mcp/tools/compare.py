"""The tool ``compare``: technologies of a component beside each other, factor by factor."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from headrace.architect.compare import compare
from headrace.architect.knowledge import Component, Knowledge
from headrace.architect.requirements import Requirements, SourceNeed, Weights, Workload
from headrace.errors import UsageError
from headrace.mcp.given import RequirementsAgain, Short, requirements_of
from headrace.mcp.session import Session
from headrace.mcp.tool import Tool
from headrace.mcp.tools.compared import Compared, told
from headrace.project.declared import Declared, parse_duration
from headrace.project.near import nearest


class Asked(Declared):
    """Arguments of `compare`."""

    component: Component = Field(description="What they are to be in the platform.")
    technologies: tuple[Short, ...] = Field(
        default=(),
        description="Names or titles of those to compare, as in `kafka` or `Apache Kafka`. Without any: all that are known.",
    )
    requirements: RequirementsAgain | None = Field(
        default=None,
        description="What they are to be compared for, as `design` takes it. Without: a stream of events and a dashboard of a minute's freshness, "
        "all else assumed; scores that rest on volumes, skills and costs are then of little use.",
    )
    weights: Weights | None = Field(
        default=None, description="Of the four criteria, instead of the requirements' own or the framework's."
    )


PLAIN = Requirements(
    name="Comparison",
    sources=(SourceNeed(name="events", kind="events"),),
    workloads=(Workload(name="dashboard", kind="dashboard", freshness=parse_duration("1 minute")),),
)
"""What is compared for when nothing is said."""


def _compared(session: Session, asked: Asked) -> Compared:
    requirements = requirements_of(asked.requirements)[0] if asked.requirements is not None else PLAIN
    if asked.weights is not None:
        requirements = requirements.model_copy(update={"weights": asked.weights})
    names = _named(asked.technologies, asked.component, session.known)
    return told(asked.component, compare(asked.component, names, requirements, session.known), session.known)


def _named(given: Iterable[str], component: Component, known: Knowledge) -> frozenset[str]:
    """Technologies by name or title.

    Raises:
        UsageError: HR-162, the component has no such technology.
    """
    group = known.technologies[component]
    called = {technology.title.lower(): name for name, technology in group.items()} | {name: name for name in group}
    wanted = list(given)
    for one in wanted:
        if one.strip().lower() not in called:
            raise UsageError(
                f"{one!r} is not known as {component.replace('_', ' ')}",
                code="HR-162",
                state="nothing was compared",
                fix=nearest(one, sorted(group), "known are"),
            )
    return frozenset(called[one.strip().lower()] for one in wanted) or frozenset(group)


COMPARE = Tool(
    "compare",
    "Compare technologies",
    "Score technologies of one component by the framework's twelve factors: each score with its reason and evidence, costs over three years, what is barred and why, "
    "and what would turn the order round. Give requirements: what fits depends on them.",
    Asked,
    Compared,
    _compared,
)
