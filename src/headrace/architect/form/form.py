"""The form of requirements, filled in for one folder."""

from __future__ import annotations

import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from headrace.architect.design import design
from headrace.architect.document.markdown import PICTURES
from headrace.architect.form.answer import answer
from headrace.architect.form.fields import fields
from headrace.architect.form.folder import agreed, put, says
from headrace.architect.form.text import text
from headrace.architect.form.values import UnfitError, shown, stated
from headrace.architect.knowledge import knowledge
from headrace.architect.read import understood
from headrace.architect.write import DOCUMENT, NARRATIVE, PAGE, PROJECT, RECORD, REQUIREMENTS, write
from headrace.project.document import parse
from headrace.project.problems import ProjectErrors


class RequirementsForm:
    """What stands behind the form's page. Its methods may be called from any thread.

    Args:
        folder: where the file and the design go, and nothing else is written.
        values: what is filled in at first.
    """

    def __init__(self, folder: Path, values: dict[str, Any] | None = None) -> None:
        self.written: list[Path] = []
        """What has been written, in order."""
        self._folder = folder
        self._file = folder / REQUIREMENTS
        self._values = values or {}
        self._writing = threading.Lock()
        self._made = False

    def opening(self) -> dict[str, Any]:
        """The fields, what is filled in at first, and where things go."""
        return {
            "fields": [asdict(field) for field in fields()],
            "values": self._values,
            "folder": str(self._folder),
            "file": str(self._file),
        }

    def check(self, values: object) -> dict[str, Any]:
        """The file that the values make, and all there is to say of it.

        Raises:
            UsageError: HR-140, they are not values of this form.
        """
        told = self._text(values)
        return {"yaml": told, **asdict(answer(self._file, told))}

    def load(self, name: str, content: str) -> dict[str, Any]:
        """What a form that says the same as a file has filled in.

        Raises:
            ProjectErrors: it is not YAML, or states what no field can show.
        """
        return {"values": loaded(Path(name), content)}

    def save(self, values: object, *, replace: bool) -> dict[str, Any]:
        """Write the file.

        Raises:
            ProjectErrors: the values are no requirements.
            UsageError: HR-122, the file is there and `replace` does not allow to write over it; HR-103.
        """
        told = self._text(values)
        understood(told, self._file)
        with self._writing:
            self._put(told, replace=replace)
        return {"file": str(self._file)}

    def make(self, values: object, *, replace: bool) -> dict[str, Any]:
        """Write the file and make its design beside it, as `headrace design` does.

        Raises:
            ProjectErrors: the values are no requirements.
            ContradictionError: they cannot all be met; nothing is written.
            UsageError: as of `save`, of anything that a design writes.
        """
        told = self._text(values)
        design(understood(told, self._file), knowledge())
        with self._writing:
            there = [self._folder / name for name in (DOCUMENT, PAGE, PICTURES, RECORD, NARRATIVE, PROJECT)]
            agreed([*there, *([] if says(self._file, told) else [self._file])], replace=replace)
            self._put(told, replace=replace)
            write(self._file, self._folder)
            self._made = True
            self._note(self._folder / PAGE, self._folder / DOCUMENT, self._folder / RECORD, self._folder / PROJECT)
        return {"folder": str(self._folder), "page": str(self._folder / PAGE)}

    def page(self) -> Path | None:
        """The page of the design that was made last, if one was."""
        return self._folder / PAGE if self._made else None

    def _text(self, values: object) -> str:
        return text(stated(fields(), values))

    def _put(self, told: str, *, replace: bool) -> None:
        put(self._file, told, replace=replace)
        self._note(self._file)

    def _note(self, *paths: Path) -> None:
        self.written += [path for path in paths if path not in self.written]


def loaded(path: Path, content: str) -> dict[str, Any]:
    """Return what a form that says the same as a file has filled in; values that are wrong stay to be mended there.

    Raises:
        ProjectErrors: it is not YAML, or states what no field can show.
    """
    try:
        document = parse(path, content)
        if document.problems:
            raise UnfitError
        return shown(fields(), document.value)
    except (ProjectErrors, UnfitError):
        understood(content, path)  # says all that is wrong: there is more than a form could show
        raise
