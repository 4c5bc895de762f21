"""Paths that a client names: nothing outside of the root is read or written, whatever links say."""

from __future__ import annotations

import os
from pathlib import Path

from headrace.errors import Place, UsageError


def inside(root: Path, given: str | Path) -> Path:
    """Return the absolute path of what a client names, relative to the root, with symbolic links followed.

    Raises:
        UsageError: HR-161, it is not within the root.
    """
    try:
        path = (root / given).resolve()
        path.exists()
    except (OSError, RuntimeError, ValueError) as error:  # names that are too long, links in a circle, a NUL
        raise _outside(given, f"cannot be followed: {error}") from None
    if not path.is_relative_to(root):
        raise _outside(given, "leads out of the root")
    return path


def closed(root: Path, folder: Path) -> None:
    """See that no link within a folder leads out of the root; hidden folders, which no project is read from, are passed over.

    Raises:
        UsageError: HR-161, one does.
    """
    todo, seen = [folder], {folder}
    while todo:
        for parent, folders, files in os.walk(todo.pop()):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in (*folders, *files):
                path = Path(parent, name)
                if path.is_symlink() and (led := inside(root, path)).is_dir() and led not in seen:
                    seen.add(led)  # a project is read through links to folders, too
                    todo.append(led)


def _outside(given: str | Path, why: str) -> UsageError:
    return UsageError(
        f"the path {why}",
        code="HR-161",
        where=Place(Path(str(given).replace("\0", "\N{REPLACEMENT CHARACTER}"))),
        state="nothing was read or written there",
        fix="name a path within the root, or start `headrace mcp --root DIR` with another folder",
    )
