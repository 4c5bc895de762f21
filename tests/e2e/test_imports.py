"""A command imports what it needs: engine, lake and server take a second, which help and questions to a running node need not wait for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Folder

RUN_AND_LIST = """
import sys
from headrace.cli.app import main
try:
    main()
finally:
    print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
"""
ENGINE_AND_LAKE = {"duckdb", "pyiceberg", "sqlalchemy"}
SERVER = {"starlette", "uvicorn"}


def imported(*args: object) -> set[str]:
    """The packages that a command has imported when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", RUN_AND_LIST, *map(str, args)], capture_output=True, text=True, timeout=60, check=False
    )
    found = set(done.stderr.splitlines()[-1].split())
    assert {"headrace", "typer"} <= found, done.stderr
    return found


@pytest.mark.parametrize(
    "args", [("--help",), ("--version",), ("run", "--help"), ("query",), ("run", "--no-such-option")]
)
def test_help_and_wrong_usage_import_neither_engine_nor_server(args: tuple[str, ...]) -> None:
    assert imported(*args) & (ENGINE_AND_LAKE | SERVER | {"pyarrow", "httpx", "sqlglot"}) == set()


def test_a_new_project_is_written_without_the_engine(tmp_path: Path) -> None:
    assert imported("init", tmp_path / "demo") & (ENGINE_AND_LAKE | SERVER) == set()
    assert (tmp_path / "demo" / "headrace.yaml").is_file()


@pytest.mark.parametrize(
    "args", [("status",), ("parity",), ("query", "SELECT 1"), ("query", "SELECT 1", "--format", "csv")]
)
def test_beside_a_running_node_a_client_is_enough(beside: Folder, args: tuple[str, ...]) -> None:
    found = imported(*args, "--project", beside.root)
    assert "httpx" in found
    assert found & (ENGINE_AND_LAKE | SERVER) == set()


def test_the_lists_name_what_is_there(stopped: Folder) -> None:
    assert imported("query", "SELECT 1", "--project", stopped.root) >= ENGINE_AND_LAKE | {"starlette", "sqlglot"}
