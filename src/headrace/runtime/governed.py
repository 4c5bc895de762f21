"""The rules of a project, held against what the compiler and the gate find of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from headrace.errors import HeadraceError, NodeError, Place, ProjectError
from headrace.govern import Compiled, Contract, Shown, changed_without_version, contracts, reach, violations
from headrace.project import Dashboard, Project, ProjectErrors, Report, parsed_version
from headrace.runtime.assemble import Assembly
from headrace.runtime.datadir import replaced
from headrace.security import Catalog, Principal, gate


class Catalogs:
    """What each principal may name: everything, or what its domain may read."""

    def __init__(self, project: Project, assembly: Assembly) -> None:
        self._project = project
        self._assembly = assembly
        self._functions = frozenset(project.functions)
        self._within = cache(self._of)

    def of(self, principal: Principal) -> Catalog:
        """The catalog of a principal."""
        return self._within(principal.domain if self._project.domains else None)

    def _of(self, domain: str | None) -> Catalog:
        every = self._assembly.relations
        if domain is None:
            return Catalog(every, self._functions)
        found = reach(self._project, domain)
        # The ledgers of rejected and of late rows hold rows of all domains.
        own = {name: "the project" for name in every if name not in found.open and name not in found.closed}
        readable = {name: columns for name, columns in every.items() if name in found.open}
        return Catalog(readable, self._functions, {**found.closed, **own})


def check(project: Project, assembly: Assembly) -> None:
    """Hold a project against its own rules.

    Raises:
        ProjectErrors: with every rule that it breaks.
    """
    if problems := broken_rules(project, assembly):
        raise ProjectErrors(problems)


def broken_rules(project: Project, assembly: Assembly) -> list[ProjectError]:
    """Every rule that a project breaks."""
    if not project.domains and not project.policies:
        return []
    catalogs = Catalogs(project, assembly)
    shown, strangers = list[Shown](), list[ProjectError]()
    pages: list[Dashboard | Report] = [*project.dashboards.values(), *project.reports.values()]
    for page in pages:
        for what, sql, parameters in _asked(page):
            try:
                admitted = gate(
                    Principal(what, domain=page.domain),
                    sql,
                    catalogs.of(Principal(what, domain=page.domain)),
                    parameters,
                )
            except HeadraceError as error:
                if error.code == "HR-906":
                    strangers.append(_stranger(what, page.file, error))
                continue  # the page itself says what is wrong with it
            else:
                shown.append(Shown(what, page.file, admitted.expression.this))
    compiled = Compiled(assembly.relations, assembly.programs)
    return [*strangers, *violations(project, compiled, shown)]


def _asked(page: Dashboard | Report) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every query of a page: where it stands, its text, and some value for each of its parameters."""
    if isinstance(page, Dashboard):
        for tile in page.tiles:
            yield f"dashboard {page.name}, {tile.title!r}", tile.sql, {}
        return
    for name, parameter in page.parameters.items():
        if parameter.sql is not None:
            yield f"report {page.name}, parameter {name}", parameter.sql, {}
    for number, section in enumerate(page.sections, 1):
        if section.sql is not None:
            named = {name: "" for name in page.parameters if f"${name}" in section.sql}
            yield f"report {page.name}, {section.title or number!r}", section.sql, named


def _stranger(what: str, file: Path, error: HeadraceError) -> ProjectError:
    return ProjectError(f"{what}: {error.what}", code="HR-221", where=Place(file), fix=error.fix)


class PublishedContracts:
    """What was published last of each product, in a file of the data directory."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self, project: Project) -> None:
        """Hold the project's contracts against those that were published.

        Raises:
            ProjectErrors: HR-225, one has changed and its version does not say so.
        """
        if problems := list(changed_without_version(project, self._read())):
            raise ProjectErrors(problems)

    def publish(self, project: Project) -> None:
        """From now on these are the ones that are published. What a product that is gone promised stays known."""
        stated = {**self._read(), **contracts(project)}
        if not stated:
            return
        text = json.dumps({name: asdict(contract) for name, contract in stated.items()}, indent=2)
        replaced(self._path, text, "the contracts of the products")

    def _read(self) -> dict[str, Contract]:
        if not self._path.exists():
            return {}
        try:
            found = json.loads(self._path.read_text())
            for one in found.values():
                parsed_version(one["version"])
            return {
                name: Contract(one["version"], one["columns"], tuple(one["key"]), tuple(one.get("not_null", ())))
                for name, one in found.items()
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise NodeError(
                f"what was published of the products cannot be read: {error}",
                code="HR-809",
                where=Place(self._path),
                state="nothing was run",
                fix="put the file back, or delete it: the contracts of today are then taken for the first ones",
            ) from None
