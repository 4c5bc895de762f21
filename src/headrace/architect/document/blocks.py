"""What a document is made of, before it is Markdown or HTML. In texts, ```x``` is code; there is no other markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    """A heading; `level` 1 is the document's own."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `strong` stands before the text."""

    text: str
    strong: str = ""


@dataclass(frozen=True)
class Points:
    """A list."""

    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of cells; `numbers` are the columns that are set to the right, counted from 0."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Figure:
    """A picture: an SVG file beside the document, and for diagrams the Mermaid source of the same.

    Attributes:
        name: of the file, without ``.svg``.
        says: what it shows, for who cannot see it.
    """

    name: str
    svg: str
    says: str
    mermaid: str = ""


Block = Heading | Paragraph | Points | Table | Figure


def table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> Table:
    """Make a table of anything that is like one."""
    return Table(tuple(head), tuple(tuple(row) for row in rows), frozenset(numbers))
