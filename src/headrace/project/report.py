"""Reports: parameters a reader sets, and the sections that are computed with them."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from headrace.project.dashboard import Display, Page
from headrace.project.declared import Declared, Name, Text, refused


def _scalar(value: Any) -> Any:
    if isinstance(value, str | bool | int) or (isinstance(value, float) and isfinite(value)):
        return value
    raise refused("a choice is text, a number, true or false", "write one value")


Scalar = Annotated[bool | int | float | str, BeforeValidator(_scalar)]


class Parameter(Declared):
    """What a reader may choose. The SQL of sections says ``$name`` where the chosen value is to stand."""

    sql: Text | None = Field(default=None, description="A SELECT whose first column holds the choices.")
    values: tuple[Scalar, ...] | None = Field(default=None, min_length=1, description="The choices, in order.")
    default: Scalar | None = Field(default=None, description="The choice at first. Default: the first of them.")

    @model_validator(mode="after")
    def _one_list(self) -> Parameter:
        if (self.sql is None) == (self.values is None):
            raise refused("a parameter needs either `sql` or `values`", "state one of them, and not the other")
        if self.values is not None and self.default is not None and self.default not in self.values:
            fix = "add it, or choose another default"
            raise refused(f"{self.default!r} is not among `values`", fix, at="default", code="HR-212")
        return self


class Section(Display):
    """A passage of text, an answer, or both."""

    title: Text | None = Field(default=None, description="The heading.")
    text: Text | None = Field(default=None, description="Plain text, printed before the answer.")
    sql: Text | None = Field(default=None, description="A SELECT over sources and models; may name parameters.")
    kind: Literal["table", "line", "bar", "stat"] = Field(default="table", description="What is drawn.")

    @model_validator(mode="after")
    def _says_something(self) -> Section:
        if self.sql is None and self.text is None:
            raise refused("a section needs `text` or `sql`", "state at least one of them")
        shown = sorted(self.model_fields_set & {"kind", *Display.model_fields})
        if self.sql is None and shown:
            raise refused(f"`{shown[0]}` says nothing without `sql`", "add `sql`, or delete it", at=shown[0])
        return self


class Report(Page):
    """A page for reading and printing, computed at one epoch."""

    parameters: Mapping[Name, Parameter] = Field(default={}, description="What the reader may choose, by name.")
    sections: tuple[Section, ...] = Field(min_length=1, description="What is in it, in reading order.")
