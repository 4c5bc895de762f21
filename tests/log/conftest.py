from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headrace.log import Log

from .implementations import IMPLEMENTATIONS, SetClock


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def implementation(request: pytest.FixtureRequest) -> str:
    IMPLEMENTATIONS[request.param].need()
    return str(request.param)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def reopen(implementation: str, tmp_path: Path, clock: SetClock) -> Iterator[Callable[[], Log]]:
    """Opens the test's log, however often; all are closed at the end."""
    opened: list[Log] = []

    def open_again() -> Log:
        opened.append(IMPLEMENTATIONS[implementation].open(tmp_path, clock))
        return opened[-1]

    yield open_again
    for log in opened:
        log.close()
    if opened:
        IMPLEMENTATIONS[implementation].delete(tmp_path)


@pytest.fixture
def log(reopen: Callable[[], Log]) -> Log:
    return reopen()


@pytest.fixture
def writer(implementation: str, tmp_path: Path) -> Iterator[Callable[[str, int], subprocess.Popen[str]]]:
    """Starts ``writer.py`` on the test's log in another process; none outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def start(source: str, appends: int) -> subprocess.Popen[str]:
        script = Path(__file__).with_name("writer.py")
        command = [sys.executable, str(script), implementation, str(tmp_path), source, str(appends)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()
