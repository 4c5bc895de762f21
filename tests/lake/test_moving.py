"""A lake that was moved, copied, or torn apart."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from headrace.errors import LakeError
from headrace.lake import open_lake

from .rows import append, held, offsets


def make(root: Path) -> None:
    with open_lake(root) as lake:
        append(lake, 0, 10)
        append(lake, 10, 20)
        lake.overwrite("models.m", pa.table({"a": [1]}), epoch=1, offsets={})


def test_a_moved_lake_is_read_and_written_where_it_is_now(tmp_path: Path) -> None:
    old, new = tmp_path / "old" / "lake", tmp_path / "new" / "place" / "lake"
    make(old)
    shutil.move(old, new)
    with open_lake(new) as lake:
        assert offsets(lake) == list(range(20))
        assert all(Path(file).is_relative_to(new) for file in lake.files("raw.orders"))
        append(lake, 20, 30)
        lake.overwrite("models.m", pa.table({"a": [2]}), epoch=2, offsets={})
        lake.overwrite("models.made_here", pa.table({"a": [3]}), epoch=2, offsets={})
        lake.compact("raw.orders", at_least=2)
        lake.expire("raw.orders", keep=1)
        assert offsets(lake) == list(range(30))
        assert len(lake.snapshots("models.m")) == 2
    assert not old.exists()


def test_it_may_move_again_and_back(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    make(first)
    for at, (here, there) in enumerate([(first, second), (second, first), (first, second)], start=2):
        here.rename(there)
        with open_lake(there) as lake:
            append(lake, at * 10, at * 10 + 10)
            assert offsets(lake) == list(range(at * 10 + 10))


def test_a_copy_and_its_original_go_separate_ways(tmp_path: Path) -> None:
    original, copy = tmp_path / "original", tmp_path / "copy"
    make(original)
    shutil.copytree(original, copy)
    untouched = {path: path.stat().st_mtime_ns for path in original.rglob("*") if path.is_file()}
    with open_lake(copy) as lake:
        append(lake, 20, 50)
        lake.compact("raw.orders", at_least=2)
        lake.expire("raw.orders", keep=1)
        assert offsets(lake) == list(range(50))
    assert {path: path.stat().st_mtime_ns for path in original.rglob("*") if path.is_file()} == untouched
    with open_lake(original) as lake:
        append(lake, 20, 25)
        assert offsets(lake) == list(range(25))
        assert held(lake, "models.m") == {("1",): 1}


def test_a_relative_folder_holds_whatever_the_working_folder_becomes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with open_lake(Path("lake")) as lake:
        append(lake, 0, 10)
        os.chdir("/")
        append(lake, 10, 20)
        assert offsets(lake) == list(range(20))
        assert all(Path(file).is_absolute() for file in lake.files("raw.orders"))


def test_a_lake_reached_through_a_link_is_the_same_lake(tmp_path: Path) -> None:
    make(tmp_path / "lake")
    (tmp_path / "link").symlink_to(tmp_path / "lake")
    with open_lake(tmp_path / "link") as lake:
        append(lake, 20, 30)
    with open_lake(tmp_path / "lake") as lake:
        assert offsets(lake) == list(range(30))


def test_a_catalog_that_moved_without_its_tables_says_what_to_do(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    make(old)
    new.mkdir()
    shutil.copy(old / "catalog.sqlite", new)
    with open_lake(new) as lake:
        for use in (lambda: lake.covered("raw.orders"), lambda: append(lake, 20, 30), lambda: lake.files("raw.orders")):
            with pytest.raises(LakeError, match="HR-708") as missing:
                use()
            assert "a lake moves as one folder" in missing.value.fix
            assert missing.value.where is not None
            assert missing.value.where.path == new
    with open_lake(old) as lake:
        assert offsets(lake) == list(range(20))


def test_tables_that_moved_without_their_catalog_say_what_to_do(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    make(old)
    new.mkdir()
    shutil.move(old / "warehouse", new)
    files = sorted(new.rglob("*"))
    with pytest.raises(LakeError, match="HR-708") as missing:
        open_lake(new)
    assert "Put catalog.sqlite back" in missing.value.fix
    assert sorted(new.rglob("*")) == files
    shutil.move(old / "catalog.sqlite", new)
    with open_lake(new) as lake:
        assert offsets(lake) == list(range(20))
