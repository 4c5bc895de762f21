"""What a query may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Catalog:
    """The relations that one principal may read, each with its columns.

    Args:
        relations: relation name -> column name -> DuckDB type text, columns in the order of `SELECT *`. Names are
            compared without regard to case, as DuckDB does. Only the columns given here can be read, even if the
            engine's table has more.
        functions: lower-case names of the project's own functions, which may be called besides those of `functions.py`.
        closed: relations that there are and the principal may not read -> the domain that keeps them to itself.

    Raises:
        ValueError: a relation without columns, or two relations whose names differ only in case.
    """

    relations: Mapping[str, Mapping[str, str]]
    functions: frozenset[str] = frozenset()
    closed: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        folded = [name.lower() for name in self.relations]
        for name, columns in self.relations.items():
            if not columns or folded.count(name.lower()) > 1:
                raise ValueError(f"relation {name!r} has no columns or is there twice")

    def find(self, name: str) -> str | None:
        """The relation's name as the catalog spells it, or None."""
        if name in self.relations:
            return name
        return next((known for known in self.relations if known.lower() == name.lower()), None)
