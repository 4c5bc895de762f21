"""A folder of files -> a `Project`, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from headrace.errors import Place, ProjectError
from headrace.project import files
from headrace.project.case import Case
from headrace.project.checked import checked
from headrace.project.dashboard import Dashboard
from headrace.project.declared import Declared
from headrace.project.document import Document, parse
from headrace.project.domain import Domain, Product
from headrace.project.function import Function
from headrace.project.header import is_empty, split
from headrace.project.mesh import check_mesh, domain_of
from headrace.project.model import Model
from headrace.project.near import nearest
from headrace.project.policy import POLICIES
from headrace.project.problems import ProjectErrors, place_in
from headrace.project.project import Project
from headrace.project.python import functions_in
from headrace.project.report import Report
from headrace.project.source import KINDS, ReplaySource, Source

D = TypeVar("D", bound=Declared)
T = TypeVar("T")

KINDS_NOT_YET = frozenset({"dlt", "http", "mysql", "postgres", "s3", "webhook"})


def load(root: Path) -> Project:
    """Read the project in a folder.

    Reads the project's own files and nothing else: no input is opened, no SQL is parsed. Files of functions are run, as an import
    runs them.

    Args:
        root: the folder that holds `headrace.yaml`.

    Raises:
        ProjectErrors: with every problem there is, each at its file, line and column.
    """
    found = files.find(root)
    problems = list(found.problems)
    settings = _each([found.settings], lambda path: _settings(root, path), problems)
    sources = _each(found.folders["sources"], lambda path: _source(root, path), problems)
    models = _each(found.folders["models"], lambda path: _model(root, path), problems)
    dashboards = _each(found.folders["dashboards"], lambda path: _page(Dashboard, root, path), problems)
    reports = _each(found.folders["reports"], lambda path: _page(Report, root, path), problems)
    tests = _each(found.folders["tests"], lambda path: _page(Case, root, path), problems)
    policies = _each(found.folders["policies"], lambda path: _of_kind(POLICIES, "policy", path), problems)
    domains = {name: made for name, path in found.domains.items() for made in _each([path], _domain, problems).values()}
    products = _each(found.folders.get("products", ()), lambda path: _page(Product, root, path), problems)
    functions = _functions(found.folders["functions"], problems)
    problems += _same_names(found.folders)
    if problems:
        raise ProjectErrors(problems)
    declared, document = settings[found.settings.stem]
    _check_clock(declared, document, sources.values())
    check_mesh(declared, document, domains, products, models, policies)
    held: dict[str, Any] = {"sources": sources, "models": models, "dashboards": dashboards, "reports": reports}
    held |= {"functions": functions, "tests": tests, "policies": policies, "domains": domains, "products": products}
    return declared.model_copy(update=held)


def _each(paths: Iterable[Path], make: Callable[[Path], T], problems: list[ProjectError]) -> dict[str, T]:
    made = {}
    for path in paths:
        try:
            made[path.stem] = make(path)
        except ProjectErrors as error:
            problems.extend(error.problems)
    return made


def _functions(paths: Iterable[Path], problems: list[ProjectError]) -> dict[str, Function]:
    found: dict[str, Function] = {}
    for path in paths:
        try:
            of_file = functions_in(path.absolute(), files.read(path))
        except ProjectErrors as error:
            problems.extend(error.problems)
            continue
        for function in of_file:
            if (other := found.setdefault(function.name, function)) is not function:
                what = f"the function {function.name}() is at {other.where} already"
                fix = "rename one of the two: case does not tell names apart in SQL"
                problems.append(ProjectError(what, code="HR-209", where=function.where, fix=fix))
    return found


def _settings(root: Path, path: Path) -> tuple[Project, Document]:
    document = parse(path, files.read(path))
    return checked(Project, document, root=root.absolute()), document


def _source(root: Path, path: Path) -> Source:
    document = parse(path, files.read(path))
    source = checked(
        _source_class(document), document, name=path.stem, file=path.absolute(), domain=domain_of(root, path)
    )
    if isinstance(source, ReplaySource):
        _check_query(root, source, document)
    return source


def _source_class(document: Document) -> type[Source]:
    kind = document.value.get("kind")
    if isinstance(kind, str) and kind in KINDS_NOT_YET:
        what, code = f"`kind: {kind}` is not supported in this version", "HR-210"
        fix = "use `kind: push`, or `kind: file` with `format: debezium` for changes"
        raise ProjectErrors(
            [ProjectError(what, code=code, where=document.place(("kind",)), fix=fix), *document.problems]
        )
    return _class_of(KINDS, "source", document)


def _of_kind(kinds: Mapping[str, type[D]], what: str, path: Path) -> D:
    document = parse(path, files.read(path))
    return checked(_class_of(kinds, what, document), document, name=path.stem, file=path.absolute())


def _class_of(kinds: Mapping[str, type[D]], thing: str, document: Document) -> type[D]:
    kind = document.value.get("kind")
    if isinstance(kind, str) and kind in kinds:
        return kinds[kind]
    if "kind" not in document.value:
        what, code = "`kind` is missing", "HR-206"
        *others, last = (f"`kind: {name}`" for name in kinds)
        fix = f"add {', '.join(others)} or {last}"
    else:
        what, code, fix = f"{kind!r} is not a kind of {thing}", "HR-207", nearest(str(kind), kinds, "write one of")
    raise ProjectErrors([*document.problems, ProjectError(what, code=code, where=document.place(("kind",)), fix=fix)])


def _model(root: Path, path: Path) -> Model:
    text = split(path, files.read(path))
    end = place_in(path, text.header.text, text.first_line - 1, 0)
    empty = ProjectError("the model is empty", code="HR-211", where=end, fix="write its SELECT")
    given = {"sql": text.sql, "path": path.absolute(), "first_line": text.first_line, "domain": domain_of(root, path)}
    return checked(Model, text.header, [empty] if is_empty(text.sql) else [], name=path.stem, **given)


def _domain(path: Path) -> Domain:
    return checked(Domain, parse(path, files.read(path)), name=path.parent.name, file=path.absolute())


def _page(cls: type[D], root: Path, path: Path) -> D:
    document = parse(path, files.read(path))
    return checked(cls, document, name=path.stem, file=path.absolute(), domain=domain_of(root, path))


_ALONE = ("dashboards", "reports", "tests", "policies", "products")
"""Folders whose names meet no others' names."""


def _same_names(folders: Mapping[str, tuple[Path, ...]]) -> list[ProjectError]:
    relations = (*folders["sources"], *folders["models"])
    return [p for group in (relations, *(folders.get(name, ()) for name in _ALONE)) for p in _repeated(group)]


def _repeated(paths: Iterable[Path]) -> list[ProjectError]:
    first: dict[str, Path] = {}
    repeated = [(path, first[path.stem]) for path in paths if first.setdefault(path.stem, path) != path]
    fix = "rename one of the two files"
    return [
        ProjectError(f"the name {path.stem!r} is taken by {other}", code="HR-209", where=Place(path), fix=fix)
        for path, other in repeated
    ]


def _check_query(root: Path, source: ReplaySource, document: Document) -> None:
    try:
        there = (root / source.query).is_file()
    except OSError:
        there = False
    if not there:
        what, fix = f"there is no file {source.query}", "write it, or mend the path; it starts at the project's folder"
        place = document.place(("query",))
        raise ProjectErrors([ProjectError(what, code="HR-212", where=place, fix=fix)])


def _check_clock(settings: Project, document: Document, sources: Iterable[Source]) -> None:
    if settings.clock == "event_time" and not any(source.event_time for source in sources):
        what = "`clock: event_time` needs a source with `event_time`, and there is none"
        fix = "add `event_time: COLUMN` to a source, or write `clock: wall`"
        place = document.place(("clock",))
        raise ProjectErrors([ProjectError(what, code="HR-212", where=place, fix=fix)])
