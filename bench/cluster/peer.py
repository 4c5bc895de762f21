"""One of those that are compared, in a process of its own: python -m bench.cluster.peer NAME FOLDER full|quick

Prints a line of JSON for each thing measured.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from bench.cluster import kept, streams, where
from bench.cluster.places import declared
from bench.cluster.plan import FULL, QUICK, Case, Plan
from bench.cluster.results import Grown, Run, Where


def measured(name: str, folder: Path, plan: Plan) -> Iterator[Run | Grown | Where]:
    files, scratch = folder / "events", folder / name
    scratch.mkdir()
    match name:
        case "embedded":
            yield from _kept(kept.embedded(scratch), name, plan, files, grows=True)
        case "cluster-1" | "cluster-2":
            with kept.on_cluster(declared(scratch), scratch, name.replace("-", "_")) as opened:
                yield from _kept(opened, name, plan, files, grows=name == "cluster-2")
        case "streams-1" | "streams-2":
            cases = [case for case in plan.cases if streams.runs(case.query)]
            yield from streams.measured(declared(scratch), name, cases, files, scratch)
        case "where":
            events = scratch / "spark-events"
            place = declared(scratch, where.settings(events))
            yield from where.measured(place, plan.where, files, scratch, events)


def _kept(opened: kept.Open, name: str, plan: Plan, files: Path, *, grows: bool) -> Iterator[Run | Grown]:
    first = plan.cases[0]
    kept.measured(opened, name, Case(plan.growth.queries[0], first.size, 0, first.warm + first.counted), files)
    for case in plan.cases:
        yield kept.measured(opened, name, case, files)
    for query in plan.growth.queries if grows else ():
        yield from kept.grown(opened, name, plan.growth, query, files)


if __name__ == "__main__":
    for found in measured(sys.argv[1], Path(sys.argv[2]), QUICK if sys.argv[3] == "quick" else FULL):
        print(json.dumps(asdict(found)), flush=True)
