"""From socket to browser: how long after a row is sent over HTTP does a dashboard's stream show it.

    python bench/latency.py [SECONDS]

A push source, a model that counts and keeps the newest row's time of sending, one dashboard tile. One connection pushes batches
every 50 ms, at 1,000 and 20,000 rows a second; another reads the dashboard's event stream. A sample is the time from just before
a batch was sent to the arrival of the first tile that holds it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx

HEADRACE = str(Path(sys.executable).with_name("headrace"))
TICK = 0.05
FILES = {
    "headrace.yaml": "name: latency\n",
    "sources/ticks.yaml": "kind: push\nschema: {id: BIGINT, k: VARCHAR}\n",
    "models/counted.sql": "SELECT k, count(*) AS n, max(id) AS newest FROM ticks GROUP BY k\n",
    "dashboards/d.yaml": "tiles:\n  - {title: T, kind: stat, sql: 'SELECT max(newest) AS newest FROM counted'}\n",
}


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
                    seen.append((time.perf_counter(), rows[0][0]))


def measured(rate: int, seconds: float) -> list[float]:
    with tempfile.TemporaryDirectory() as scratch:
        node, url, token = started(Path(scratch))
        seen: list[tuple[float, int]] = []
        end = threading.Event()
        threading.Thread(target=watch, args=(url, token, seen, end), daemon=True).start()
        sent: list[tuple[float, int]] = []
        with httpx.Client(
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
        ) as client:
            number, begun = 0, time.perf_counter()
            while time.perf_counter() - begun < seconds:
                rows = [json.dumps({"id": number + i, "k": str(i % 100)}) for i in range(int(rate * TICK))]
                number += len(rows)
                at = time.perf_counter()
                client.post(f"{url}/v1/sources/ticks", content="\n".join(rows)).raise_for_status()
                sent.append((at, number - 1))
                time.sleep(max(0.0, begun + len(sent) * TICK - time.perf_counter()))
        time.sleep(2)
        end.set()
        node.terminate()
        node.wait(20)
    return [
        next(t for t, newest in seen if newest >= last) - at for at, last in sent[10:] if seen and seen[-1][1] >= last
    ]


def main() -> None:
    """p50 and p99 at both rates."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    for rate in (1_000, 20_000):
        samples = sorted(measured(rate, seconds))
        p50, p99 = samples[len(samples) // 2], samples[int(len(samples) * 0.99)]
        print(f"{rate:,} rows/s wanted: {len(samples)} samples, p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms")


main()
