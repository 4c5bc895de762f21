from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mcp_server.client import Session, session


@pytest.fixture(scope="package")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the session of this package's tests may read and write."""
    return tmp_path_factory.mktemp("root")


@pytest.fixture(scope="package")
def asking(root: Path) -> Iterator[Session]:
    """One session for all: a process takes seconds to start."""
    with session(root) as made:
        yield made
