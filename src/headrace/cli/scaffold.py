"""``headrace init``: new projects from templates."""

from __future__ import annotations

import shutil
from pathlib import Path

import headrace
from headrace.errors import UsageError

TEMPLATES = ("orders", "flights")
_IGNORED = shutil.ignore_patterns(".headrace", "__pycache__")


def create(folder: Path, template: str) -> str:
    """Copy a template into a new or empty folder; returns what to do next.

    Raises:
        UsageError: HR-101 unknown template; HR-102 the folder holds something; HR-103 it cannot be written.
    """
    if template not in TEMPLATES:
        raise UsageError(
            f"there is no template {template!r}",
            code="HR-101",
            fix=f"templates: {', '.join(TEMPLATES)}",
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder} is there already and is not empty",
            code="HR-102",
            state="nothing was written",
            fix="name a folder that does not exist yet",
        )
    try:
        shutil.copytree(_template(template), folder, dirs_exist_ok=True, ignore=_IGNORED)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror or error}",
            code="HR-103",
            fix="choose a folder you may write to",
        ) from None
    return f"{folder} is ready. Next: headrace run {folder}"


def _template(name: str) -> Path:
    """In an installed wheel beside this file; in a checkout flights is the example of that name."""
    packaged = Path(__file__).parent / "templates" / name
    return packaged if packaged.is_dir() else Path(headrace.__file__).parents[2] / "examples" / name
