"""Chromium without a window, driven over its DevTools pipe: JSON messages, each ended by a NUL byte.

The protocol is https://chromedevtools.github.io/devtools-protocol/. A pipe needs neither a port nor a websocket.
"""

from __future__ import annotations

import base64
import json
import os
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

CALL_SECONDS = 30
END_SECONDS = 10
POLL_SECONDS = 0.05
SHOT_SECONDS = 1.5
"""How long a page comes to rest before its picture is taken: charts glide to where they belong."""

FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--hide-scrollbars",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
)
# Chromium reads from descriptor 3 and writes to 4; a shell is the plain way to have just these two open in it.
LAUNCH = 'exec "$0" "$@" 3<&0 4>&1 </dev/null >&2'


class ChromiumError(Exception):
    """Chromium ended, did not answer, or answered with an error."""


class Chromium:
    """A browser process.

    Args:
        profile: an empty folder, for the profile and for what the browser says (`chromium.log`).
    """

    def __init__(self, command: str, profile: Path) -> None:
        self._log = profile / "chromium.log"
        flags = [*FLAGS, f"--user-data-dir={profile}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", LAUNCH, command, *flags],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                bufsize=0,
            )
        self._pending = b""
        self._calls = 0
        self._pages: dict[str, Page] = {}

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Send a command, to the browser or to a page's session, and return its result."""
        self._calls += 1
        number = self._calls
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        try:
            self._pipe(self._process.stdin).write(json.dumps(message).encode() + b"\0")
        except BrokenPipeError:
            raise self._gone(method) from None
        end = time.monotonic() + CALL_SECONDS
        while (answer := self._receive(method, end)).get("id") != number:
            if page := self._pages.get(answer.get("sessionId", "")):
                page.heard(answer["method"], answer.get("params", {}))
        if "error" in answer:
            raise ChromiumError(f"{method}: {answer['error'].get('message')}")
        result: dict[str, Any] = answer["result"]
        return result

    def _receive(self, method: str, end: float) -> dict[str, Any]:
        out = self._pipe(self._process.stdout)
        while b"\0" not in self._pending:
            ready, _, _ = select.select([out], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise ChromiumError(f"{method}: no answer within {CALL_SECONDS} s; see {self._log}")
            part = os.read(out.fileno(), 1 << 20)
            if not part:
                raise self._gone(method)
            self._pending += part
        message, _, self._pending = self._pending.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def _gone(self, method: str) -> ChromiumError:
        said = self._log.read_text(errors="replace")[-2000:]
        return ChromiumError(f"{method}: the browser ended with {self._process.wait(END_SECONDS)}:\n{said}")

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe

    @contextmanager
    def page(self, width: int = 1440, height: int = 900) -> Iterator[Page]:
        """Open a page that shares nothing with other pages: its own cookies, its own storage."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        try:
            target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
            session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            page = self._pages[session] = Page(lambda method, **named: self.call(method, session, **named))
            page.open(width, height)
            yield page
            del self._pages[session]
        finally:
            if self._process.poll() is None:
                self.call("Target.disposeBrowserContext", browserContextId=context)

    def end(self) -> None:
        """Close the browser, at the latest after some seconds."""
        try:
            self.call("Browser.close")
            self._process.wait(END_SECONDS)
        except (ChromiumError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        finally:
            self._pipe(self._process.stdin).close()
            self._pipe(self._process.stdout).close()


class Page:
    """One page. `problems` holds each uncaught exception and each error it has logged."""

    def __init__(self, call: Callable[..., dict[str, Any]]) -> None:
        self._call = call
        self._loads = 0
        self.problems: list[str] = []

    def open(self, width: int, height: int) -> None:
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")
        self._call("Emulation.setLocaleOverride", locale="en_US")  # numbers and times read alike on every machine
        self.resize(width, height)

    def heard(self, event: str, said: dict[str, Any]) -> None:
        """Take note of an event of this page."""
        match event:
            case "Page.loadEventFired":
                self._loads += 1
            case "Runtime.exceptionThrown":
                self.problems.append(_exception(said["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if said["type"] in ("error", "assert"):
                self.problems.append(" ".join(str(part.get("value", part.get("description"))) for part in said["args"]))
            case "Log.entryAdded" if said["entry"]["level"] == "error":
                self.problems.append(f"{said['entry']['text']} {said['entry'].get('url', '')}".strip())

    def install(self, script: str) -> None:
        """Run a script in every document from now on, before the document's own."""
        self._call("Page.addScriptToEvaluateOnNewDocument", source=script)

    def resize(self, width: int, height: int) -> None:
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def prefer(self, scheme: str) -> None:
        """Ask for `light` or `dark` pages, as the system's setting does."""
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def goto(self, url: str) -> None:
        """Go to an address and wait until the document has loaded, with whatever it loads at once."""
        before = self._loads
        failed = self._call("Page.navigate", url=url).get("errorText")
        if failed:
            raise ChromiumError(f"{url}: {failed}")
        end = time.monotonic() + CALL_SECONDS
        while self._loads == before:
            if time.monotonic() > end:
                raise ChromiumError(f"{url} did not load within {CALL_SECONDS} s")
            self._call("Runtime.getIsolateId")
            time.sleep(POLL_SECONDS)

    def ask(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, as JSON has it; a promise is awaited."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if details := answer.get("exceptionDetails"):
            raise ChromiumError(f"{expression}\n{_exception(details)}")
        return answer["result"].get("value")

    def until(self, expression: str, seconds: float = 20) -> Any:
        """Ask until the answer is truthy, and return it."""
        end = time.monotonic() + seconds
        while not (value := self.ask(expression)):
            assert time.monotonic() < end, f"after {seconds} s still {value!r}: {expression}\n{self.problems}"
            time.sleep(POLL_SECONDS)
        return value

    def shot(self, path: Path) -> None:
        """Save a picture of the whole page: the window becomes as high as the page is."""
        size = self._call("Page.getLayoutMetrics")
        window, page = size["cssLayoutViewport"], size["cssContentSize"]
        self.resize(window["clientWidth"], max(window["clientHeight"], page["height"]))
        time.sleep(SHOT_SECONDS)
        answer = self._call("Page.captureScreenshot", format="png")
        self.resize(window["clientWidth"], window["clientHeight"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(answer["data"]))


def _exception(details: dict[str, Any]) -> str:
    return str(details.get("exception", {}).get("description") or details["text"])
