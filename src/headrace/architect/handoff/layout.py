"""Where the files of a project stand: in one folder, or by domain where the pattern is a mesh."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from headrace.architect.design import Design
from headrace.architect.handoff import models
from headrace.architect.needs import Use
from headrace.architect.requirements import SourceNeed

PATTERN = {"lambda": "lambda", "kappa": "kappa", "mesh": "mesh", "warehouse": "kappa"}
"""The pattern of a project for each pattern of a design: a warehouse is fed by batches, and one path takes those as well."""


@dataclass(frozen=True)
class Layout:
    """Of one design."""

    design: Design

    @property
    def mesh(self) -> bool:
        return self.design.pattern.chosen == "mesh"

    @property
    def domains(self) -> list[str]:
        """Domains that something of the project is of; none where it is no mesh."""
        needs = self.design.needs
        placed = [*(load.need.domain for load in needs.sources), *(use.need.domain for use in needs.uses)]
        return list(dict.fromkeys(self.home(domain) for domain in placed)) if self.mesh else []

    def home(self, domain: str | None) -> str:
        """The domain in which something stands whose requirements name this one, or none."""
        return (domain or self.design.needs.domains[0]) if self.mesh else ""

    def folder(self, domain: str | None) -> str:
        """What the paths of its files begin with."""
        return f"domains/{self.home(domain)}/" if self.mesh else ""

    def owner(self, domain: str) -> str:
        named = self.design.needs.requirements.domains or ()
        return next((one.owner for one in named if one.name == domain and one.owner), f"the people of {domain}")

    def read(self, source: SourceNeed, domain: str | None) -> str:
        """What models of a domain read of a source: across domains a model that its domain publishes."""
        within = self.home(source.domain) == self.home(domain)
        return models.read_by(source) if within else models.published_as(source)

    def main_source(self, use: Use) -> SourceNeed:
        return models.main_source(use, self.design.needs)

    def published(self) -> Iterator[tuple[SourceNeed, float]]:
        """Sources that other domains read, each with the seconds within which the most pressing of them must see a record."""
        for load in self.design.needs.sources if self.mesh else ():
            uses = [use for use in self.design.needs.uses if self.main_source(use).name == load.need.name]
            if any(self.home(use.need.domain) != self.home(load.need.domain) for use in uses):
                # Uses of its own domain may read the same model: it is as fresh as the most pressing of all.
                yield load.need, min(use.freshness for use in uses)
