"""A file of requirements -> `Requirements`, or everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

from headrace.architect.requirements import Requirements
from headrace.project.checked import checked
from headrace.project.document import parse
from headrace.project.files import read as text_of
from headrace.project.problems import ProjectErrors

UNTOUCHED = "No design was made and nothing was written."


def read(path: Path) -> Requirements:
    """Read requirements.

    Raises:
        ProjectErrors: with every problem there is, each at its line and column.
    """
    return understood(content(path), path)


def content(path: Path) -> str:
    """Return the text of a file of requirements.

    Raises:
        ProjectErrors: it cannot be read.
    """
    try:
        return text_of(path)
    except ProjectErrors as error:
        raise ProjectErrors(error.problems, UNTOUCHED) from error


def understood(text: str, path: Path) -> Requirements:
    """Read the text of requirements.

    Args:
        path: what messages call it; it need not be there.

    Raises:
        ProjectErrors: with every problem there is, each at its line and column.
    """
    try:
        return checked(Requirements, parse(path, text))
    except ProjectErrors as error:
        raise ProjectErrors(error.problems, UNTOUCHED) from error
