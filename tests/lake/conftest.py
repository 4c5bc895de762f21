from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from headrace.lake import Lake, open_lake

from .rows import connect


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def reopen(root: Path) -> Iterator[Callable[[], Lake]]:
    """Opens the test's lake, however often; all are closed at the end."""
    opened: list[Lake] = []

    def open_again() -> Lake:
        opened.append(open_lake(root))
        return opened[-1]

    yield open_again
    for lake in opened:
        lake.close()


@pytest.fixture
def lake(reopen: Callable[[], Lake]) -> Lake:
    return reopen()


@pytest.fixture
def sql() -> Iterator[duckdb.DuckDBPyConnection]:
    """DuckDB as the engine sets it up, in memory."""
    with connect() as connection:
        yield connection


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 4 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)
