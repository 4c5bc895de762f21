"""What the compiler is told about the world: relations and their columns, and an oracle for types.

The compiler does no I/O. Types, and whether a name is an aggregate, are the engine's to say, so they are handed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sqlglot import exp


@dataclass(frozen=True)
class Relation:
    """A source or a model that a query may name.

    Attributes:
        columns: name -> the engine's type text.
        append_only: rows never leave it.
        live: its whole content is kept as ``live.<name>`` (models, and sources whose rows change).
        net: no row is in its change with both weights.
        frontier: column -> the least value it can have in any row that still arrives or leaves, over watermarks; see
            :mod:`headrace.sql.frontier`.
        sets_aside: a source that takes no row behind its watermark, so that frontiers over that watermark hold.
    """

    name: str
    columns: Mapping[str, str]
    append_only: bool
    live: bool
    key: tuple[str, ...] = ()
    net: bool = True
    frontier: Mapping[str, exp.Expr] = field(default_factory=dict)
    sets_aside: bool = False


class Oracle(Protocol):
    """What only the engine knows."""

    def describe(self, query: exp.Query) -> list[tuple[str, str]]:
        """Output column names and type texts of ``query``, without running it. Raises SqlError when it does not bind."""
        ...

    def is_aggregate(self, function: str) -> bool:
        """Whether ``function`` is the name of an aggregate."""
        ...


@dataclass(frozen=True)
class Catalog:
    relations: Mapping[str, Relation]
    oracle: Oracle

    def schema(self) -> dict[str, object]:
        """As sqlglot's optimizer takes it: relation -> column -> type."""
        return {name: dict(relation.columns) for name, relation in self.relations.items()}
