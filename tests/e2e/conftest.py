"""Tiny projects on disk, the installed command run on them, and nodes as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from .command import Done, headrace

HEADRACE = Path(sys.executable).with_name("headrace")
TIMEOUT = 60
UNTIL_CAUGHT_UP = ("--until-caught-up", "--no-serve")
ORDERS = (
    '{"id": 1, "shop": "a", "amount": 5}\n{"id": 2, "shop": "b", "amount": 7}\n{"id": 3, "shop": "a", "amount": 1}\n'
)
BY_SHOP = "SELECT shop, count(*) AS n, sum(amount) AS total\nFROM orders\nGROUP BY shop\n"


@dataclass(frozen=True)
class Folder:
    """A project's folder, and the commands on it."""

    root: Path

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def append(self, name: str, content: str) -> None:
        with (self.root / name).open("a") as file:
            file.write(content)

    @property
    def data(self) -> Path:
        return self.root / ".headrace"

    def catch_up(self, *args: object) -> Done:
        return headrace("run", self.root, *UNTIL_CAUGHT_UP, *args)

    def query(self, sql: str, *args: object) -> Done:
        return headrace("query", sql, "--project", self.root, *args)

    def rows(self, sql: str, *args: object) -> Any:
        return self.query(sql, "--format", "json", *args).ok().json

    def ask(self, command: str, *args: object) -> Done:
        return headrace(command, *args, "--project", self.root)


@dataclass
class Running:
    """A node in a process of its own."""

    process: subprocess.Popen[bytes]
    client: httpx.Client
    log: Path

    def rows(self, sql: str) -> Any:
        answer = self.client.post("/v1/sql", json={"sql": sql}, headers={"Accept": "application/json"})
        assert answer.status_code == 200, answer.text
        found = answer.json()
        names = [column["name"] for column in found["columns"]] if isinstance(found, dict) else []
        return [dict(zip(names, row, strict=True)) for row in found["rows"]] if names else found

    def push(self, source: str, rows: list[Any], key: str | None = None) -> httpx.Response:
        body = "".join(json.dumps(row) + "\n" for row in rows)
        headers = {"Content-Type": "application/x-ndjson"} | ({"Idempotency-Key": key} if key else {})
        return self.client.post(f"/v1/sources/{source}", content=body, headers=headers)

    def until(self, sql: str, wanted: Any, seconds: float = 20) -> None:
        """Ask until the answer is the one wanted."""
        end = time.monotonic() + seconds
        while (found := self.rows(sql)) != wanted:
            assert time.monotonic() < end, f"{sql} still gives {found} after {seconds} s, not {wanted}"
            time.sleep(0.1)

    def end(self, number: int, seconds: float) -> int:
        """Send a signal; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(seconds)


@contextmanager
def running(folder: Folder, *args: object) -> Iterator[Running]:
    """`headrace run` beside the test, from when it can be reached."""
    log = folder.root.parent / f"{folder.root.name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [HEADRACE, "run", str(folder.root), *map(str, args)], stdout=out, stderr=out, stdin=subprocess.DEVNULL
        )
    try:
        address = _reached(process, folder.data / "node.json", log)
        token = (folder.data / "token").read_text().strip()
        with httpx.Client(
            transport=httpx.HTTPTransport(uds=address["socket"]),
            base_url="http://localhost",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        ) as client:
            yield Running(process, client, log)
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()


def _reached(process: subprocess.Popen[bytes], path: Path, log: Path) -> dict[str, Any]:
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        assert process.poll() is None, f"the node ended with {process.returncode}:\n{log.read_text()}"
        try:
            address: dict[str, Any] = json.loads(path.read_text())
        except (OSError, ValueError):
            address = {}
        if address.get("pid") == process.pid:
            return address
        time.sleep(0.05)
    raise AssertionError(f"no node after {TIMEOUT} s:\n{log.read_text()}")


def make(root: Path) -> Folder:
    """Three orders in a file, counted by shop."""
    folder = Folder(root)
    folder.write("headrace.yaml", "name: shop\n")
    folder.write("sources/orders.yaml", "kind: file\npath: orders.ndjson\nformat: ndjson\nbounded: true\n")
    folder.write("orders.ndjson", ORDERS)
    folder.write("models/by_shop.sql", BY_SHOP)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    return make(tmp_path / "shop")


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """A project that has run and stopped; tests only ask it."""
    folder = make(tmp_path_factory.mktemp("stopped") / "shop")
    folder.catch_up().ok()
    return folder


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    """A project whose node runs while tests ask it."""
    folder = make(tmp_path_factory.mktemp("beside") / "shop")
    with running(folder, "--no-serve") as node:
        node.until("SELECT sum(n) AS n FROM by_shop", [{"n": 3}])
        yield folder


Refused = Callable[..., Done]


@pytest.fixture
def refused() -> Refused:
    """Checks that a command failed as it should: exit code, HR code, a fix, no traceback."""

    def check(done: Done, code: str, *said: str, exit_code: int = 1) -> Done:
        shown = f"exit code {done.code}\n{done.text}\n{done.err}"
        assert "Traceback" not in done.err, shown
        assert code in done.err, shown
        assert "\n  fix   " in done.err, shown
        assert done.code == exit_code, shown
        for part in said:
            assert part in done.err, f"{part!r} is not said\n{shown}"
        return done

    return check
