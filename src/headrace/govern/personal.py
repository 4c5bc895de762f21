"""Data of persons: tagged where it comes in, followed through every model, and masked before it is published or shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from headrace.errors import Place, ProjectError
from headrace.govern.facts import Compiled, Shown
from headrace.project import PersonalData, Project
from headrace.project.near import nearest
from headrace.sql import NOTHING, Origins, origins

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ROWS = ("raw", "reason")
"""Columns of the ledgers that hold rows as they came, or tell of their values."""


def policies(project: Project) -> list[PersonalData]:
    """The policies in force: those that are declared, and in a mesh without any that with no settings."""
    declared = [policy for policy in project.policies.values() if isinstance(policy, PersonalData)]
    return declared or ([PersonalData(name="personal_data")] if project.pattern == "mesh" else [])


def unmasked(project: Project, compiled: Compiled, shown: Sequence[Shown]) -> Iterator[ProjectError]:
    """HR-222 columns that ask for a tag, HR-223 products and pages that show what is tagged."""
    yield from _strange_tags(project, compiled)
    for policy in policies(project):
        yield from _untagged(policy, project, compiled)
        masks = frozenset(policy.masks)
        made = followed(project, compiled, masks)
        for product in project.products.values():
            yield from (
                _told(f"{product.name}.{column}", found, policy, Place(product.file))
                for column, found in made[product.name].items()
                if found
            )
        for page in shown:
            if found := NOTHING.union(*origins(page.query, _columns_of(made), masks)):
                yield _told(page.what, found, policy, Place(page.file))


def followed(project: Project, compiled: Compiled, masks: frozenset[str]) -> dict[str, Mapping[str, Origins]]:
    """What each column of each relation is made of, of columns tagged personal."""
    tagged = {
        (name, column.lower())
        for name, source in project.sources.items()
        for column, tag in source.tags.items()
        if tag == "personal"
    }
    made: dict[str, Mapping[str, Origins]] = {}
    for name, columns in compiled.columns.items():
        if name in project.sources:
            made[name] = {c: frozenset({(name, c)} & tagged) for c in map(str.lower, columns)}
        elif name not in project.models:  # the ledgers of rejected and late rows hold rows of any source
            made[name] = {c: frozenset(tagged) if c in _ROWS else NOTHING for c in map(str.lower, columns)}
    for program in compiled.programs:
        found = origins(program.batch, _columns_of(made), masks)
        made[program.model] = {c.lower(): o for c, o in zip(program.columns, found, strict=True)}
    return made


def _columns_of(made: Mapping[str, Mapping[str, Origins]]) -> Callable[[str], Mapping[str, Origins]]:
    return lambda relation: made.get(relation, {})


def asks_for_tag(column: str, words: Sequence[str]) -> str | None:
    """The word in a column's name that asks for a tag."""
    words_ = re.split(r"[^a-z0-9]+", _CAMEL.sub("_", column).lower())
    parts = [bare for word in words_ if (bare := word.rstrip("0123456789"))]
    runs = ("_".join(parts[i:j]) for i in range(len(parts)) for j in range(len(parts), i, -1))
    return next((run for run in runs if run in words), None)


def _untagged(policy: PersonalData, project: Project, compiled: Compiled) -> Iterator[ProjectError]:
    for name, source in project.sources.items():
        tagged = {column.lower() for column in source.tags}
        for column in compiled.columns.get(name, {}):
            word = asks_for_tag(column, policy.words)
            if word is not None and column.lower() not in tagged:
                what = f"the column {column} of {name} looks like data of persons ({word}) and has no tag"
                fix = f"add `tags: {{{column}: personal}}`, or `none` if it only looks as if"
                yield ProjectError(what, code="HR-222", where=Place(source.file), fix=fix)


def _strange_tags(project: Project, compiled: Compiled) -> Iterator[ProjectError]:
    for name, source in project.sources.items():
        columns = list(compiled.columns.get(name, {}))
        for column in source.tags:
            if column.lower() not in {c.lower() for c in columns}:
                what = f"`tags` names the column {column!r}, and {name} has none of that name"
                fix = nearest(column, columns, "its columns are")
                yield ProjectError(what, code="HR-212", where=Place(source.file), fix=fix)


def _told(what: str, found: Origins, policy: PersonalData, where: Place) -> ProjectError:
    columns = ", ".join(f"{relation}.{column}" for relation, column in sorted(found))
    return ProjectError(
        f"{what} shows data of persons unmasked: it is made of {columns}",
        code="HR-223",
        where=where,
        fix=f"leave it out, count it, or mask it in a model: {', '.join(f'{mask}()' for mask in policy.masks)}",
    )
