from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.project import FileSource

from .taking import close_all


@pytest.fixture(autouse=True)
def _readers() -> Iterator[None]:
    yield
    close_all()


@pytest.fixture
def file_source(tmp_path: Path) -> Callable[..., FileSource]:
    """Declares a source of the files under `tmp_path` that match `path`."""

    def declare(path: str, format: str, **settings: Any) -> FileSource:
        settings = {"bounded": True, "name": "s", "file": tmp_path / "sources" / "s.yaml", **settings}
        return FileSource(path=path, format=format, **settings)

    return declare
