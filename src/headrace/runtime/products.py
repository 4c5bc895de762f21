"""Published products in words and figures: the catalog's entries, and how each stands to its promises."""

from __future__ import annotations

from typing import Any

from headrace.govern import Standing, health
from headrace.project import Product, Project
from headrace.runtime.assemble import Assembly
from headrace.runtime.decide import iso


def promised(product: Product, standing: Standing) -> dict[str, Any]:
    """How a product stands to its promises. Lengths of time are seconds."""
    found = health(product, standing)
    return {
        "name": product.name,
        "domain": product.domain,
        "ok": found.ok,
        "freshness": found.freshness,
        "behind": None if found.behind is None else round(found.behind.total_seconds(), 3),
        "freshness_promised": product.freshness.total_seconds(),
        "proven": found.proven,
        "proven_promised": None if product.proven is None else product.proven.total_seconds(),
    }


def described(
    product: Product, project: Project, assembly: Assembly, standing: Standing, rows: int, parity: str
) -> dict[str, Any]:
    """A product's entry in the catalog."""
    domain = project.domains[product.domain]
    return {
        **promised(product, standing),
        "description": product.description,
        "version": product.version,
        "owner": product.owner or domain.owner,
        "contact": domain.contact,
        "columns": dict(product.columns),
        "key": list(product.key),
        "not_null": list(product.not_null),
        "rows": rows,
        "as_of": iso(standing.taken_at),
        "complete_to": iso(standing.complete_to),
        "parity": parity,
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
