"""How the state database is opened, and what is made of DuckDB's errors."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from headrace.engine.session import open_database
from headrace.errors import EngineError, LakeError
from headrace.lake import S3, LakeElsewhere, Postgres, s3
from headrace.lake.elsewhere import examine_storage

WAREHOUSE = "s3://history/shop"
SERVER = S3("key", "not to be seen", "http://127.0.0.1:9")


def open_files() -> set[str]:
    return {str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()}


@pytest.fixture
def older(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB's extension is there, and made for another version of DuckDB."""
    content = s3._extension().read_bytes()
    version = f"v{duckdb.__version__}".encode()
    before, _, after = content.rpartition(version)
    made = tmp_path / "httpfs.duckdb_extension"
    made.write_bytes(before + b"v1.0.0".ljust(len(version), b"\0") + after)
    monkeypatch.setattr(s3, "_extension", lambda: made)


def test_an_extension_of_another_version_is_told_and_the_state_file_is_let_go(tmp_path: Path, older: None) -> None:
    path = tmp_path / "state.duckdb"
    with pytest.raises(LakeError) as caught:
        open_database(path, [WAREHOUSE], s3.preparation(WAREHOUSE, SERVER))
    error = caught.value
    assert error.code == "HR-717"
    assert "v1.0.0" in error.what
    assert f"duckdb-extension-httpfs=={duckdb.__version__}" in error.fix
    assert str(path) not in open_files()


def test_doctor_tells_an_extension_of_another_version(older: None) -> None:
    place = LakeElsewhere("shop", WAREHOUSE, SERVER, Postgres("127.0.0.1", "lake", "me", "it", 9))
    with pytest.raises(LakeError) as caught:
        examine_storage(place)
    assert caught.value.code == "HR-717"
    assert f"duckdb-extension-httpfs=={duckdb.__version__}" in caught.value.fix


def test_a_secret_that_duckdb_does_not_take_is_not_shown(tmp_path: Path) -> None:
    load, secret = s3.preparation(WAREHOUSE, SERVER)
    for spoilt in (secret[:-1], secret.replace("TYPE s3", "TYPE s4"), secret.replace("KEY_ID", "NO_SUCH")):
        with pytest.raises(LakeError, match="HR-717") as caught:
            open_database(tmp_path / "state.duckdb", [WAREHOUSE], [load, spoilt])
        assert SERVER.secret not in str(caught.value)
        assert caught.value.__suppress_context__


def test_a_state_file_that_is_none_is_told_and_let_go(tmp_path: Path) -> None:
    path = tmp_path / "state.duckdb"
    path.write_bytes(b"This is not a database. " * 1000)
    with pytest.raises(EngineError, match="HR-601"):
        open_database(path, [])
    assert str(path) not in open_files()
