"""What checks are told of a project, besides what it declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlglot import exp

from headrace.sql import Program


@dataclass(frozen=True)
class Compiled:
    """What the compiler found.

    Attributes:
        columns: relation -> column -> DuckDB type.
        programs: of the models, in dependency order.
    """

    columns: Mapping[str, Mapping[str, str]]
    programs: Sequence[Program]


@dataclass(frozen=True)
class Shown:
    """A query of a page.

    Attributes:
        what: the page and the part of it, in words.
        file: where it is declared.
        query: its tree, with columns qualified.
    """

    what: str
    file: Path
    query: exp.Query
