"""The local token: made once, private, durable, compared in constant time, and never kept as text."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headrace.errors import AccessDenied
from headrace.security import Principal, Principals, open_token, read_token


def test_made_once_and_private(tmp_path: Path) -> None:
    data = tmp_path / "data"
    principals: Principals = open_token(data)
    token = read_token(data)
    assert stat.S_IMODE((data / "token").stat().st_mode) == 0o600
    assert len(token) == 43
    assert open_token(data) == principals
    assert read_token(data) == token
    assert [path.name for path in data.iterdir()] == ["token"]


def test_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o777)
    try:
        open_token(tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600


def test_authenticates_its_holder_only(tmp_path: Path) -> None:
    principals = open_token(tmp_path)
    token = read_token(tmp_path)
    assert principals.authenticate(token) == Principal("admin", admin=True)
    for other in ("", token[:-1], token + "x", token.swapcase(), "ü", "\ud800", "x" * 100_000):
        assert principals.authenticate(other) is None


def test_two_nodes_have_two_tokens(tmp_path: Path) -> None:
    first = open_token(tmp_path / "a")
    open_token(tmp_path / "b")
    assert first.authenticate(read_token(tmp_path / "b")) is None


def test_the_token_is_not_kept(tmp_path: Path) -> None:
    principals = open_token(tmp_path)
    assert read_token(tmp_path) not in repr(principals)
    assert read_token(tmp_path).encode() not in principals.digest


def test_of_many_creators_one_wins(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: open_token(tmp_path), range(32)))
    assert len({principals.digest for principals in opened}) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o777, 0o620])
def test_looser_modes_are_refused(tmp_path: Path, mode: int) -> None:
    open_token(tmp_path)
    (tmp_path / "token").chmod(mode)
    for use in (open_token, read_token):
        with pytest.raises(AccessDenied, match=f"its mode is {mode:04o}, not 0600") as caught:
            use(tmp_path)
        assert caught.value.code == "HR-910"
        assert f"chmod 600 {tmp_path / 'token'}" in caught.value.fix


def test_stricter_modes_are_not(tmp_path: Path) -> None:
    open_token(tmp_path)
    (tmp_path / "token").chmod(0o400)
    assert len(read_token(tmp_path)) == 43


@pytest.mark.parametrize("content", ["", "short\n", "two words " * 5, "x" * 31, "ü" * 40])
def test_what_is_not_a_token(tmp_path: Path, content: str) -> None:
    path = tmp_path / "token"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(AccessDenied, match="does not hold a token") as caught:
        open_token(tmp_path)
    assert caught.value.code == "HR-911"
    assert "rm -f" in caught.value.fix


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    open_token(tmp_path / "other")
    (tmp_path / "token").symlink_to(tmp_path / "other" / "token")
    with pytest.raises(AccessDenied, match="cannot be opened"):
        open_token(tmp_path)


def test_a_folder_and_a_pipe_are_not_tokens(tmp_path: Path) -> None:
    (tmp_path / "a" / "token").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    os.mkfifo(tmp_path / "b" / "token", 0o600)
    for folder in ("a", "b"):
        with pytest.raises(AccessDenied, match="it is not a file"):
            read_token(tmp_path / folder)


def test_none_is_there(tmp_path: Path) -> None:
    with pytest.raises(AccessDenied, match="cannot be opened") as caught:
        read_token(tmp_path)
    assert "headrace run" in caught.value.fix
