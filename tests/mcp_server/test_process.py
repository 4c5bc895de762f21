"""The process: what is on its standard output, and how it starts and ends."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from headrace.architect.examples import examples
from tests.mcp_server.client import ENVIRONMENT, HEADRACE

INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}


def request(number: int, method: str, params: dict[str, Any]) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


OPENED = (request(0, "initialize", INITIALIZE), '{"jsonrpc": "2.0", "method": "notifications/initialized"}')


def ran(root: Path, *lines: str) -> subprocess.CompletedProcess[str]:
    """The process, given lines and then the end of its input."""
    return subprocess.run(
        [HEADRACE, "mcp", "--root", root],
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=ENVIRONMENT,
    )


def started(root: Path, stderr: Any = None) -> subprocess.Popen[str]:
    """The process, to talk to."""
    return subprocess.Popen(
        [HEADRACE, "mcp", "--root", root],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        env=ENVIRONMENT,
    )


def test_standard_output_holds_messages_and_nothing_else(tmp_path: Path) -> None:
    functions = tmp_path / "noisy" / "functions"
    functions.mkdir(parents=True)
    (tmp_path / "noisy" / "headrace.yaml").write_text("name: noisy\n")
    (functions / "loud.py").write_text(
        'import os, sys\nprint("printed on import", repr(sys.stdin.read()))\nos.write(1, b"written to descriptor 1\\n")\n'
    )
    arguments = {"requirements": examples()["iot"], "project": "noisy"}
    sent = (
        *OPENED,
        request(1, "tools/call", {"name": "review", "arguments": arguments}),
        request(2, "tools/call", {"name": "design", "arguments": {"requirements": "name: ["}}),
        request(3, "tools/call", {"name": "nothing", "arguments": {}}),
        request(4, "nothing/at_all", {}),
        request(5, "tools/call", {"name": 7}),
        "this is no message",
        "[]",
        request(6, "ping", {}),
    )
    with (tmp_path / "stderr").open("w") as stderr, started(tmp_path, stderr) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(f"{line}\n" for line in sent))
        process.stdin.flush()
        lines = [process.stdout.readline() for _ in range(7)]
        process.stdin.close()
        lines += process.stdout.readlines()
    assert process.returncode == 0
    messages = [json.loads(line) for line in lines]
    assert {message["jsonrpc"] for message in messages} == {"2.0"}
    answers = {message["id"]: message for message in messages}
    assert set(answers) == set(range(7))
    assert answers[1]["result"]["structuredContent"]["drift"]
    assert answers[2]["result"]["isError"]
    assert all("error" in answers[number] for number in (3, 4, 5))
    assert "Traceback" not in "".join(lines)
    logged = (tmp_path / "stderr").read_text()
    assert "printed on import ''" in logged
    assert "written to descriptor 1" in logged


def test_a_message_that_is_too_large_ends_the_session(tmp_path: Path) -> None:
    with (tmp_path / "stderr").open("w") as stderr, started(tmp_path, stderr) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{OPENED[0]}\n")
        process.stdin.flush()
        first = json.loads(process.stdout.readline())
        with suppress(BrokenPipeError):  # it may be gone before all of it is sent
            process.stdin.write(f"{OPENED[1]}\n{request(1, 'ping', {'_meta': {'x': 'x' * 1_000_001}})}\n")
            process.stdin.flush()
        rest = process.stdout.read()
        with suppress(BrokenPipeError):
            process.stdin.close()
    assert (process.returncode, first["id"], rest) == (2, 0, "")
    logged = (tmp_path / "stderr").read_text()
    assert "HR-163: a message has more than 1,000,000 characters" in logged
    assert "Traceback" not in logged


def test_a_client_that_goes_ends_the_process(tmp_path: Path) -> None:
    with (tmp_path / "stderr").open("w") as stderr, started(tmp_path, stderr) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{OPENED[0]}\n{OPENED[1]}\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.stdout.close()
        process.stdin.write(f"{request(1, 'tools/list', {})}\n{request(2, 'ping', {})}\n")
        process.stdin.flush()
        time.sleep(1)  # so that it finds nobody to answer
        process.stdin.close()
        process.wait(timeout=30)  # with whatever code: nobody is there to see it
    assert (tmp_path / "stderr").read_text() == ""


def test_a_root_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    done = ran(tmp_path / "nowhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("HR-119: the root is not a folder")


def test_nothing_listens(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{OPENED[0]}\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["result"]["serverInfo"]["name"] == "headrace"
        held = [str(path.readlink()) for path in Path(f"/proc/{process.pid}/fd").iterdir()]
        inodes = {name.removeprefix("socket:[").rstrip("]") for name in held if name.startswith("socket:")}
        tables = [Path(f"/proc/{process.pid}/net/{table}").read_text() for table in ("tcp", "tcp6", "udp", "udp6")]
        assert not [line for table in tables for line in table.splitlines()[1:] if line.split()[9] in inodes]
        process.stdin.close()
        assert process.wait(timeout=20) == 0


@pytest.mark.parametrize("missing", ["mcp", "mcp_types"])
def test_without_the_extra_it_says_what_to_install(missing: str) -> None:
    script = f"import sys; sys.modules[{missing!r}] = None; sys.argv[1:] = ['mcp']; from headrace.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False, env=ENVIRONMENT
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("HR-118: the MCP server needs packages that are not installed")
    assert "fix   pip install 'headrace[mcp]'" in done.stderr
