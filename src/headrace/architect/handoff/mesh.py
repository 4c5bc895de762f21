"""The files that a mesh has more: domains, and what they publish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from headrace.architect.handoff import models
from headrace.architect.handoff.layout import Layout
from headrace.architect.handoff.records import COLUMNS
from headrace.architect.needs import Use, duration
from headrace.architect.requirements import SourceNeed
from headrace.project.written import dump


def is_published(use: Use) -> bool:
    """Alerts are for those who act on them; what else is computed others may read."""
    return use.need.kind != "alert"


def files(layout: Layout) -> dict[str, str]:
    """Path within the project -> text."""
    found = {f"domains/{domain}/domain.yaml": _domain(layout, domain) for domain in layout.domains}
    longest = timedelta(0)
    for use in layout.design.needs.uses:
        if is_published(use):
            shape = models.SHAPES[use.need.kind]
            folder, longest = layout.folder(use.need.domain), max(longest, use.need.freshness)
            found[f"{folder}products/{use.need.name}.yaml"] = _product(
                shape.says, shape.columns, shape.key, use.need.freshness
            )
    for source, seconds in layout.published():
        folder, within = layout.folder(source.domain), timedelta(seconds=seconds)
        found |= _of_source(source, folder, within)
        longest = max(longest, within)
    if longest:
        policy = {"kind": "products", "description": "No product is older than this.", "freshness": duration(longest)}
        found["policies/products.yaml"] = dump(policy)
    return found


def _of_source(source: SourceNeed, folder: str, within: timedelta) -> dict[str, str]:
    name = models.published_as(source)
    says = f"Every record of {source.name}" + (
        ", who is meant as a pseudonym." if name == models.read_by(source) else "."
    )
    made = {f"{folder}products/{name}.yaml": _product(says, COLUMNS, (), within)}
    if name != models.read_by(source):
        made[f"{folder}models/{name}.sql"] = models.published(source)
    return made


def _domain(layout: Layout, domain: str) -> str:
    return dump({"owner": layout.owner(domain), "description": f"The data of {domain.replace('_', ' ')}."})


def _product(says: str, columns: Mapping[str, str], key: Iterable[str], freshness: timedelta) -> str:
    told: dict[str, Any] = {"version": "1.0.0", "description": says, "schema": dict(columns)}
    told |= {"key": [*key]} if key else {}
    return dump({**told, "freshness": duration(freshness)})
