"""Which files make up a project, and which stand where nothing would read them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import Place, ProjectError
from headrace.project.problems import ProjectErrors, place_in

SETTINGS = "headrace.yaml"
FOLDERS = {
    "sources": ".yaml",
    "models": ".sql",
    "dashboards": ".yaml",
    "reports": ".yaml",
    "functions": ".py",
    "tests": ".yaml",
    "policies": ".yaml",
}
DOMAINS = "domains"
DOMAIN = "domain.yaml"
PRODUCTS = "products"
OF_DOMAIN = ("sources", "models", "products", "dashboards", "reports", "tests")
"""Folders that a domain may have."""
OF_ALL = ("dashboards", "reports", "functions", "tests", "policies")
"""Folders of the whole project, where it has domains."""
NOT_YET = ("alerts", "contracts")
"""Folders that later versions are to read. What lies in them must not be taken to be in force."""

NO_PROJECT_FIX = f"run `headrace init DIR` for a new one, or name the folder that holds {SETTINGS}"

_YAML = (".yaml", ".yml")


@dataclass(frozen=True)
class Files:
    """The files of a project, sorted; hidden ones are left out.

    Attributes:
        settings: `headrace.yaml`.
        folders: the files of each folder that is read, and of `products` of domains.
        domains: the `domain.yaml` of each domain, by name.
        problems: folders that cannot be read, and files that stand where they would be ignored.
    """

    settings: Path
    folders: dict[str, tuple[Path, ...]]
    domains: dict[str, Path]
    problems: tuple[ProjectError, ...]


def find(root: Path) -> Files:
    """Find the files of the project in a folder.

    Raises:
        ProjectErrors: it is not the folder of a project.
    """
    if SETTINGS not in (names := _names(root)):
        raise ProjectErrors([_no_project(root, names)])
    problems: list[ProjectError] = []
    folders = {folder: _read_from(root / folder, suffix, problems) for folder, suffix in FOLDERS.items()}
    domains = {}
    for domain in _domains(root / DOMAINS, problems):
        if os.path.lexists(domain / DOMAIN):
            domains[domain.name] = domain / DOMAIN
        else:
            problems.append(_nobodys(domain))
        for folder in OF_DOMAIN:
            found = _read_from(domain / folder, FOLDERS.get(folder, ".yaml"), problems)
            folders[folder] = (*folders.get(folder, ()), *found)
        for folder in NOT_YET:
            there = sorted(_walk(domain / folder, problems))
            problems += [_unsupported(folder, path) for path in there if path.suffix in _YAML]
        for folder in sorted({*FOLDERS} - {*OF_DOMAIN}):
            problems += [_not_of_domain(path, root / folder) for path in sorted(_walk(domain / folder, problems))]
    problems += [_of_no_domain(path, root) for path in sorted(_walk(root / PRODUCTS, problems)) if path.suffix in _YAML]
    if domains:
        alone = [path for folder in sorted({*FOLDERS} - {*OF_ALL}) for path in sorted(_walk(root / folder, problems))]
        problems += [
            _of_no_domain(path, root) for path in alone if path.suffix == FOLDERS[path.relative_to(root).parts[0]]
        ]
    unread = [(folder, sorted(_walk(root / folder, problems))) for folder in NOT_YET]
    problems += [_unsupported(folder, path) for folder, files in unread for path in files if path.suffix in _YAML]
    return Files(root / SETTINGS, folders, domains, tuple(problems))


def _read_from(folder: Path, suffix: str, problems: list[ProjectError]) -> tuple[Path, ...]:
    files = sorted(_walk(folder, problems))
    problems += [_misplaced(path, suffix) for path in files if _would_mislead(path, suffix)]
    return tuple(path for path in files if path.suffix == suffix)


def _domains(folder: Path, problems: list[ProjectError]) -> list[Path]:
    """The folders of domains: each has to hold a `domain.yaml`."""
    try:
        found = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        problems.append(_unreadable(error, folder))
        return []
    problems += [_no_domain(path) for path in found if not path.is_dir() and path.suffix in (*_YAML, ".sql")]
    return [path for path in found if path.is_dir()]


def read(path: Path) -> str:
    """Return the text of a file, without a byte order mark.

    Raises:
        ProjectErrors: it cannot be read, or is not UTF-8.
    """
    try:
        if path.exists() and not path.is_file():
            raise OSError("it is not a regular file")
        data = path.read_bytes()
    except OSError as error:
        raise ProjectErrors([_unreadable(error, path)]) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProjectErrors([_not_utf8(path, data, error)]) from error


def _walk(folder: Path, problems: list[ProjectError]) -> Iterator[Path]:
    if not os.path.lexists(folder):
        return
    for parent, folders, files in os.walk(folder, onerror=lambda error: problems.append(_unreadable(error))):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(parent, name) for name in files if not name.startswith("."))


def _names(root: Path) -> set[str]:
    try:
        return {path.name for path in root.iterdir()}
    except (FileNotFoundError, NotADirectoryError) as error:
        what = "not a folder, so not a Headrace project"
        fix = f"name the folder instead: {root.parent}" if root.name == SETTINGS else NO_PROJECT_FIX
        raise ProjectErrors([ProjectError(what, code="HR-201", where=Place(root), fix=fix)]) from error
    except OSError as error:
        raise ProjectErrors([_unreadable(error, root)]) from error


def _no_project(root: Path, names: set[str]) -> ProjectError:
    fix = f"rename headrace.yml to {SETTINGS}" if "headrace.yml" in names else NO_PROJECT_FIX
    what = "not a Headrace project: run `headrace init`"
    return ProjectError(what, code="HR-201", where=Place(root), fix=fix)


def _would_mislead(path: Path, suffix: str) -> bool:
    """A file that looks as if it were read here: `.yml`, `.SQL`, or YAML among the models. Functions may read YAML of their own."""
    other = path.suffix.lower() == suffix or (path.suffix.lower() in _YAML and suffix != ".py")
    return path.suffix != suffix and other


def _misplaced(path: Path, suffix: str) -> ProjectError:
    what = f"{path.name} would not be read: files here end in {suffix}"
    fix = f"rename it to {path.stem}{suffix}"
    if suffix == ".sql" and path.suffix.lower() in _YAML:
        fix = "put what it says into the header of the model, `/* --- YAML --- */`, or delete it"
    return ProjectError(what, code="HR-213", where=Place(path), fix=fix)


def _no_domain(path: Path) -> ProjectError:
    what = f"{path.name} would not be read: {DOMAINS}/ holds a folder for each domain"
    return ProjectError(what, code="HR-213", where=Place(path), fix=f"move it into {DOMAINS}/NAME/, or delete it")


def _nobodys(domain: Path) -> ProjectError:
    what = f"the domain {domain.name} has no {DOMAIN}, so nobody answers for it"
    return ProjectError(what, code="HR-212", where=Place(domain), fix=f"write {domain.name}/{DOMAIN} with its `owner`")


def _not_of_domain(path: Path, folder: Path) -> ProjectError:
    what = f"{path.name} would not be read: a domain has no {folder.name} of its own"
    return ProjectError(what, code="HR-213", where=Place(path), fix=f"move it to {folder}, which all domains share")


def _of_no_domain(path: Path, root: Path) -> ProjectError:
    folder = path.relative_to(root).parts[0]
    what = f"{path.name} belongs to no domain: where a project has domains, each of its {folder} is of one"
    return ProjectError(what, code="HR-213", where=Place(path), fix=f"move it to {DOMAINS}/NAME/{folder}/")


def _unsupported(folder: str, path: Path) -> ProjectError:
    what = f"{folder}/ is not supported in this version, so {path.name} would have no effect"
    return ProjectError(what, code="HR-210", where=Place(path), fix="move it out of the project, or delete it")


def _unreadable(error: OSError, path: Path | None = None) -> ProjectError:
    what = f"it cannot be read: {error.strerror or error}"
    fix = "make it readable (see `ls -l`), or delete it"
    return ProjectError(what, code="HR-202", where=Place(path or Path(error.filename)), fix=fix)


def _not_utf8(path: Path, data: bytes, error: UnicodeDecodeError) -> ProjectError:
    before = data[: error.start].decode("utf-8-sig")
    text = before + data[error.start :].decode("utf-8", errors="replace")
    where = place_in(path, text, before.count("\n"), len(before) - (before.rfind("\n") + 1))
    what = f"it is not UTF-8 text: byte 0x{data[error.start]:02X} stands for no character"
    return ProjectError(what, code="HR-202", where=where, fix="save it again as UTF-8")
