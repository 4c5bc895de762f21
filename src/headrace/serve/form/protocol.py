"""What the page needs of the form behind it. `headrace.architect.form` has the one that ships."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol


class Form(Protocol):
    """A form that makes a file, and a design from it. Every method may be called from any thread."""

    def opening(self) -> Mapping[str, Any]:
        """The fields, and what is filled in at first."""

    def check(self, values: object, /) -> Mapping[str, Any]:
        """What is wrong with what is filled in, and what comes of it. Writes nothing."""

    def load(self, name: str, content: str, /) -> Mapping[str, Any]:
        """What is filled in where the form says what a file says. Reads no file: this is its content."""

    def save(self, values: object, /, *, replace: bool) -> Mapping[str, Any]:
        """Write the file; over one that is there only if `replace` says so."""

    def make(self, values: object, /, *, replace: bool) -> Mapping[str, Any]:
        """Write the file and what comes of it."""

    def page(self) -> Path | None:
        """The page that was made last, if one was."""
