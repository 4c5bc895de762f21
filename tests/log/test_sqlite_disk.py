"""A disk whose fsync is slow or fails (``disk_faults.c``): what an append waits for, and what a failed one leaves."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from headrace.log import open_sqlite

from .implementations import SetClock

PRELUDE = """
import os, signal, sys, time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
import pyarrow as pa
from headrace.errors import LogError
from headrace.log import Part, open_sqlite

folder, control = Path(sys.argv[1]), Path(os.environ["DISK_FAULTS"])
log = open_sqlite(folder / "log.sqlite", clock=lambda: datetime.now(UTC))

def append(n):
    try:
        log.append([Part("s", pa.table({"n": [n]}))], source="test", position=str(n), key=str(n))
    except LogError as error:
        return error.code
    return "kept"

def syncs():
    return Path(f"{control}.syncs").stat().st_size

def die():
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)

print(append(0))
"""


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or pytest.skip("no C compiler to build the faulty disk with")
    library = tmp_path_factory.mktemp("faults") / "disk_faults.so"
    source = Path(__file__).with_name("disk_faults.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.fixture
def on_faulty_disk(faults: Path, tmp_path: Path) -> Callable[[str], list[str]]:
    """Runs a script after the prelude, in a process of its own; returns the words it printed."""

    def run(script: str) -> list[str]:
        environment = os.environ | {"LD_PRELOAD": str(faults), "DISK_FAULTS": str(tmp_path / "control")}
        command = [sys.executable, "-c", PRELUDE + script, str(tmp_path)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert not done.stderr, done.stderr
        return done.stdout.split()

    return run


def kept(folder: Path) -> tuple[list[int], str | None]:
    with closing(open_sqlite(folder / "log.sqlite", clock=SetClock())) as log:
        return log.read("s", 0, log.ends()["s"])["n"].to_pylist(), log.position("test")


def test_an_append_returns_only_after_the_disk_has_it(on_faulty_disk: Callable[[str], list[str]]) -> None:
    said = on_faulty_disk("""
before = syncs()
control.write_text("s")
began = time.monotonic()
print(append(1), time.monotonic() - began > 0.3, syncs() - before)
""")
    assert said == ["kept", "kept", "True", "1"]


def test_appends_of_one_moment_share_an_fsync(on_faulty_disk: Callable[[str], list[str]]) -> None:
    said = on_faulty_disk("""
before = syncs()
control.write_text("s")
with ThreadPoolExecutor(12) as threads:
    print(*threads.map(append, range(1, 13)), syncs() - before)
""")
    assert said[:-1] == ["kept"] * 13
    assert 1 <= int(said[-1]) <= 3


def test_an_append_whose_fsync_failed_is_not_found_after_a_crash(
    on_faulty_disk: Callable[[str], list[str]], tmp_path: Path
) -> None:
    said = on_faulty_disk("""
control.write_text("1")
print(append(1), log.ends(), log.position("test"))
die()
""")
    assert said == ["kept", "HR-510", "{'s':", "1}", "0"]
    assert kept(tmp_path) == ([0], "0")


def test_an_append_that_could_not_be_taken_back_says_so(
    on_faulty_disk: Callable[[str], list[str]], tmp_path: Path
) -> None:
    said = on_faulty_disk("""
control.write_text("f")
print(append(1), log.ends(), log.position("test"))
die()
""")
    assert said == ["kept", "HR-511", "{'s':", "1}", "0"]
    assert kept(tmp_path) in [([0], "0"), ([0, 1], "1")]


def test_appends_go_on_once_the_disk_is_mended(on_faulty_disk: Callable[[str], list[str]], tmp_path: Path) -> None:
    said = on_faulty_disk("""
control.write_text("f")
with ThreadPoolExecutor(4) as threads:
    print(*threads.map(append, range(1, 5)))
control.write_text("-")
print(append(5), append(1))
die()
""")
    assert said == ["kept", *["HR-511"] * 4, "kept", "kept"]
    assert kept(tmp_path) == ([0, 5, 1], "1")
