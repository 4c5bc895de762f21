"""A disk that fills up under a whole node: it says so, keeps what it acknowledged, and goes on when there is room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Folder

FULL = {"HR-507", "HR-602", "HR-705"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, whose size can be changed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_disk_that_fills_under_a_node(project: Folder, disk: Path) -> None:
    rows = 40_000
    with (project.root / "orders.ndjson").open("w") as file:
        for number in range(rows):
            file.write(f'{{"id": {number}, "shop": "{os.urandom(40).hex()}", "amount": 1}}\n')
    codes = set()
    for megabytes in (4, 6, 9, 13):
        subprocess.run(["mount", "-o", f"remount,size={megabytes}m", disk], check=True)
        done = project.catch_up("--data", disk / "data", "--epoch-rows", 2000)
        if done.code == 0:
            break
        assert done.code == 1
        assert "Traceback" not in done.err
        codes |= {code for code in FULL if code in done.err}
        assert any(code in done.err for code in FULL), done.err
        assert "fix" in done.err
    assert codes, "the disk was never full"
    subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)
    project.catch_up("--data", disk / "data").ok()
    assert project.rows("SELECT count(*) AS n, count(DISTINCT id) AS d FROM orders", "--data", disk / "data") == [
        {"n": rows, "d": rows}
    ]
    found = project.ask("parity", "--json", "--data", disk / "data").ok().json
    assert [model["equal"] for model in found["models"]] == [True]
