"""What was measured, in a JSON file: each measurement with its conditions, so that a run can stop and go on where it was."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

Measured = dict[str, float]


@dataclass(frozen=True)
class Case:
    """One thing to measure.

    Attributes:
        engine: duckdb, headrace, flink or spark.
        events: of all three streams.
        epoch: events an epoch, for headrace; 0: as the runtime chooses, or another engine.
    """

    query: str
    engine: str
    events: int
    epoch: int = 0


@dataclass(frozen=True)
class Outcome:
    """The runs of a case, or why there are none."""

    case: Case
    runs: tuple[Measured, ...]
    refused: str = ""
    version: str = ""

    @property
    def rate(self) -> float:
        """Million events a second, by the median of the runs."""
        return self.case.events / median(run["seconds"] for run in self.runs) / 1e6


class Results:
    """The outcomes kept in ``file``; written anew at each."""

    def __init__(self, file: Path) -> None:
        self.file = file
        found = json.loads(file.read_text()) if file.exists() else {"machine": machine(), "outcomes": []}
        self.machine: dict[str, str] = found["machine"]
        self.outcomes = {outcome.case: outcome for outcome in map(_outcome, found["outcomes"])}

    def add(self, outcome: Outcome) -> None:
        self.outcomes[outcome.case] = outcome
        kept = {"machine": self.machine, "outcomes": [asdict(o) for o in self.outcomes.values()]}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(kept, indent=1) + "\n")


def _outcome(kept: dict[str, object]) -> Outcome:
    case, runs = kept["case"], kept["runs"]
    assert isinstance(case, dict)
    assert isinstance(runs, list)
    return Outcome(Case(**case), tuple(runs), str(kept["refused"]), str(kept["version"]))


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    processors = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cores": str(os.cpu_count()),
        "processor": processors[0].partition(": ")[2] if processors else platform.machine(),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }
