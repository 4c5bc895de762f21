"""A document -> what it declares, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import ValidationError

from headrace.errors import ProjectError
from headrace.project.declared import Declared
from headrace.project.document import Document
from headrace.project.explain import explain, unknown_key, written
from headrace.project.problems import ProjectErrors

D = TypeVar("D", bound=Declared)


def checked(cls: type[D], document: Document, found: Iterable[ProjectError] = (), **given: Any) -> D:
    """Make what a document declares.

    Args:
        cls: what it declares.
        document: its file.
        found: problems that are known already.
        given: what the file is not to state: its name, where it stands.

    Raises:
        ProjectErrors: with every problem there is, each at its line and column.
    """
    known = written(cls)
    unknown = [unknown_key(document, (key,), cls) for key in document.value if key not in known]
    places = {problem.where for problem in unknown}  # whether an unknown key has a value is of no interest
    problems = [*(problem for problem in document.problems if problem.where not in places), *unknown, *found]
    values = {key: value for key, value in document.value.items() if key in known}
    try:
        made = cls.model_validate({**values, **given})
    except ValidationError as error:
        raise ProjectErrors([*problems, *explain(document, cls, error)]) from error
    if problems:
        raise ProjectErrors(problems)
    return made
