"""A writer that is killed again and again: nothing it was told is in is lost, and nothing is in twice."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headrace.lake import open_lake
from tests.sampling import in_ci, sampled

from .rows import numbered, offsets

WRITER = Path(__file__).with_name("writer.py")
ROWS = 500
KILLS = 6


def start(root: Path, *step: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", WRITER, root, str(ROWS), *step], stdout=subprocess.PIPE, text=True
    )


def run_until_killed(root: Path, seconds: float) -> int | None:
    """Let a writer work for a while and kill it; the last offset that it was told is in."""
    with start(root) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline().startswith("ready")
        time.sleep(seconds)
        writer.kill()
        told = [int(line.split()[1]) for line in writer.stdout if line.startswith("told") and line.endswith("\n")]
    return told[-1] if told else None


@in_ci
def test_a_killed_writer_loses_and_repeats_nothing(tmp_path: Path) -> None:
    root, dice, told = tmp_path / "lake", random.Random(7), 0
    for _ in range(KILLS):
        told = run_until_killed(root, dice.uniform(0.01, 0.7)) or told
        with open_lake(root) as lake:
            covered = lake.covered("raw.orders")
            assert told <= covered <= told + ROWS, "at most the append that was going on is in without a word"
            assert covered % ROWS == 0
            if covered:
                assert offsets(lake) == list(range(covered))
            told = covered
    assert told > ROWS
    with open_lake(root) as lake:
        lake.sweep(before=datetime.now(UTC) + timedelta(hours=1))
        assert offsets(lake) == list(range(told))
        assert lake.sweep(before=datetime.now(UTC) + timedelta(hours=1)).files == 0


@pytest.mark.parametrize("step", sampled(["1", "2", "3", "4", "5", "6", "7", "8", "committed"], 4))
def test_a_writer_that_dies_at_any_step_of_an_append(tmp_path: Path, step: str) -> None:
    root = tmp_path / "lake"
    with start(root, step) as writer:
        said = writer.communicate()[0].split()
    assert writer.returncode == -signal.SIGKILL
    assert said == ["ready", "0", "told", str(ROWS)]
    with open_lake(root) as lake:
        covered = lake.covered("raw.orders")
        assert covered == (2 * ROWS if step == "committed" else ROWS)
        assert offsets(lake) == list(range(covered))
        again = lake.append("raw.orders", numbered(ROWS, 2 * ROWS), start=ROWS, stop=2 * ROWS, epoch=2)
        assert again.written == (step != "committed")
        assert offsets(lake) == list(range(2 * ROWS))
        assert (lake.sweep(before=datetime.now(UTC) + timedelta(hours=1)).files > 0) == (step != "committed")
        assert offsets(lake) == list(range(2 * ROWS))
