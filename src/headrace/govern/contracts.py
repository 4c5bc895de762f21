"""Contracts: a product's columns are those that it promises, and a change of them is seen in its version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from headrace.errors import Place, ProjectError
from headrace.govern.facts import Compiled
from headrace.project import Product, Project, parsed_version


@dataclass(frozen=True)
class Contract:
    """What was published of a product.

    Attributes:
        columns: name -> type, in lower case.
    """

    version: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    not_null: tuple[str, ...] = ()


def contracts(project: Project) -> dict[str, Contract]:
    """The contracts that a project states, by product."""
    return {name: contract_of(product) for name, product in project.products.items()}


def contract_of(product: Product) -> Contract:
    columns = {name.lower(): kind for name, kind in product.columns.items()}
    key, not_null = (tuple(sorted(map(str.lower, names))) for names in (product.key, product.not_null))
    return Contract(product.version, columns, key, not_null)


def broken(project: Project, compiled: Compiled) -> Iterator[ProjectError]:
    """HR-224: products whose models have other columns than they promise."""
    for name, product in project.products.items():
        there = {column.lower(): kind for column, kind in compiled.columns[name].items()}
        promised = contract_of(product).columns
        faults = [f"{column} is missing" for column in promised if column not in there]
        faults += [
            f"{column} is {there[column]}, not {kind}"
            for column, kind in promised.items()
            if column in there and there[column] != kind
        ]
        faults += [
            f"{column} ({kind}) is not in the contract" for column, kind in there.items() if column not in promised
        ]
        if faults:
            what = f"the model {name} is not what its contract says: {'; '.join(faults)}"
            fix = "change the model, or the contract's `schema` and with it its `version`"
            yield ProjectError(what, code="HR-224", where=Place(product.file), fix=fix)


def changed_without_version(project: Project, published: Mapping[str, Contract]) -> Iterator[ProjectError]:
    """HR-225: contracts that differ from what was published last more than their versions say."""
    for name, product in project.products.items():
        before, now = published.get(name), contract_of(product)
        if before is None:
            continue
        old, new = parsed_version(before.version), parsed_version(now.version)
        if new < old:
            what = f"{name} {now.version} is older than {before.version}, which was published"
            fix = f"write `version: {before.version}` or a later one"
            yield ProjectError(what, code="HR-225", where=Place(product.file), fix=fix)
            continue
        changes, least = _needed(before, now, old)
        if new < least:
            what = (
                f"the contract of {name} has changed since {before.version}: {changes}; its version says {now.version}"
            )
            fix = f"write `version: {'.'.join(map(str, least))}`, or put the columns back"
            yield ProjectError(what, code="HR-225", where=Place(product.file), fix=fix)


def _needed(before: Contract, now: Contract, old: tuple[int, int, int]) -> tuple[str, tuple[int, int, int]]:
    """What has changed, in words, and the least version that says so."""
    breaks = [f"{column} is gone" for column in before.columns if column not in now.columns]
    breaks += [
        f"{column} is {now.columns[column]}, and was {kind}"
        for column, kind in before.columns.items()
        if column in now.columns and now.columns[column] != kind
    ]
    breaks += ["another key"] if before.key != now.key else []
    breaks += [
        f"{column} may be NULL" for column in before.not_null if column in now.columns and column not in now.not_null
    ]
    added = [f"{column} is new" for column in now.columns if column not in before.columns]
    major, minor, _ = old
    if breaks:
        return "; ".join([*breaks, *added]), (major + 1, 0, 0)
    return "; ".join(added), (major, minor + 1, 0) if added else old
