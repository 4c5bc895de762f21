from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from headrace.errors import ProjectError
from headrace.project import Project, ProjectErrors, load

Write = Callable[[Mapping[str, str | bytes]], Path]
Refuse = Callable[[Mapping[str, str | bytes]], tuple[ProjectError, ...]]


def write_files(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in {"headrace.yaml": "name: demo\n", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a project's files; `headrace.yaml` is there unless given."""
    return lambda files: write_files(tmp_path, files)


@pytest.fixture
def loaded(write: Write) -> Callable[[Mapping[str, str | bytes]], Project]:
    return lambda files: load(write(files))


@pytest.fixture
def refuse(write: Write) -> Refuse:
    """Load a project that must be refused, and return its problems."""

    def refused(files: Mapping[str, str | bytes]) -> tuple[ProjectError, ...]:
        with pytest.raises(ProjectErrors) as caught:
            load(write(files))
        return caught.value.problems

    return refused
