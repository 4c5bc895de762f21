"""Tests of models: the rows that arrive, and the rows that are then there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from headrace.project.declared import GIVEN, Declared, Name, Text, refused


def _rows(value: Any) -> Any:
    if not isinstance(value, list | tuple) or not all(isinstance(row, Mapping) for row in value):
        raise refused("rows are a list of keys with values", "write `- {column: value, …}` lines")
    return tuple(dict(row) for row in value)


Rows = Annotated[tuple[Mapping[str, Any], ...], BeforeValidator(_rows)]


def _time(value: Any) -> Any:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        raise refused(f"{value!r} is not a time", "write one as in `2026-01-05T12:00:00`") from None


class Case(Declared):
    """A test of one model."""

    name: Name = Field(description="The file's name.", json_schema_extra=GIVEN)
    file: Path = Field(description="The YAML file that declares it.", json_schema_extra=GIVEN)
    domain: str = Field(default="", description="The domain it is of; empty: none.", json_schema_extra=GIVEN)
    description: str = Field(default="", description="What it shows.")
    model: Text = Field(description="The model whose rows are looked at.")
    given: Mapping[Name, Rows] = Field(
        description="Rows by source, in the order in which they arrive; with `__op: d` in a source with a key, a row is deleted."
    )
    now: Annotated[datetime, BeforeValidator(_time)] | None = Field(
        default=None, description="What `now()` means, in UTC. Default: one day after 1970 began."
    )
    expect: Rows = Field(
        description="All rows of the model then, in any order; columns that are not named are not looked at."
    )
