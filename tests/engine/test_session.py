"""How the state database is opened, and what is made of DuckDB's errors."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import pytest

from headrace.engine.session import engine_error, open_database, streamed
from headrace.errors import EngineError, LakeError
from headrace.lake import S3, LakeElsewhere, Postgres, s3
from headrace.lake.elsewhere import examine_storage
from headrace.runtime.services import SILENT

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


@contextmanager
def answering(status: int) -> Iterator[S3]:
    """An S3 server that says nothing else."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815 - the name that the server calls

        def log_message(self, *said: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield replace(SERVER, endpoint=f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def asked(path: Path, server: S3) -> EngineError:
    preparation = [*s3.preparation(WAREHOUSE, server), "SET http_retries = 0"]
    with open_database(path, [WAREHOUSE], preparation) as connection:
        with pytest.raises(duckdb.IOException) as caught:
            connection.execute(f"FROM read_parquet(['{WAREHOUSE}/raw/orders/data/1.parquet'])")
        return engine_error(caught.value, "reading")


@pytest.mark.parametrize(
    ("status", "code", "said", "fix"),
    [
        (401, "HR-619", "refuses", "right to read"),
        (403, "HR-619", "refuses", "right to read"),
        (404, "HR-620", "missing", "lifecycle rule"),
        (500, "HR-610", "cannot be read", "runs and can be reached"),
        (503, "HR-610", "cannot be read", "runs and can be reached"),
    ],
)
def test_history_that_waiting_does_not_bring_back_is_told_apart(
    tmp_path: Path, status: int, code: str, said: str, fix: str
) -> None:
    with answering(status) as server:
        error = asked(tmp_path / "state.duckdb", server)
    assert error.code == code
    assert said in error.what
    assert "raw/orders/data/1.parquet" in error.what
    assert fix in error.fix
    assert (code in SILENT) is (status >= 500)


def test_a_server_that_is_away_is_waited_for(tmp_path: Path) -> None:
    assert asked(tmp_path / "state.duckdb", SERVER).code == "HR-610"


@pytest.mark.parametrize(("status", "code"), [("404 Not Found", "HR-620"), ("403", "HR-619"), ("500", "HR-610")])
def test_one_that_ends_an_answer_in_the_middle_is_told_apart_too(status: str, code: str) -> None:
    ended = OSError(f"HTTP Error: HTTP GET error on 'http://127.0.0.1:1/x.parquet' (HTTP {status})")
    assert engine_error(streamed(ended), "reading").code == code
