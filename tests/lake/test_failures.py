"""What the disk can do to a lake: every failure says what is left and what to do, and nothing is half done."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from headrace.errors import LakeError
from headrace.lake import open_lake
from tests.sampling import sampled

from .rows import append, numbered, offsets


def noise(start: int, stop: int) -> pa.Table:
    """Rows that do not compress."""
    rows = numbered(start, stop)
    return rows.append_column("noise", pa.array([os.urandom(1000) for _ in range(rows.num_rows)]))


def test_a_full_disk_takes_nothing_and_gives_back_what_it_took(small_disk: Path) -> None:
    with open_lake(small_disk / "lake") as lake:
        lake.append("raw.t", noise(0, 1000), start=0, stop=1000, epoch=1)
        before = shutil.disk_usage(small_disk).free
        for _ in range(3):
            with pytest.raises(LakeError, match="HR-705") as full:
                lake.append("raw.t", noise(1000, 6000), start=1000, stop=6000, epoch=2)
            assert "bytes are free" in full.value.what
            assert "Free space" in full.value.fix
            assert "No snapshot was made" in full.value.state
            assert shutil.disk_usage(small_disk).free >= before - 64_000, (
                "a failed append must not fill the disk further"
            )
        assert lake.covered("raw.t") == 1000
        lake.append("raw.t", noise(1000, 1500), start=1000, stop=1500, epoch=2)
        assert offsets(lake, "raw.t") == list(range(1500))


def test_a_disk_that_is_full_to_the_last_byte(small_disk: Path) -> None:
    """Whichever of an append's writes is the one that fails, the table is as it was and works again afterwards."""
    refused: list[str] = []
    with open_lake(small_disk / "lake") as lake:
        append(lake, 0, 10)
        ballast = small_disk / "ballast"
        for room in range(0, 60_000, 4096):
            ballast.write_bytes(b"x" * max(shutil.disk_usage(small_disk).free - room, 0))
            covered = lake.covered("raw.orders")
            try:
                append(lake, covered, covered + 10)
            except LakeError as error:
                refused.append(error.code)
            assert lake.covered("raw.orders") in (covered, covered + 10)
            ballast.unlink()
        assert len(refused) > 2
        assert set(refused) == {"HR-705"}
        covered = lake.covered("raw.orders")
        append(lake, covered, covered + 10)
        assert offsets(lake) == list(range(covered + 10))
    with open_lake(small_disk / "lake") as lake:
        assert offsets(lake) == list(range(covered + 10))


def test_a_disk_that_became_read_only(small_disk: Path) -> None:
    with open_lake(small_disk / "lake") as lake:
        append(lake, 0, 10)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(LakeError, match="HR-706") as refused, open_lake(small_disk / "lake") as lake:
        append(lake, 10, 20)
    assert "writable disk" in refused.value.fix
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    with open_lake(small_disk / "lake") as lake:
        append(lake, 10, 20)
        assert offsets(lake) == list(range(20))


APPENDS = """
import sys
from pathlib import Path
from headrace.errors import LakeError
from headrace.lake import open_lake
from lake.rows import append
try:
    with open_lake(Path(sys.argv[1])) as lake:
        append(lake, 10, 20)
except LakeError as error:
    print(error.code, error.fix)
"""


def append_with_no_privilege(root: Path) -> str:
    """What an append says in a process that permissions hold for, as they do not for root."""
    plain = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    tests = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    return subprocess.run(
        [*plain, sys.executable, "-c", APPENDS, root], check=True, capture_output=True, text=True, env=tests
    ).stdout


@pytest.mark.parametrize("part", sampled(["", "warehouse/raw/orders/data", "warehouse/raw/orders/metadata"], 3))
def test_a_folder_that_must_not_be_written(tmp_path: Path, part: str) -> None:
    root = tmp_path / "lake"
    with open_lake(root) as lake:
        append(lake, 0, 10)
    (root / part).chmod(0o555)
    said = append_with_no_privilege(root)
    assert said.startswith("HR-706")
    assert str(root) in said
    (root / part).chmod(0o755)
    assert append_with_no_privilege(root) == ""
    with open_lake(root) as lake:
        assert offsets(lake) == list(range(20))


def test_a_place_that_cannot_hold_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LakeError, match="HR-706"):
        open_lake(tmp_path / "file" / "lake")


def test_a_write_that_does_not_reach_the_disk_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first flush fails, then the second, and so on, until an append needs no more of them."""
    synced, left = os.fsync, 0
    failed: list[LakeError] = []

    def fsync(handle: int) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise OSError(errno.EIO, "Input/output error")
        synced(handle)

    with open_lake(tmp_path / "lake") as lake:
        append(lake, 0, 10)
        monkeypatch.setattr(os, "fsync", fsync)
        while lake.covered("raw.orders") == 10:
            assert offsets(lake) == list(range(10))
            left = len(failed) + 1
            try:
                append(lake, 10, 20)
            except LakeError as error:
                failed.append(error)
        assert {(error.code, "dmesg" in error.fix) for error in failed} == {("HR-707", True)}
        assert len(failed) >= 6, "the data file, the manifest, its list, the metadata, and their folders"
        assert offsets(lake) == list(range(20))


def test_every_file_is_flushed_before_the_catalog_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: set[str] = set()
    sync = os.fsync

    def fsync(handle: int) -> None:
        flushed.add(str(Path(f"/proc/self/fd/{handle}").readlink()))
        sync(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    with open_lake(tmp_path / "lake") as lake:
        append(lake, 0, 10)
        lake.overwrite("models.m", numbered(0, 3), epoch=1, offsets={})
    files = {str(path) for path in (tmp_path / "lake" / "warehouse").rglob("*")}
    assert files <= flushed


def break_catalog(root: Path) -> None:
    for path in root.glob("catalog.sqlite*"):
        path.write_bytes(b"This is not a database. " * 500)


def break_metadata(root: Path) -> None:
    for path in root.rglob("*.metadata.json"):
        path.write_text("{")


def break_manifests(root: Path) -> None:
    for path in root.rglob("*.avro"):
        path.write_bytes(path.read_bytes()[:100])


@pytest.mark.parametrize("damage", [break_catalog, break_metadata, break_manifests])
def test_damage_is_said_to_be_damage(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    with open_lake(tmp_path / "lake") as lake:
        append(lake, 0, 10)
    damage(tmp_path / "lake")
    with pytest.raises(LakeError, match="HR-709") as found, open_lake(tmp_path / "lake") as lake:
        lake.files("raw.orders")
    assert "good copy" in found.value.fix


def test_a_missing_data_file_is_found_by_whoever_reads_it(tmp_path: Path) -> None:
    with open_lake(tmp_path / "lake") as lake:
        for at in (0, 10):
            append(lake, at, at + 10)
        Path(lake.files("raw.orders")[0]).unlink()
        with pytest.raises(LakeError, match="HR-708"):
            lake.compact("raw.orders", at_least=2)
        with pytest.raises(duckdb.IOException):
            offsets(lake)


def test_a_catalog_that_somebody_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.lake.catalog._PATIENCE_SECONDS", 0)
    with open_lake(tmp_path / "lake") as lake:
        append(lake, 0, 10)
        holder = sqlite3.connect(tmp_path / "lake" / "catalog.sqlite")
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(LakeError, match="HR-711") as held:
            append(lake, 10, 20)
        assert "fuser" in held.value.fix
        assert offsets(lake) == list(range(10)), "readers do not wait for a writer"
        holder.rollback()
        holder.close()
        append(lake, 10, 20)
        assert offsets(lake) == list(range(20))
