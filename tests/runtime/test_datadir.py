"""Who has a data directory, asked by many at once while it is taken and let go: no false answer either way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headrace.errors import NodeError
from headrace.runtime.datadir import DataDir

LOOK = """
import sys, time
from pathlib import Path
from headrace.runtime.datadir import DataDir
data, end = DataDir(Path(sys.argv[1])), time.monotonic() + float(sys.argv[2])
print("ready", flush=True)
seen = {data.busy for _ in iter(lambda: time.monotonic() < end, False)}
print(*sorted(seen), flush=True)
"""


def lookers(data: Path, seconds: float, count: int = 4) -> list[subprocess.Popen[str]]:
    """Processes that ask all the time; they are asking when this returns."""
    started = [
        subprocess.Popen([sys.executable, "-c", LOOK, str(data), str(seconds)], stdout=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    return started


def seen(process: subprocess.Popen[str]) -> str:
    said, _ = process.communicate(timeout=60)
    return said.strip()


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    """A data directory that nobody has."""
    made = DataDir(tmp_path / "data")
    made.hold()
    made.release()
    return made


def test_lookers_do_not_see_each_other(data: DataDir) -> None:
    assert {seen(process) for process in lookers(data.root, 1.0)} == {"False"}


def test_lookers_always_see_a_holder(data: DataDir) -> None:
    data.hold()
    assert {seen(process) for process in lookers(data.root, 1.0)} == {"True"}
    data.release()


def test_lookers_keep_nobody_from_taking_it(data: DataDir) -> None:
    processes = lookers(data.root, 2.0)
    taken, end = 0, time.monotonic() + 1.5
    while time.monotonic() < end:
        data.hold()
        assert DataDir(data.root).busy
        data.release()
        taken += 1
    assert taken > 20
    for process in processes:
        assert "True" in seen(process)


def test_one_of_many_gets_it(data: DataDir) -> None:
    """Threads that take it at once, among threads that look: one has it, the others are told so."""
    for _ in range(20):
        barrier, ended = threading.Barrier(4), threading.Event()

        def look(ended: threading.Event = ended) -> None:
            while not ended.is_set():
                assert isinstance(DataDir(data.root).busy, bool)

        def take(barrier: threading.Barrier = barrier) -> DataDir | None:
            mine = DataDir(data.root)
            barrier.wait()
            try:
                mine.hold()
            except NodeError:
                return None
            return mine

        with ThreadPoolExecutor(6) as threads:
            looking = [threads.submit(look) for _ in range(2)]
            holders = [done for future in [threads.submit(take) for _ in range(4)] if (done := future.result())]
            ended.set()
            assert [future.result() for future in looking] == [None, None]
        assert len(holders) == 1
        holders[0].release()


def test_a_command_is_waited_for(data: DataDir) -> None:
    other = DataDir(data.root)
    other.hold()
    timer = threading.Timer(0.3, other.release)
    timer.start()
    with pytest.raises(NodeError, match="another node"):
        data.hold()
    data.hold(patience=10.0)
    timer.join()
    data.release()


def test_a_node_that_can_be_reached_is_not_waited_for(data: DataDir) -> None:
    node = DataDir(data.root)
    node.hold()
    data.node.write_text(json.dumps({"pid": os.getpid(), "socket": "/run/it.sock"}))
    start = time.monotonic()
    with pytest.raises(NodeError, match=str(os.getpid())):
        data.hold(patience=60.0)
    assert time.monotonic() - start < 30
    assert data.socket() == Path("/run/it.sock")
    node.release()


@pytest.mark.parametrize("left", ['{"pid": 0, "socket": "/run/dead.sock"}', '{"pid": ', ""])
def test_what_a_killed_node_left_reaches_nobody(data: DataDir, left: str) -> None:
    data.node.write_text(left)
    other = DataDir(data.root)
    other.hold()
    assert data.socket() is None
    other.release()
