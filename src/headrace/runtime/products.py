"""Published products in words and figures: the catalog's entries, and how each stands to its promises."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headrace.engine.render import quoted
from headrace.errors import EngineError
from headrace.govern import Standing, health
from headrace.project import Product, Project
from headrace.runtime.assemble import Assembly
from headrace.runtime.decide import iso
from headrace.security import Principal
from headrace.sql import Program

CONTRACT_SECONDS = 10.0
"""A contract is looked at again after so long at the earliest."""
ASKING = Principal("contracts", admin=True)


def promised(product: Product, standing: Standing, broken: int | None) -> dict[str, Any]:
    """How a product stands to its promises. Lengths of time are seconds.

    Args:
        broken: rows that break the contract; None: that could not be looked at.
    """
    found = health(product, standing)
    return {
        "name": product.name,
        "domain": product.domain,
        "ok": found.ok and not broken,
        "contract": "unknown" if broken is None else "broken" if broken else "met",
        "contract_rows_broken": broken,
        "freshness": found.freshness,
        "behind": None if found.behind is None else round(found.behind.total_seconds(), 3),
        "freshness_promised": product.freshness.total_seconds(),
        "proven": found.proven,
        "proven_promised": None if product.proven is None else product.proven.total_seconds(),
    }


def faults(product: Product, relation: str, *, unique: bool = False) -> str | None:
    """A SELECT of how many rows break a contract: by a NULL, and by the key of another row; None: it says nothing of either.

    Args:
        unique: the key cannot be there twice, by how the model is made.
    """
    never = [quoted(column) for column in (*product.key, *product.not_null)]
    if not never:
        return None
    nulls = f"count(*) FILTER ({' OR '.join(f'{column} IS NULL' for column in never)})"
    keys = ", ".join(map(quoted, product.key))
    copies = f"count(*) - count(DISTINCT row({keys}))" if product.key and not unique else "0"
    return f"SELECT {nulls} AS nulls, {copies} AS copies FROM {quoted(relation)}"


@dataclass(frozen=True)
class Found:
    """What a node knows of a product beside how it stands to its promises.

    Attributes:
        complete_to: event times before it are complete; None: it has none.
        broken: rows that break the contract; None: that could not be looked at.
    """

    rows: int
    parity: str
    as_of: datetime | None
    complete_to: datetime | None
    broken: int | None


class ContractWatch:
    """Counts the rows that break contracts: once for each content of a model, and not all the time.

    Args:
        query: asks the node.
        program: of a model.
        changed_at: the epoch in which each model changed last.
    """

    def __init__(
        self, query: Callable[..., Any], program: Callable[[str], Program], changed_at: Mapping[str, int]
    ) -> None:
        self._query = query
        self._program = program
        self._changed_at = changed_at
        self._found: dict[str, tuple[float, int, int]] = {}

    def broken(self, product: Product) -> int | None:
        """How many rows of a product break its contract; None: it cannot be asked now."""
        name = product.name
        epoch, now = self._changed_at.get(name, 0), time.monotonic()
        at, of, rows = self._found.get(name, (-math.inf, -1, 0))
        if of == epoch or now - at < CONTRACT_SECONDS:
            return rows
        keys = {column.lower() for column in self._program(name).key}
        text = faults(product, name, unique=bool(keys) and keys <= {column.lower() for column in product.key})
        try:
            row = [0] if text is None else list(self._query(text, ASKING).table.to_pylist()[0].values())
        except EngineError:
            return None
        self._found[name] = (now, epoch, sum(row))
        return sum(row)


def described(
    product: Product, project: Project, assembly: Assembly, standing: Standing, found: Found
) -> dict[str, Any]:
    """A product's entry in the catalog."""
    domain = project.domains[product.domain]
    return {
        **promised(product, standing, found.broken),
        "description": product.description,
        "version": product.version,
        "owner": product.owner or domain.owner,
        "contact": domain.contact,
        "columns": dict(product.columns),
        "key": list(product.key),
        "not_null": list(product.not_null),
        "rows": found.rows,
        "as_of": iso(found.as_of),
        "complete_to": iso(found.complete_to),
        "parity": found.parity,
        "sources": sorted(assembly.upstream(product.name) & project.sources.keys()),
        "made_of": sorted(read for read in _upstream(assembly, product.name) if read in project.products),
        "read_by": sorted(_readers(product, project, assembly)),
    }


def _upstream(assembly: Assembly, model: str) -> set[str]:
    return {program.model for program in assembly.made_of(model)} - {model}


def _readers(product: Product, project: Project, assembly: Assembly) -> set[str]:
    """Other domains whose models read it."""
    read = {project.models[program.model].domain for program in assembly.programs if product.name in program.reads}
    return read - {product.domain}
