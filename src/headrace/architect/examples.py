"""Requirements to start from."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import headrace


@cache
def examples() -> dict[str, str]:
    """Name -> the text of a file of requirements, in alphabetical order."""
    return {path.stem: path.read_text("utf-8") for path in sorted(_folder().glob("*.yaml"))}


def _folder() -> Path:
    """In an installed wheel beside this file; in a checkout `examples/requirements`."""
    packaged = Path(__file__).parent / "requirements_examples"
    return packaged if packaged.is_dir() else Path(headrace.__file__).parents[2] / "examples" / "requirements"
