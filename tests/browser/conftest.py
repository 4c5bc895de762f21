"""The flights project, run as a user runs it, and a browser beside it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.sampling import CI

from .chromium import Chromium, Page

HEADRACE = Path(sys.executable).with_name("headrace")
LOOK = Path(__file__).with_name("look.js").read_text()
READY_SECONDS = 120
"""How long the first start may take, which unpacks a year of flights; on an idle machine it is some ten seconds."""


@dataclass
class Node:
    """A node in a process of its own, reached by the link that it printed."""

    process: subprocess.Popen[bytes]
    project: Path
    link: str
    log: Path
    began: float
    """When the link was there, on the monotonic clock."""

    @property
    def url(self) -> str:
        scheme, host, *_ = urlsplit(self.link)
        return f"{scheme}://{host}"

    def end(self, seconds: float) -> int:
        """Press Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(seconds)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    command = shutil.which("chromium") or shutil.which("chromium-browser")
    if command is None:
        missing = "there is no Chromium here: `apt-get install chromium` gets it, and these tests then run"
        # CI installs it (.ci/run): there, pages that nobody looked at must not pass for good ones.
        (pytest.fail if CI else pytest.skip)(missing)
    chromium = Chromium(command, tmp_path_factory.mktemp("chromium"))
    yield chromium
    chromium.end()


@pytest.fixture(scope="module")
def node(browser: Chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """The node, from when its link is there. The browser is there before: a user's is open already."""
    folder = tmp_path_factory.mktemp("node")
    project, log, out = folder / "flights", folder / "log", folder / "out"
    subprocess.run([HEADRACE, "init", project, "--template", "flights"], check=True, capture_output=True, timeout=60)
    with log.open("wb") as said, out.open("wb") as printed:
        process = subprocess.Popen(
            [HEADRACE, "run", project, "--port", "0"], stdin=subprocess.DEVNULL, stdout=printed, stderr=said
        )
    try:
        link = _link(process, out, log)
        yield Node(process, project, link, log, time.monotonic())
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _link(process: subprocess.Popen[bytes], out: Path, log: Path) -> str:
    end = time.monotonic() + READY_SECONDS
    while not (line := out.read_text()).endswith("\n"):
        assert process.poll() is None, f"the node ended with {process.returncode}:\n{log.read_text()}"
        assert time.monotonic() < end, f"no link after {READY_SECONDS} s:\n{log.read_text()}"
        time.sleep(0.02)
    name, _, link = line.strip().partition(": ")
    assert name == "flights"
    return link


@pytest.fixture
def stranger(browser: Chromium, node: Node) -> Iterator[Page]:
    """A page that has not opened the link."""
    with browser.page() as page:
        page.install(LOOK)
        yield page


@pytest.fixture
def page(stranger: Page, node: Node) -> Iterator[Page]:
    """A page that has opened the link. When the test is over, no page that it went to may have had a problem."""
    stranger.goto(node.link)
    yield stranger
    stranger.ask("1")  # by its answer, all that came before it is heard
    assert stranger.problems == []
