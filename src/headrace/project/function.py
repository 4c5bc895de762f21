"""A function: Python of the project's own that SQL may call."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from headrace.errors import Place


@dataclass(frozen=True)
class Argument:
    """What a function takes in one place.

    Attributes:
        type: DuckDB type text.
        nulls: it is handed over with its NULLs; else the function does not see the rows in which it is NULL.
    """

    name: str
    type: str
    nulls: bool = False


@dataclass(frozen=True)
class Function:
    """One scalar function, under the name that SQL knows it by.

    Attributes:
        result: DuckDB type text.
        call: takes an Arrow array for each argument, all of one length, and gives one of that length.
        where: its `def`.
        source: its text and that of what it uses of its file; comments and layout left out.
    """

    name: str
    arguments: tuple[Argument, ...]
    result: str
    call: Callable[..., Any]
    where: Place
    source: str

    @cached_property
    def digest(self) -> str:
        """Changes when the function does."""
        return hashlib.sha256(self.source.encode()).hexdigest()
