"""Files of one folder: what is there is written over only by whoever agreed to it, and nothing leads out of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from headrace.errors import UsageError


def put(path: Path, text: str, *, replace: bool) -> None:
    """Write a file; one that says the same already is left as it is.

    Args:
        replace: whether a file that is there may be written over. A link is replaced, what it leads to is left alone.

    Raises:
        UsageError: HR-122, it is there and may not; HR-103, it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if says(path, text):
            return
        if replace:
            _replace(path, text)
        else:
            _begin(path, text)
    except OSError as error:
        raise unwritable(f"{path} cannot be written: {error.strerror or error}") from None


def _begin(path: Path, text: str) -> None:
    try:
        file = path.open("x", encoding="utf-8")
    except FileExistsError:
        raise there_already([path]) from None
    with file:
        file.write(text)


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    beside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        if path.is_file():
            shutil.copymode(path, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def says(path: Path, text: str) -> bool:
    """Tell whether a file is there and says just this."""
    return not path.is_symlink() and path.is_file() and path.read_bytes() == text.encode()


def agreed(paths: Iterable[Path], *, replace: bool) -> None:
    """Refuse to go on where something is there that nobody agreed to write over, or that leads out of its folder.

    Raises:
        UsageError: HR-122 or HR-103.
    """
    there = [path for path in paths if os.path.lexists(path)]
    for path in (link for one in there for link in _links(one)):
        raise unwritable(f"{path} is a link, and may lead out of the folder")
    if there and not replace:
        raise there_already(there)


def _links(path: Path) -> Iterator[Path]:
    found = [path, *path.rglob("*")] if path.is_dir() and not path.is_symlink() else [path]
    return (one for one in found if one.is_symlink())


def there_already(paths: Sequence[Path]) -> UsageError:
    """HR-122, of files of one folder."""
    names = ", ".join(path.name for path in paths)
    return UsageError(
        f"in {paths[0].parent} there is already: {names}",
        code="HR-122",
        state="Nothing was written.",
        fix="Agree that it is written over, or start the form with another folder: --out DIR.",
    )


def unwritable(what: str) -> UsageError:
    """HR-103."""
    fix = "Choose a folder you may write to, or take the link out of it."
    return UsageError(what, code="HR-103", state="Nothing more was written.", fix=fix)
