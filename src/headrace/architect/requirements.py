"""What a company needs of its platform, as it says so in one YAML file. Whatever it leaves out becomes a stated assumption."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from headrace.architect.knowledge import Component, knowledge
from headrace.architect.knowledge import Name as Known
from headrace.project.declared import Count, Declared, Flag, Name, SomeTime, Text, refused
from headrace.project.near import nearest

Sensitive = Literal["personal", "payment", "health", "financial"]
Degree = Literal["low", "medium", "high"]
Skill = Literal["python", "sql", "java", "scala", "kubernetes", "linux", "cloud", "kafka", "spark"]


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refused(f"{value!r} is not a number", "write a number, without a unit and without quotes")
    if not abs(value) <= sys.float_info.max:  # nor is it one that is no number
        raise refused("the number is too large", "write a smaller one")
    return float(value)


Number = Annotated[float, BeforeValidator(_number)]
Some = Annotated[Number, Field(gt=0, le=1e9)]


class SourceNeed(Declared):
    """Something that data comes from."""

    name: Name = Field(description="What it is called.")
    kind: Literal["database", "events", "files", "api", "devices", "logs"] = Field(description="What it is.")
    records_per_second: Some | None = Field(default=None, description="Records that arrive, on average over a day.")
    peak_factor: Annotated[Number, Field(ge=1, le=1e6)] | None = Field(
        default=None, description="How many times the average the busiest minute is."
    )
    record_bytes: Some | None = Field(default=None, description="The size of a record as it is sent.")
    speaks: tuple[Literal["http", "mqtt", "amqp", "kafka", "jdbc", "s3", "sftp"], ...] = Field(
        default=(), description="The protocols that it has."
    )
    holds: tuple[Sensitive, ...] = Field(default=(), description="What is in it that must be protected.")
    domain: Name | None = Field(default=None, description="The domain that it belongs to.")


class Workload(Declared):
    """What people or programs want of the data."""

    name: Name = Field(description="What it is called.")
    kind: Literal["dashboard", "alert", "report", "exploration", "api", "training"] = Field(description="What it is.")
    freshness: SomeTime = Field(description="How old an answer may be: `5 seconds`, `1 day`.")
    response: SomeTime | None = Field(default=None, description="How long an answer may take.")
    users: Annotated[Count, Field(ge=1)] | None = Field(default=None, description="People or programs that use it.")
    domain: Name | None = Field(default=None, description="The domain that it belongs to.")


class History(Declared):
    """What is kept of the past."""

    years: Some | None = Field(default=None, description="How long records are kept.")
    restated: Flag | None = Field(
        default=None, description="Whether past records are corrected or loaded again in bulk, beside the stream."
    )


class Domain(Declared):
    """A part of the company with data of its own."""

    name: Name = Field(description="What it is called.")
    owner: Text | None = Field(default=None, description="Who answers for its data.")


class Cloud(Declared):
    """Where the platform may run."""

    strategy: Literal["cloud_first", "cloud_neutral", "on_premises"] = Field(description="The company's rule.")
    provider: Literal["aws", "azure", "gcp"] | None = Field(default=None, description="The one it prefers or has.")
    multi_cloud: Flag = Field(default=False, description="Whether it must run on several clouds at once.")


class Budget(Declared):
    """What it may cost."""

    monthly: Annotated[Number, Field(ge=0, le=1e12)] = Field(
        description="All of it in a month: machines, services, operation."
    )
    currency: Literal["USD", "EUR"] = Field(default="USD", description="The currency of every cost in the document.")


class Team(Declared):
    """Who builds and runs it."""

    engineers: Annotated[Count, Field(ge=0)] | None = Field(default=None, description="People who build it.")
    skills: tuple[Skill, ...] | None = Field(default=None, description="What they know.")
    hour_cost: Some | None = Field(default=None, description="What an hour of theirs costs, in the budget's currency.")


class ServiceLevels(Declared):
    """What is promised."""

    uptime: Annotated[Number, Field(gt=0, le=100)] | None = Field(default=None, description="Percent of the time.")
    recovery_time: SomeTime | None = Field(default=None, description="How soon it is back after a failure.")
    recovery_point: SomeTime | None = Field(default=None, description="How much of the newest data may be lost.")


class Existing(Declared):
    """Something that is there already and stays."""

    component: Component = Field(description="What it is in the platform.")
    technology: Known = Field(description="Its name in the knowledge base, as in `kafka`.")

    @model_validator(mode="after")
    def _known(self) -> Existing:
        group = knowledge().technologies[self.component]
        if self.technology not in group:
            what = f"{self.technology!r} is not known as {self.component.replace('_', ' ')}"
            raise refused(what, nearest(self.technology, sorted(group), "known are"), at="technology", code="HR-212")
        return self


class Weights(Declared):
    """How much each criterion of the technology scoring counts."""

    technical_fit: Annotated[Number, Field(ge=0)] = Field(
        default=0.30, description="Performance, scalability, reliability."
    )
    operational_fit: Annotated[Number, Field(ge=0)] = Field(default=0.25, description="Use, monitoring, maintenance.")
    strategic_fit: Annotated[Number, Field(ge=0)] = Field(default=0.25, description="Alignment, skills, roadmap.")
    cost_efficiency: Annotated[Number, Field(ge=0)] = Field(default=0.20, description="Licence, operation, total.")

    @model_validator(mode="after")
    def _sum_to_one(self) -> Weights:
        total = sum(self.model_dump().values())
        if abs(total - 1) > 1e-9:
            raise refused(f"the weights come to {total:g}", "make them come to 1")
        return self


class Requirements(Declared):
    """What a platform is needed for."""

    name: Text = Field(description="What the platform is called.")
    summary: str = Field(default="", description="What it is for, in a sentence or two.")
    sources: tuple[SourceNeed, ...] = Field(min_length=1, description="Where data comes from.")
    workloads: tuple[Workload, ...] = Field(min_length=1, description="What is wanted of it.")
    history: History = Field(default=History(), description="What is kept of the past.")
    domains: tuple[Domain, ...] | None = Field(
        default=None, min_length=1, description="Parts of the company that own data."
    )
    autonomous_domains: Flag | None = Field(
        default=None, description="Whether each domain has people who build and answer for its own data."
    )
    complexity: Degree | None = Field(default=None, description="How involved the transformations are.")
    sensitivity: Degree | None = Field(default=None, description="How sensitive the data is.")
    regulation: tuple[Literal["gdpr", "hipaa", "sox", "pci_dss"], ...] | None = Field(
        default=None, description="Laws and standards that apply."
    )
    strictness: Literal["moderate", "strict"] | None = Field(
        default=None, description="Whether regulation lets data leave the company's own machines: `strict` does not."
    )
    cloud: Cloud | None = Field(default=None, description="Where it may run.")
    budget: Budget | None = Field(default=None, description="What it may cost.")
    team: Team = Field(default=Team(), description="Who builds and runs it.")
    open_source: Literal["required", "preferred", "indifferent"] | None = Field(
        default=None, description="Whether its parts must or should be open source."
    )
    systems: tuple[Existing, ...] = Field(default=(), description="What is there already and stays.")
    service_levels: ServiceLevels = Field(default=ServiceLevels(), description="What is promised.")
    yearly_growth: Annotated[Number, Field(ge=0, le=100)] | None = Field(
        default=None, description="How much more data comes each year: 0.3 is 30 % more."
    )
    weights: Weights = Field(default=Weights(), description="Of the technology scoring. Default: the framework's.")
    matrix: tuple[Component, ...] = Field(
        default=("stream_processing",), min_length=1, description="Components that are argued factor by factor."
    )

    @model_validator(mode="after")
    def _names_agree(self) -> Requirements:
        for key, names in (
            ("sources", [source.name for source in self.sources]),
            ("workloads", [workload.name for workload in self.workloads]),
            ("domains", [domain.name for domain in self.domains or ()]),
            ("systems", [str(existing.component) for existing in self.systems]),
        ):
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise refused(f"{twice[0]!r} stands twice in `{key}`", "rename one of them", at=key, code="HR-209")
        for key, parts in _in_domains(self).items():
            known = {domain.name for domain in self.domains or ()}
            for part in parts:
                if self.domains is not None and part.domain is not None and part.domain not in known:
                    fix = f"add it to `domains`, or write one of {', '.join(sorted(known))}"
                    raise refused(
                        f"{part.name!r} is of the domain {part.domain!r}, which `domains` does not have",
                        fix,
                        at=key,
                        code="HR-212",
                    )
        return self


def _in_domains(requirements: Requirements) -> Mapping[str, tuple[SourceNeed | Workload, ...]]:
    return {"sources": requirements.sources, "workloads": requirements.workloads}
