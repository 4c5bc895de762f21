"""What the architect knows: technologies, prices and the evidence for both, as data that can be read and argued with.

The files lie in ``knowledge/``. Each is checked when it is read: a name that nothing defines is an error of ours, not of the user.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, StringConstraints, model_validator

from headrace.project.declared import Count, Declared, Text

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
"""The name of something in the files. Unlike a project's, it may start with ``headrace_``."""

Component = Literal[
    "event_log",
    "batch_ingestion",
    "change_capture",
    "object_store",
    "table_format",
    "serving_store",
    "stream_processing",
    "batch_processing",
    "orchestration",
    "dashboards",
    "sql_access",
    "catalog",
    "identity",
    "monitoring",
]
"""What a platform is made of, in the order of the data's path."""

Judged = Literal[
    "performance",
    "scalability",
    "reliability",
    "ease_of_use",
    "monitoring",
    "maintenance",
    "skill_availability",
    "future_roadmap",
]
"""Factors of the framework's scoring that are rated in the files. The other four follow from the requirements and the cost model."""

Quantity = Literal[
    "one",
    "events_per_second",
    "million_events",
    "gb_in",
    "gb_hot",
    "gb_stored",
    "gb_served",
    "gb_scanned",
    "cores",
    "users",
]
"""What a cost grows with. Rates are peaks; the rest is of an average month:

========================  ==========================================================================
one                       1
events_per_second         records a second of all sources, at the peak
million_events            millions of records that arrive in a month
gb_in                     GB that arrive in a month
gb_hot                    GB in the log for as long as it keeps them, once
gb_stored                 GB of history, compressed, in the middle of the year
gb_served                 GB of results that are kept ready for questions; in a warehouse, all history
gb_scanned                GB that queries and reports read in a month
cores                     processor cores that the peak keeps busy, as the processing needs them
users                     people who read dashboards and reports
========================  ==========================================================================
"""

Unit = Literal["hour", "month", "gb", "gb_month", "million", "user_month"]
HOURS = 730
"""Hours in an average month; what costs money by the hour runs all of them."""


class Evidence(Declared):
    """A fact that was read or measured, and where.

    `basis`: ``published`` by whoever is named, ``measured`` by this project's `bench/`, ``price`` from a price list.
    """

    says: Text = Field(description="The fact, in one sentence.")
    basis: Literal["published", "measured", "price"]
    source: Text = Field(description="The document's title and who published it.")
    url: Text = Field(description="Where it is; for a measurement, the page in `docs/`.")
    date: date


class Price(Declared):
    """What one unit of something costs in US dollars, by a list with a date."""

    amount: Annotated[float, Field(ge=0)]
    unit: Unit
    what: Text = Field(description="What is bought, with its region and its terms.")
    source: Text
    url: Text
    date: date


class Item(Declared):
    """A line of a bill: ``max(least, quantity / per * times)`` units, rounded up when `whole`; by the hour, all the month."""

    price: Text = Field(description="A price; without a provider before it, the price of the provider in use.")
    of: Quantity = "one"
    per: Annotated[float, Field(gt=0)] = 1
    times: Annotated[float, Field(ge=0)] = 1
    least: Annotated[float, Field(ge=0)] = 0
    whole: bool = False


class Labour(Declared):
    """Engineers' hours. A judgement; the document says so."""

    setup_hours: Annotated[float, Field(ge=0)]
    monthly_hours: Annotated[float, Field(ge=0)]
    why: Text


class Rating(Declared):
    """5 exceeds requirements, 4 meets them well, 3 meets the basics, 2 partly, 1 does not. Without evidence it is a judgement."""

    score: Annotated[Count, Field(ge=1, le=5)]
    why: Text
    evidence: tuple[Name, ...] = ()


class Technology(Declared):
    """One way to have a component."""

    title: Text
    licence: Text = Field(description="SPDX identifier, or `proprietary`.")
    kind: Literal["open_source", "source_available", "proprietary"]
    provider: Literal["aws", "azure", "gcp", "any"] = "any"
    hosted: bool = Field(
        default=False, description="Whether it runs nowhere but in its vendor's cloud, whoever's machines that uses."
    )
    single: bool = Field(default=False, description="Whether it keeps what it has on one machine only.")
    comes_with: Name | None = Field(
        default=None, description="A technology that it is a side of: where a stack has that, this costs nothing more."
    )
    summary: Text
    headrace: Literal["embedded", "driven", "beside"] = Field(
        description="Whether Headrace runs it within itself, drives it, or only reads and writes beside it."
    )
    latency_seconds: Annotated[float, Field(ge=0)] = Field(
        description="The least delay that it adds, as it is usually run."
    )
    events_per_second: Annotated[float, Field(gt=0)] | None = Field(
        default=None,
        description="What it is taken to bear at most: measured, documented or judged; nothing where that is no concern.",
    )
    skills: tuple[Name, ...] = Field(
        description="What its team must know: java, python, sql, kubernetes, linux, cloud."
    )
    ratings: Mapping[Judged, Rating]
    strengths: tuple[Text, ...] = Field(min_length=1)
    weaknesses: tuple[Text, ...] = Field(min_length=1)
    unpriced: bool = Field(
        default=False, description="Whether its vendor publishes no price, so that it cannot be compared."
    )
    items: tuple[Item, ...]
    labour: Labour
    evidence: tuple[Name, ...] = Field(default=(), description="Beside that of the ratings: licence, status, ceilings.")

    @model_validator(mode="after")
    def _rated_in_full(self) -> Technology:
        if missing := set(Judged.__args__) - set(self.ratings):  # type: ignore[attr-defined]
            raise ValueError(f"{self.title} has no rating of {', '.join(sorted(missing))}")
        return self


class Fits(Declared):
    """Which technologies go together.

    Attributes:
        only_with: technology -> those that process data of which it needs one.
        reads: what processes streams -> the logs that it reads.
        serves: what processes data -> component -> the technologies that its results can be had from.
    """

    only_with: Mapping[Name, tuple[Name, ...]]
    reads: Mapping[Name, tuple[Name, ...]]
    serves: Mapping[Name, Mapping[Component, tuple[Name, ...]]]


Condition = Literal[
    "always",
    "lambda",
    "kappa",
    "mesh",
    "warehouse",
    "personal",
    "payment",
    "health",
    "financial",
    "gdpr",
    "hipaa",
    "sox",
    "pci_dss",
    "two_texts",
    "streaming",
    "busy_team",
    "assumed_volumes",
    "proprietary_part",
    "missing_skill",
]
"""What may hold for a design: see `circumstances`."""


class Control(Declared):
    """A measure of security.

    `how` says by technology how it is enforced where it is; ``any`` stands for the others.
    """

    area: Literal["identity", "authorisation", "at_rest", "in_transit", "masking", "network", "audit", "compliance"]
    says: Text
    where: Component | Literal["network", "process"]
    how: Mapping[Name, Text]
    when: tuple[Condition, ...]
    project: str = Field(default="", description="What in the generated project does it; nothing where it cannot.")
    sections: tuple[Literal["security", "compliance"], ...]


class Risk(Declared):
    """Something that may go wrong."""

    title: Text
    when: tuple[Condition, ...]
    probability: Literal["low", "medium", "high"]
    impact: Literal["low", "medium", "high"]
    mitigation: Text
    sections: tuple[Name, ...]


class Check(Declared):
    """A question of the review; `by` names what answers it from the design, nothing where people must."""

    area: Literal["scalability", "security", "operations", "cost"]
    asks: Text
    by: str = ""
    gate: Literal["conceptual", "detailed", "implementation_ready"]


class Knowledge(Declared):
    """All of it.

    Attributes:
        technologies: by component, then by name.
    """

    fits: Fits

    evidence: Mapping[Name, Evidence]
    prices: Mapping[Name, Price]
    technologies: Mapping[Component, Mapping[Name, Technology]]
    controls: Mapping[Name, Control]
    risks: Mapping[Name, Risk]
    checks: Mapping[Name, Check]

    @model_validator(mode="after")
    def _all_defined(self) -> Knowledge:
        for component, group in self.technologies.items():
            for name, technology in group.items():
                cited = {e for rating in technology.ratings.values() for e in rating.evidence} | {*technology.evidence}
                if undefined := sorted(cited - set(self.evidence)):
                    raise ValueError(f"{component}/{name} cites {', '.join(undefined)}, which is no evidence")
                for item in technology.items:
                    if not self._priced(item.price, technology.provider):
                        raise ValueError(f"{component}/{name} buys {item.price}, which has no price")
        return self

    def _priced(self, price: str, provider: str) -> bool:
        wanted = PROVIDERS if provider == "any" else (provider,)
        return price in self.prices or all(f"{each}_{price}" in self.prices for each in wanted)


PROVIDERS = ("aws", "azure", "gcp", "own")
"""Where open-source parts may run: machines of a cloud, or `own` ones."""


@cache
def knowledge() -> Knowledge:
    """Read and check the files."""
    folder = files("headrace.architect") / "knowledge"
    technologies: dict[str, Any] = {}
    evidence: dict[str, Any] = {}
    for name in ("ingestion", "storage", "processing", "consumption"):
        held = yaml.safe_load((folder / "technologies" / f"{name}.yaml").read_text("utf-8"))
        _joined(evidence, held.get("evidence", {}))
        _joined(technologies, held["technologies"])
    prices = yaml.safe_load((folder / "prices.yaml").read_text("utf-8"))["prices"]
    fits = yaml.safe_load((folder / "fits.yaml").read_text("utf-8"))
    held = {}
    for name in ("security", "risks", "review"):
        held.update(yaml.safe_load((folder / f"{name}.yaml").read_text("utf-8")))
    return Knowledge.model_validate(
        {"evidence": evidence, "prices": prices, "technologies": technologies, "fits": fits, **held}
    )


def _joined(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    if twice := into.keys() & more.keys():
        raise ValueError(f"defined twice: {', '.join(sorted(twice))}")
    into.update(more)
