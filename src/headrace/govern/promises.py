"""Promises that cannot be kept, told before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from headrace.errors import Place, ProjectError
from headrace.govern.facts import Compiled
from headrace.project import Project
from headrace.sql import Program


def impossible(project: Project, compiled: Compiled) -> Iterator[ProjectError]:
    """HR-226: products that promise to be fresher than what they are made of."""
    for name, product in project.products.items():
        slowest = max(_behind(project, compiled.programs, name), default=None)
        if slowest is not None and product.freshness < slowest[0]:
            what = f"{name} promises `freshness: {product.freshness}`, and {slowest[1]}"
            fix = f"promise {slowest[0]} or more, or make what it reads faster"
            yield ProjectError(what, code="HR-226", where=Place(product.file), fix=fix)


def _behind(project: Project, programs: Sequence[Program], name: str) -> Iterator[tuple[timedelta, str]]:
    """How far behind what it is made of may be, and why."""
    by_name = {program.model: program for program in programs}
    seen, waiting = {name}, list(by_name[name].reads)
    while waiting:
        relation = waiting.pop()
        if relation in seen:
            continue
        seen.add(relation)
        if (source := project.sources.get(relation)) is not None:
            if source.event_time is not None:
                yield source.lateness, f"its source {relation} may deliver {source.lateness} late"
            continue
        if (made_of := project.products.get(relation)) is not None:
            yield made_of.freshness, f"{relation}, which it reads, promises {made_of.freshness}"
        waiting += by_name[relation].reads if relation in by_name else ()
