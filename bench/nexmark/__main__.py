"""Nexmark's queries on Headrace, on DuckDB at once, on Flink and on Spark: python -m bench.nexmark [--events N] [--engines …] [--queries …]

Every case is run some times (three), the engines taking turns, and the median counts. Outcomes are kept in a JSON file as they come; what is there
already is not run again, so that a long run can be stopped and gone on with. ``report`` makes the page in docs/benchmarks of it.
Flink and Spark want Java and Maven; their environments, and the events, are kept in ~/.cache/headrace-nexmark.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.nexmark import environments
from bench.nexmark.engines import VERSIONS, RefusedError, run
from bench.nexmark.models import QUERIES
from bench.nexmark.report import write_page
from bench.nexmark.results import Case, Measured, Outcome, Results


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", nargs="?", choices=("run", "report"), default="run")
    parser.add_argument("--events", type=int, default=1_000_000, help="of all three streams (default 1,000,000)")
    parser.add_argument(
        "--engines", default="duckdb,headrace", help="of duckdb, headrace, flink, spark; comma-separated"
    )
    parser.add_argument("--queries", default=",".join(QUERIES), help="comma-separated (default: all)")
    parser.add_argument(
        "--epochs", default="0", help="events an epoch for headrace; 0: as the runtime would; several, comma-separated"
    )
    parser.add_argument("--rounds", type=int, default=3, help="runs of each case (default 3)")
    parser.add_argument("--results", type=Path, default=environments.CACHE / "results.json")
    return parser.parse_args()


def cases(asked: argparse.Namespace, query: str) -> list[Case]:
    """The query's cases, in the order they take turns in."""
    found = []
    for engine in asked.engines.split(","):
        epochs = map(int, asked.epochs.split(",")) if engine == "headrace" else [0]
        found += [Case(query, engine, asked.events, epoch) for epoch in epochs]
    return found


def measure(waiting: list[Case], results: Results, rounds: int) -> None:
    """Run the cases in turns, and keep what came of them."""
    runs: dict[Case, list[Measured]] = {case: [] for case in waiting}
    refused: dict[Case, str] = {}
    for _ in range(rounds):
        for case in waiting:
            if case not in refused:
                try:
                    runs[case].append(run(case))
                except RefusedError as reason:
                    refused[case] = str(reason)
    for case in waiting:
        done = () if case in refused else tuple(runs[case])
        results.add(Outcome(case, done, refused.get(case, ""), VERSIONS[case.engine]))


def measured(case: Case, results: Results) -> bool:
    outcome = results.outcomes.get(case)
    return outcome is not None and outcome.version == VERSIONS[case.engine]


def shown(outcome: Outcome) -> str:
    case = outcome.case
    name = f"{case.query} {case.engine}" + (f" in epochs of {case.epoch:,}" if case.epoch else "")
    return f"{name:36} {outcome.refused or f'{outcome.rate:.3f} M events/s'}"


def main() -> None:
    asked = arguments()
    results = Results(asked.results)
    if asked.action == "report":
        write_page(results, asked.events)
        return
    for query in asked.queries.split(","):
        found = cases(asked, query)
        measure([case for case in found if not measured(case, results)], results, asked.rounds)
        for case in found:
            print(shown(results.outcomes[case]), flush=True)


main()
