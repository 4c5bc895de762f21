"""Dashboards: tiles, each one SELECT and the way its answer is shown."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from headrace.project.declared import GIVEN, Count, Declared, Name, Text

Format = Literal["number", "percent", "duration", "datetime"]


class Display(Declared):
    """How rows are shown: shared by tiles and the sections of reports."""

    x: Text | None = Field(default=None, description="The column along the axis. Default: the first that is no number.")
    y: tuple[Text, ...] = Field(default=(), description="The columns drawn or shown. Default: every other number.")
    series: Text | None = Field(default=None, description="The column whose values each get a line or a colour.")
    unit: Text | None = Field(default=None, description="What is counted; with `format: duration`, the unit of time.")
    format: Format | None = Field(
        default=None, description="How values are written; a fraction as `percent`. Default: by the column's type."
    )


class Tile(Display):
    """One answer on a dashboard."""

    title: Text = Field(description="The heading.")
    kind: Literal["stat", "line", "area", "bar", "table", "heatmap"] = Field(description="What is drawn.")
    sql: Text = Field(description="A SELECT over sources and models.")
    description: str = Field(default="", description="What the reader should know about it.")
    width: Annotated[Count, Field(ge=1, le=12)] = Field(default=6, description="How wide, in twelfths of the page.")
    rows: Annotated[Count, Field(ge=1, le=24)] = Field(default=4, description="How tall, in rows of the grid.")


def title_of(name: str) -> str:
    """Return the title of a thing that states none: ``late_bids`` is ``Late bids``."""
    return name.replace("_", " ").strip().capitalize()


class Page(Declared):
    """What dashboards and reports have in common."""

    name: Name = Field(description="Its address: the file's name.", json_schema_extra=GIVEN)
    file: Path = Field(description="The YAML file that declares it.", json_schema_extra=GIVEN)
    domain: str = Field(default="", description="The domain it is of; empty: none.", json_schema_extra=GIVEN)
    title: Text = Field(default="", description="The page's heading. Default: the name, in words.")
    description: str = Field(default="", description="What the page is for.")

    @model_validator(mode="before")
    @classmethod
    def _titled(cls, values: object) -> object:
        if isinstance(values, dict) and "title" not in values and isinstance(values.get("name"), str):
            return {**values, "title": title_of(values["name"])}
        return values


class Dashboard(Page):
    """A page of tiles, live."""

    tiles: tuple[Tile, ...] = Field(min_length=1, description="What is on it, in reading order.")
