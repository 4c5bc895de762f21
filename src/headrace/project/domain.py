"""Domains of a mesh: who answers for some sources and models, and what of them others may read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from headrace.project.columns import ColumnName, Columns
from headrace.project.declared import GIVEN, Declared, Name, SomeTime, Text, refused

_VERSION = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")


def parsed_version(text: str) -> tuple[int, int, int]:
    """``1.4.0`` as numbers: major, minor, patch.

    Raises:
        ValueError: it is not three numbers with dots between them.
    """
    found = _VERSION.fullmatch(text)
    if found is None:
        raise ValueError(text)
    major, minor, patch = map(int, found.groups())
    return major, minor, patch


def _version(value: object) -> object:
    try:
        parsed_version(str(value))
    except ValueError:
        fix = "write three numbers, as in `1.0.0`: the first changes when readers have to"
        raise refused(f"{value!r} is not a version", fix) from None
    return str(value)


def _distinct(columns: tuple[str, ...]) -> tuple[str, ...]:
    if len({column.lower() for column in columns}) < len(columns):
        raise refused("a column stands twice", "name each column once")
    return columns


Names = Annotated[tuple[ColumnName, ...], AfterValidator(_distinct)]


class Domain(Declared):
    """A part of the company that answers for its own sources, models and products."""

    name: Name = Field(description="The folder's name.", json_schema_extra=GIVEN)
    file: Path = Field(description="Its `domain.yaml`.", json_schema_extra=GIVEN)
    owner: Text = Field(description="Who answers for it: a team or a person.")
    contact: str = Field(default="", description="How the owner is reached.")
    description: str = Field(default="", description="What the domain is about.")
    pattern: Literal["kappa", "lambda"] = Field(
        default="kappa", description="How its models are kept, as `pattern` of a project without domains."
    )


class Product(Declared):
    """A model that others may read, and what they are promised of it."""

    name: Name = Field(description="The model: the file's name.", json_schema_extra=GIVEN)
    file: Path = Field(description="The YAML file that declares it.", json_schema_extra=GIVEN)
    domain: str = Field(description="The domain that publishes it.", json_schema_extra=GIVEN)
    version: Annotated[str, BeforeValidator(_version)] = Field(
        description="The contract's version, `1.0.0`: another first number when a column goes or changes, another second one when "
        "columns are added."
    )
    description: Text = Field(description="What a row is, for those who read it elsewhere.")
    owner: str = Field(default="", description="Who answers for it. Default: the domain's owner.")
    columns: Columns = Field(
        validation_alias="schema",
        description="Column names and DuckDB types: the contract. The model has these columns.",
    )
    key: Names = Field(
        default=(), description="The columns that identify a row: no two rows have the same, and none is NULL."
    )
    not_null: Names = Field(default=(), description="Further columns that are never NULL.")
    freshness: SomeTime = Field(
        description="How far behind its answers may be: event time that is not complete yet, or rows that wait."
    )
    proven: SomeTime | None = Field(
        default=None,
        description="How old the newest proof that it equals a recompute may be. Default: nothing is promised.",
    )

    @model_validator(mode="after")
    def _columns_agree(self) -> Product:
        known = {name.lower() for name in self.columns}
        for at in ("key", "not_null"):
            for name in getattr(self, at):
                if name.lower() not in known:
                    what = f"the schema has no column {name!r}"
                    raise refused(what, f"its columns are {', '.join(self.columns)}", at=at, code="HR-212")
        return self
