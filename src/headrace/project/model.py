"""A model: one SELECT, and what its header says about it."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from headrace.project.declared import GIVEN, Declared, Name


class Model(Declared):
    """One SELECT under a name, kept up to date.

    Its SQL is text here; `headrace.sql` is what reads it.
    """

    name: Name = Field(description="The relation it defines: the file's name.", json_schema_extra=GIVEN)
    sql: str = Field(
        description="The text without its header. Columns are the file's own: what stood before it on its first line "
        "is blank.",
        json_schema_extra=GIVEN,
    )
    path: Path = Field(description="The .sql file.", json_schema_extra=GIVEN)
    first_line: int = Field(default=1, description="The file's line on which `sql` starts.", json_schema_extra=GIVEN)
    domain: str = Field(default="", description="The domain it is of; empty: none.", json_schema_extra=GIVEN)
    description: str = Field(default="", description="What a row means, for the people who read it.")
    owner: str = Field(default="", description="Who answers for it: a person or a team.")
