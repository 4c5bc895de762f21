from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from headrace.lake import Lake

from .rows import connect
from .storage import Storage, on_disk, on_s3


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What uses a lake is tested on each storage, unless it looks into the folder of one."""
    if "storage" in metafunc.fixturenames:
        s3 = pytest.param("s3", marks=pytest.mark.xdist_group("s3"))
        on_disk_only = "root" in metafunc.fixturenames or metafunc.module.__name__.endswith("test_types")
        metafunc.parametrize("storage", ["disk"] if on_disk_only else ["disk", s3], indirect=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a lake on disk."""
    return tmp_path / "lake"


@pytest.fixture
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "disk":
        yield on_disk(tmp_path)
    else:
        there = on_s3(tmp_path)
        yield there
        there.empty()


@pytest.fixture
def reopen(storage: Storage) -> Iterator[Callable[[], Lake]]:
    """Opens the test's lake, however often; all are closed at the end."""
    opened: list[Lake] = []

    def open_again() -> Lake:
        opened.append(storage.open())
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
