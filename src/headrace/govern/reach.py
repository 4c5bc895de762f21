"""Which relations a domain may read: its own, and what other domains publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headrace.project import Project


@dataclass(frozen=True)
class Reach:
    """What may be read from within a domain.

    Attributes:
        open: names of relations that may be read.
        closed: relations that may not -> the domain that they are of.
    """

    open: frozenset[str]
    closed: Mapping[str, str]


def reach(project: Project, within: str) -> Reach:
    """What may be read from within a domain; ``""`` is the whole project's own pages, which read products only."""
    homes = {name: one.domain for name, one in (*project.sources.items(), *project.models.items())}
    closed = {name: home for name, home in homes.items() if home not in ("", within) and name not in project.products}
    return Reach(frozenset(homes) - closed.keys(), closed)
