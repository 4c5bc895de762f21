"""A whole project, as declared: what `headrace.yaml` says and what the folders beside it hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from headrace.project.case import Case
from headrace.project.dashboard import Dashboard
from headrace.project.declared import GIVEN, Count, Declared, Name, SomeTime, Text
from headrace.project.domain import Domain, Product
from headrace.project.function import Function
from headrace.project.model import Model
from headrace.project.policy import Policy
from headrace.project.report import Report
from headrace.project.source import Source
from headrace.project.target import Target


class ParitySettings(Declared):
    """When models are recomputed in batch and compared."""

    every: SomeTime | None = Field(default=None, description="How often. Default: only when asked, `headrace parity`.")


class LogSettings(Declared):
    """The durable log."""

    retention: SomeTime = Field(
        default=timedelta(days=7),
        description="How old rows grow in the log before they are dropped; none is before the lake has it.",
    )


class LakeSettings(Declared):
    """History, in Iceberg tables."""

    commit_rows: Annotated[Count, Field(ge=1)] = Field(
        default=100_000, description="A table's rows waiting for the lake that make a snapshot due."
    )
    commit_age: SomeTime = Field(
        default=timedelta(minutes=1), description="The longest that rows wait for the lake while the node runs."
    )


class ServeSettings(Declared):
    """The doors of the node."""

    host: Text = Field(
        default="127.0.0.1", description="The address to listen on: this machine only, as there is no TLS yet."
    )
    port: Annotated[Count, Field(ge=0, le=65535)] = Field(default=8642, description="The TCP port; 0 is any free one.")


class Project(Declared):
    """The project as a whole.

    Pure declaration: nothing in it is open, connected or running.
    """

    root: Path = Field(description="The project's folder, absolute.", json_schema_extra=GIVEN)
    name: Text = Field(description="What the project is called.")
    description: str = Field(default="", description="What it is for, in a sentence.")
    pattern: Literal["kappa", "lambda", "mesh"] = Field(
        default="kappa",
        description="What runs. `kappa`: the incremental path; reprocessing is a replay from log and lake. `lambda`: beside it a "
        "recompute in batch, by schedule, that reconciles it and records the verdict. `mesh`: either of the two in each domain, "
        "`domains/NAME/`.",
    )
    clock: Literal["wall", "event_time"] = Field(
        default="wall",
        description="What `now()` means in models: the time of day, or how far event time has come: as far as the source furthest behind.",
    )
    parity: ParitySettings = Field(default=ParitySettings(), description="When answers are proven.")
    log: LogSettings = Field(default=LogSettings(), description="The durable log.")
    lake: LakeSettings = Field(default=LakeSettings(), description="History.")
    serve: ServeSettings = Field(default=ServeSettings(), description="The doors.")
    targets: Mapping[Name, Target] = Field(
        default={},
        description="Services to run on, by name: `--target NAME` chooses. Without it, all is on this machine.",
    )
    sources: Mapping[str, Source] = Field(default={}, description="`sources/*.yaml`.", json_schema_extra=GIVEN)
    models: Mapping[str, Model] = Field(default={}, description="`models/*.sql`.", json_schema_extra=GIVEN)
    dashboards: Mapping[str, Dashboard] = Field(default={}, description="`dashboards/*.yaml`.", json_schema_extra=GIVEN)
    reports: Mapping[str, Report] = Field(default={}, description="`reports/*.yaml`.", json_schema_extra=GIVEN)
    tests: Mapping[str, Case] = Field(default={}, description="`tests/*.yaml`.", json_schema_extra=GIVEN)
    policies: Mapping[str, Policy] = Field(default={}, description="`policies/*.yaml`.", json_schema_extra=GIVEN)
    domains: Mapping[str, Domain] = Field(default={}, description="`domains/*/domain.yaml`.", json_schema_extra=GIVEN)
    products: Mapping[str, Product] = Field(
        default={}, description="`domains/*/products/*.yaml`.", json_schema_extra=GIVEN
    )
    functions: Mapping[str, Function] = Field(default={}, description="`functions/*.py`.", json_schema_extra=GIVEN)
