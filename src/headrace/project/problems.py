"""What can be wrong with a project, all of it told at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headrace.errors import Place, ProjectError

CODES = {
    "HR-200": "several problems",
    "HR-201": "the folder is not a Headrace project",
    "HR-202": "a file cannot be read",
    "HR-203": "a file is not YAML, or uses more of it than is read here",
    "HR-204": "a key stands twice",
    "HR-205": "a key is not known",
    "HR-206": "a key is missing",
    "HR-207": "a value is not what its key takes",
    "HR-208": "a name is refused",
    "HR-209": "two things have the same name",
    "HR-210": "not supported in this version",
    "HR-211": "a model is empty",
    "HR-212": "one part does not agree with another",
    "HR-213": "a file stands where it is not read",
    "HR-214": "a file of functions cannot be run: its syntax, an import, an exception",
    "HR-215": "a function's arguments or result are not what SQL can call",
    "HR-216": "a function has the name of one that SQL has",
    "HR-220": "a policy asks for more than is promised",
    "HR-221": "something of another domain is read that is not published",
    "HR-222": "a column looks like data of persons and has no tag",
    "HR-223": "data of persons is published or shown unmasked",
    "HR-224": "a product's model is not what its contract says",
    "HR-225": "a contract has changed and its version does not say so",
    "HR-226": "a promise that cannot be kept",
    "HR-227": "rows break a contract: a key twice, or NULL",
}
"""The codes of this package's errors; `docs/reference/project.md` lists them."""

UNTOUCHED = "The project was not loaded. Nothing was run and nothing was changed."

# The line breaks that PyYAML counts, so that its line numbers and our lines agree.
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_WIDEST = 100


class ProjectErrors(ProjectError):  # noqa: N818  # it is several of them
    """Everything that is wrong with a project.

    With one problem it reads as that problem; with several it prints each of them, in the order of files and lines.

    Args:
        problems: at least one.
        state: what is left.
    """

    def __init__(self, problems: Sequence[ProjectError], state: str = UNTOUCHED) -> None:
        self.problems = tuple(sorted(problems, key=_position))
        first = self.problems[0]
        if len(self.problems) == 1:
            super().__init__(first.what, code=first.code, where=first.where, state=state, fix=first.fix)
        else:
            what = f"{len(self.problems)} problems in the project"
            super().__init__(what, code="HR-200", where=first.where, state=state, fix="mend each, then try again")

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return super().__str__()
        told = "\n\n".join(str(problem) for problem in self.problems)
        return f"{told}\n\n{self.code}: {self.what}\n  state {self.state}\n  fix   {self.fix}"

    def as_dict(self) -> dict[str, Any]:
        """The common JSON shape, and under ``problems`` one ``{code, what, where, state, fix}`` for each."""
        told = super().as_dict()
        told["error"]["problems"] = [problem.as_dict()["error"] for problem in self.problems]
        return told


def _position(problem: ProjectError) -> tuple[str, int, int]:
    where = problem.where
    return (str(where.path), where.line or 0, where.column or 0) if where else ("", 0, 0)


def place_in(path: Path, text: str, line: int, column: int, length: int = 1) -> Place:
    """Return a place in a file, with its line underlined.

    Args:
        path: the file.
        text: all of its text.
        line: counted from 0; the last line when the text is shorter.
        column: counted from 0, in characters.
        length: characters to underline, within the line.
    """
    lines = _LINE_BREAK.split(text)
    line = min(line, len(lines) - 1)
    column = min(column, len(lines[line]))
    return Place(path, line + 1, column + 1, _underlined(lines[line], column, length))


def _underlined(line: str, column: int, length: int) -> str:
    length = max(1, min(length, len(line) - column, _WIDEST))
    start = max(0, column + length - _WIDEST)
    shown = line[start : start + _WIDEST]
    blank = "".join("\t" if char == "\t" else " " for char in line[start:column])
    return f"{shown}\n{blank}{'^' * length}"
