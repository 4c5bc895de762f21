"""Models kept on a cluster: python -m bench.cluster [--quick] [--json FILE] [--page FILE]

Starts Spark's master, MinIO and PostgreSQL on ports of its own, and first one worker, then a second. Each of those compared runs alone, in
a process of its own, over the same events; a line is printed for each thing measured. ``--json`` with ``--report`` only makes the page, of
figures that were measured before.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.cluster.places import started
from bench.cluster.plan import EVENTS, FULL, QUICK
from bench.cluster.report import PAGE, write_page
from bench.cluster.results import Grown, Results, Run, Where, read
from bench.nexmark.generator import write
from headrace.engine.spark.jars import JARS
from headrace.engine.spark.session import missing


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.cluster", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few small epochs of everything, to see that it runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where figures are kept (default: beside the page)")
    parser.add_argument("--page", type=Path, metavar="FILE", help=f"default: {PAGE}; with --quick, none")
    parser.add_argument("--report", action="store_true", help="measure nothing")
    asked = parser.parse_args()
    asked.page = asked.page or (None if asked.quick else PAGE)
    asked.json = asked.json or (asked.page.with_suffix(".json") if asked.page else None)
    return asked


def measured(file: Path | None, *, quick: bool) -> Results:
    """Everything, one after another; in ``file`` as it comes."""
    results = Results()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as name:
        folder, plan = Path(name), QUICK if quick else FULL
        print(f"{plan.events:,} events ...", flush=True)
        write(EVENTS, plan.events, folder / "events")
        with started(folder) as workers:
            for peers, worker in (
                (("embedded",), None),
                (("cluster-1", "streams-1"), workers[0]),
                (("cluster-2", "streams-2", "where"), workers[1]),
            ):
                if worker is not None:
                    worker.up()
                for peer in peers:
                    for said in _said(peer, folder, quick=quick):
                        found = results.add(said)
                        results.minutes = (time.monotonic() - began) / 60
                        print(f"{results.minutes:5.1f} min  {_line(found)}", flush=True)
                        if file:
                            results.save(file)
    return results


def _said(peer: str, folder: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """What it says as it runs.

    Raises:
        SystemExit: it failed; with the end of what it said besides.
    """
    command = [sys.executable, "-m", "bench.cluster.peer", peer, str(folder), "quick" if quick else "full"]
    log = folder / f"{peer}.log"
    with log.open("wb") as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as run:
        assert run.stdout is not None
        try:
            yield from (json.loads(line) for line in run.stdout)
        except BaseException:
            run.terminate()
            raise
    if run.returncode:
        sys.exit("\n".join([*log.read_text(errors="replace").splitlines()[-60:], f"{peer} failed"]))


def _line(found: Run | Grown | Where) -> str:
    match found:
        case Run():
            return f"{found.query:4} {found.size:9,} events an epoch  {found.peer:10} {found.epoch:8.3f} s  {found.rate:11,.0f} events/s  {found.rows:,} rows"
        case Grown():
            return f"{found.query:4} {found.size:9,} events, after {found.after:,}  {found.peer} {found.epoch:8.3f} s  {found.state:,} rows of state"
        case Where():
            told = ", ".join(f"{kind} {seconds:.2f}" for kind, seconds in found.seconds.items())
            return f"{found.query:4} {found.size:9,} events an epoch  {told} s; {found.jobs:.0f} jobs, {found.tasks:.0f} tasks, {found.commits:.0f} commits"


def main() -> None:
    asked = arguments()
    if not asked.report and (why := missing(JARS)):
        sys.exit(f"Spark cannot run: {why}; in a checkout, make spark")
    # So that whoever is told to end ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    results = read(asked.json) if asked.report else measured(asked.json, quick=asked.quick)
    if wrong := results.disagreements():
        sys.exit("\n".join(wrong))
    if asked.page:
        write_page(results, asked.page)
    print(f"{results.minutes:.1f} minutes; results have the same rows")


main()
