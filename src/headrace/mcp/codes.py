"""What each error code means, as `docs/errors.md` has it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import headrace

_ROW = re.compile(r"^\| (HR-\d{3}) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


@cache
def page() -> str:
    """The page; in an installed wheel beside this file, in a checkout in `docs`."""
    packaged = Path(__file__).parent / "docs" / "errors.md"
    path = packaged if packaged.is_file() else Path(headrace.__file__).parents[2] / "docs" / "errors.md"
    return path.read_text("utf-8")


@cache
def codes() -> dict[str, tuple[str, str]]:
    """Code -> what it means, and what to do."""
    return {code: (what.strip(), fix.strip()) for code, what, fix in _ROW.findall(page())}
