"""From socket to browser: how long after a row is sent over HTTP does a dashboard's stream show it.

    python bench/latency.py [SECONDS]

A push source, a model that counts and keeps the newest row's number, one dashboard tile. One connection pushes batches every
50 ms, at 1,000 and 20,000 rows a second. A sample is the time from just before a batch was sent until its newest row shows: in the
dashboard's event stream as another connection receives it, and, where there is a `chromium`, on the page in that browser, in the
frame that draws it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from browser.chromium import Chromium, Page

HEADRACE = str(Path(sys.executable).with_name("headrace"))
TICK = 0.05
FILES = {
    "headrace.yaml": "name: latency\n",
    "sources/ticks.yaml": "kind: push\nschema: {id: BIGINT, k: VARCHAR}\n",
    "models/counted.sql": "SELECT k, count(*) AS n, max(id) AS newest FROM ticks GROUP BY k\n",
    "dashboards/d.yaml": "tiles:\n  - {title: T, kind: table, sql: 'SELECT max(newest)::VARCHAR AS newest FROM counted'}\n",
}
# What a frame is about to show, with the time of day in milliseconds.
OBSERVE = """
window.seen = [];
new MutationObserver(() => requestAnimationFrame(() => {
  const digits = document.querySelector("main td")?.textContent.replace(/\\D/g, "");
  if (digits) window.seen.push([performance.timeOrigin + performance.now(), Number(digits)]);
})).observe(document.body, {subtree: true, childList: true, characterData: true});
"""


def started(folder: Path) -> tuple[subprocess.Popen[str], str, str]:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    node = subprocess.Popen(
        [HEADRACE, "run", str(folder), "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert node.stdout is not None
    link = node.stdout.readline().split(": ", 1)[1].strip()
    return node, link.split("/login")[0], link.split("token=")[1]


def watch(url: str, token: str, seen: list[tuple[float, int]], end: threading.Event) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.stream("GET", f"{url}/v1/dashboards/d/live", headers=headers, timeout=None) as stream:
        for line in stream.iter_lines():
            if end.is_set():
                return
            if line.startswith("data:") and '"tile"' in line:
                rows = json.loads(line[5:]).get("rows")
                if rows and rows[0][0] is not None:
                    seen.append((time.time(), int(rows[0][0])))


@contextmanager
def opened(url: str, token: str, scratch: Path) -> Iterator[Page | None]:
    """The dashboard in a browser, if there is one."""
    command = shutil.which("chromium")
    if command is None:
        yield None
        return
    profile = scratch / "profile"
    profile.mkdir()
    browser = Chromium(command, profile)
    try:
        with browser.page() as page:
            page.goto(f"{url}/login?token={token}")
            page.goto(f"{url}/dashboards/d")
            page.ask(OBSERVE)
            yield page
    finally:
        browser.end()


def measured(rate: int, seconds: float) -> dict[str, list[float]]:
    """Seconds until each batch showed, by where."""
    with tempfile.TemporaryDirectory() as scratch:
        node, url, token = started(Path(scratch) / "project")
        streamed: list[tuple[float, int]] = []
        end = threading.Event()
        threading.Thread(target=watch, args=(url, token, streamed, end), daemon=True).start()
        with opened(url, token, Path(scratch)) as page:
            sent = pushed(url, token, rate, seconds)
            time.sleep(2)
            shown = [(at / 1000, newest) for at, newest in page.ask("window.seen")] if page is not None else []
        end.set()
        node.terminate()
        node.wait(20)
    return {"stream": waited(sent, streamed), "page": waited(sent, shown)}


def pushed(url: str, token: str, rate: int, seconds: float) -> list[tuple[float, int]]:
    """Push batches; when each was sent, and its newest row."""
    sent: list[tuple[float, int]] = []
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    with httpx.Client(headers=headers) as client:
        number, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < seconds:
            rows = [json.dumps({"id": number + i, "k": str(i % 100)}) for i in range(int(rate * TICK))]
            number += len(rows)
            at = time.time()
            client.post(f"{url}/v1/sources/ticks", content="\n".join(rows)).raise_for_status()
            sent.append((at, number - 1))
            time.sleep(max(0.0, begun + len(sent) * TICK - time.perf_counter()))
    return sent


def waited(sent: list[tuple[float, int]], seen: list[tuple[float, int]]) -> list[float]:
    """How long after it was sent each batch was seen; the first half second warms up."""
    if not seen:
        return []
    return [next(t for t, newest in seen if newest >= last) - at for at, last in sent[10:] if seen[-1][1] >= last]


def main() -> None:
    """p50 and p99 at both rates."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    for rate in (1_000, 20_000):
        for where, found in measured(rate, seconds).items():
            if not found:
                print(f"{rate:,} rows/s, {where}: not measured, there is no chromium here")
                continue
            samples = sorted(found)
            p50, p99 = samples[len(samples) // 2], samples[int(len(samples) * 0.99)]
            print(f"{rate:,} rows/s, {where}: {len(samples)} samples, p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms")


main()
