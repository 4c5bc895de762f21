"""From a `path` setting to files: relative and absolute globs, and files inside an installed package."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path, PurePosixPath

from headrace.errors import Place, SourceError

PACKAGE = "package:"


@dataclass(frozen=True)
class Matches:
    """Files under `base` whose names match the glob `pattern`. A file's name is its path relative to `base`."""

    base: Path
    pattern: str
    setting: str
    """The `path` as the user wrote it."""

    def names(self) -> list[str]:
        """The names of the files there now, sorted. Hidden files are left out."""
        # Not Path.glob: it finds hidden files too, which editors and copying tools leave half-written.
        found = glob.glob(self.pattern, root_dir=self.base, recursive=True)  # noqa: PTH207
        return sorted(PurePosixPath(name).as_posix() for name in found if (self.base / name).is_file())

    def has(self, name: str) -> bool:
        """Whether `name` matches the pattern, there or not."""
        return _compiled(self.pattern).fullmatch(name) is not None

    def path(self, name: str) -> Path:
        return self.base / name


def locate(setting: str, root: Path, where: Path) -> Matches:
    """Where the files of a `path` setting are.

    Args:
        setting: a path or glob, relative to `root` or absolute, or ``package:DIST/path`` for a file that an installed
            distribution brings (which is looked up, not imported).
        where: the file with the setting, for errors.

    Raises:
        SourceError: the package or its file is not there.
    """
    if setting.startswith(PACKAGE):
        return _in_package(setting, where)
    base, pattern = _split(Path(root, setting))
    return Matches(base, pattern, setting)


def _split(path: Path) -> tuple[Path, str]:
    """The folder above the first part with a wildcard, and the rest."""
    parts = path.parts
    wild = next((i for i, part in enumerate(parts) if glob.has_magic(part)), len(parts) - 1)
    return Path(*parts[:wild]), "/".join(parts[wild:])


def _in_package(setting: str, where: Path) -> Matches:
    name, _, inside = setting.removeprefix(PACKAGE).partition("/")
    if not inside or ".." in PurePosixPath(inside).parts:
        raise SourceError(
            f"{setting} does not say which file of the package",
            code="HR-402",
            where=Place(where),
            fix=f"write `path: {PACKAGE}DIST/path/of/the/file`",
        )
    folders = list(dict.fromkeys(_folders(name)))
    for folder in folders:
        base, pattern = _split(folder / inside)
        matches = Matches(base, pattern, setting)
        if matches.names():
            return matches
    raise SourceError(
        f"The package {name} has no file {inside}" if folders else f"The package {name} is not installed",
        code="HR-402",
        where=Place(where),
        state="nothing was read",
        fix=f"correct `path`; {name} is at {folders[0]}" if folders else f"pip install {name}",
    )


def _folders(name: str) -> Iterator[Path]:
    """Folders that `package:name/...` may be relative to: the import packages of the distribution, and its root."""
    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        yield from _import_package(name)
        return
    tops = {PurePosixPath(file).parts[0] for file in distribution.files or ()}
    for top in sorted(top for top in tops if top.isidentifier()):
        yield Path(str(distribution.locate_file(top)))
    yield from _import_package(name)
    yield Path(str(distribution.locate_file("")))


def _import_package(name: str) -> Iterator[Path]:
    # find_spec imports the parents of a dotted name; a plain name has none.
    module = name.replace("-", "_")
    spec = util.find_spec(module) if module.isidentifier() else None
    for location in (spec.submodule_search_locations or ()) if spec else ():
        yield Path(location)


def _compiled(pattern: str) -> re.Pattern[str]:
    """A glob pattern as a regular expression over names with slashes."""
    parts = re.split(r"(\*\*/|\*\*$|\*|\?|\[!?\]?[^\]]*\])", pattern)
    return re.compile("".join(_WILD.get(part) or _set_or_literal(part) for part in parts), re.DOTALL)


_WILD = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def _set_or_literal(part: str) -> str:
    if not (part.startswith("[") and part.endswith("]") and len(part) > 2):
        return re.escape(part)
    inner = part[1:-1].replace("\\", "\\\\")
    return f"[^{inner[1:]}]" if inner.startswith("!") else f"[{inner}]"
