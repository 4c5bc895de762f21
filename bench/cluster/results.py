"""What was measured, as JSON has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

from bench.cluster.plan import WINDOWED
from bench.nexmark.engines import VERSIONS
from bench.nexmark.results import machine
from headrace.engine.spark.jars import ICEBERG
from headrace.engine.spark.session import SPARK

PEERS: Mapping[str, str] = {
    "cluster-1": "Headrace on Spark, 1 worker",
    "cluster-2": "Headrace on Spark, 2 workers",
    "streams-1": "Structured Streaming, 1 worker",
    "streams-2": "Structured Streaming, 2 workers",
    "embedded": "Headrace in one process",
}


@dataclass(frozen=True)
class Run:
    """A query in epochs of one size.

    Attributes:
        seconds: of each epoch that counts.
        rows: of the result after the last.
    """

    peer: str
    query: str
    size: int
    seconds: list[float]
    rows: int

    @property
    def epoch(self) -> float:
        return median(self.seconds)

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.size / self.epoch


@dataclass(frozen=True)
class Grown:
    """Epochs of ``size`` events, after ``after`` events.

    Attributes:
        state: rows of state behind them; on Spark also those that are only listed as gone.
    """

    peer: str
    query: str
    after: int
    size: int
    seconds: list[float]
    state: int

    @property
    def epoch(self) -> float:
        return median(self.seconds)


@dataclass(frozen=True)
class Where:
    """An epoch's seconds by what they go to, and counts; means over those that count.

    Attributes:
        tasks: how many the workers ran.
        worked: seconds of the workers, of which several may pass at the same time.
    """

    query: str
    size: int
    seconds: dict[str, float]
    jobs: float
    tasks: float
    commits: float
    worked: float


@dataclass
class Results:
    machine: dict[str, str] = field(default_factory=machine)
    versions: dict[str, str] = field(
        default_factory=lambda: {
            "Headrace": VERSIONS["headrace"],
            "DuckDB": duckdb.__version__,
            "Spark": SPARK,
            "Iceberg": ICEBERG,
        }
    )
    minutes: float = 0.0
    runs: list[Run] = field(default_factory=list)
    growth: list[Grown] = field(default_factory=list)
    where: list[Where] = field(default_factory=list)

    def add(self, said: Mapping[str, Any]) -> Run | Grown | Where:
        """One line of a peer."""
        match said:
            case {"rows": _}:
                self.runs.append(run := Run(**said))
                return run
            case {"after": _}:
                self.growth.append(grown := Grown(**said))
                return grown
            case _:
                self.where.append(where := Where(**said))
                return where

    def run(self, peer: str, query: str, size: int) -> Run | None:
        return next((r for r in self.runs if (r.peer, r.query, r.size) == (peer, query, size)), None)

    def cases(self) -> list[tuple[str, int]]:
        """Queries and sizes, by the query's number."""
        return sorted({(run.query, run.size) for run in self.runs}, key=lambda case: (int(case[0][1:]), case[1]))

    def disagreements(self) -> list[str]:
        """Cases whose results have not as many rows with everybody who shows all of them."""
        wrong = []
        for query, size in self.cases():
            runs = (run for run in self.runs if (run.query, run.size) == (query, size))
            rows = {run.peer: run.rows for run in runs if not (query in WINDOWED and run.peer.startswith("streams"))}
            if len(set(rows.values())) > 1:
                told = ", ".join(f"{peer} {number:,}" for peer, number in rows.items())
                wrong.append(f"{query} in epochs of {size:,}: {told} rows")
        return wrong

    def save(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(asdict(self), indent=1) + "\n")


def read(file: Path) -> Results:
    found = json.loads(file.read_text())
    results = Results(found["machine"], found["versions"], found["minutes"])
    for said in (*found["runs"], *found["growth"], *found["where"]):
        results.add(said)
    return results
