"""What came of many queries, and which operators were in them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from headrace.sql import Program

from .generate import MODELS, Project
from .trial import Verdict


@dataclass
class Tally:
    """What a range of seeds came to.

    Attributes:
        skipped: queries by why they could not be tried.
        faults: what does not hold, in words.
        features: queries by what the generator put into them.
        rules: queries by the rules and first words of the operators in them.
        incremental_rules: the same, of the queries that are incremental.
    """

    projects: int = 0
    queries: int = 0
    ran: int = 0
    incremental: int = 0
    epochs: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    features: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    incremental_rules: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        for name in ("projects", "queries", "ran", "incremental", "epochs"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults += other.faults
        for name in ("skipped", "features", "rules", "incremental_rules"):
            getattr(self, name).update(getattr(other, name))


def tallied(made: Project, verdict: Verdict) -> Tally:
    tally = Tally(1, len(made.models), len(verdict.programs), epochs=len(made.epochs))
    tally.skipped.update(f"refused {code}" for name, code in verdict.refused.items() if name not in verdict.faults)
    tally.skipped.update("the engine cannot answer" for _ in verdict.unanswerable)
    for name, program in verdict.programs.items():
        rules = _rules(program)
        tally.features.update(made.features[name].keys())
        tally.rules.update(rules)
        if program.incremental:
            tally.incremental += 1
            tally.incremental_rules.update(rules)
    return tally


def _rules(program: Program) -> set[str]:
    return {f"{line.rule}: {_title(line.operator)}" for line in program.applied}


def _title(operator: str) -> str:
    """The first words of an operator, which say what it is; the rest says of what."""
    words = operator.split(" ")
    if words[0] in ("filter", "aggregate", "read", "time", "expand"):
        return words[0]
    if words[0] == "first":
        return "first rows of each partition" if " by " in operator else "first rows"
    return operator.split(" on ", maxsplit=1)[0].split(" ON ", maxsplit=1)[0][:40]


def report(tally: Tally, seeds: Sequence[int], seconds: float) -> str:
    """What the campaign came to, to be read."""
    tried = tally.queries - tally.skipped.total()
    return "\n".join(
        [
            f"seeds {seeds[0]} to {seeds[-1]}: {tally.projects} projects of {MODELS} queries, {seconds:.0f} s",
            f"queries: {tally.queries}; tried: {tried}; ran to the end: {tally.ran}; differences and failures: {len(tally.faults)}",
            f"skipped: {json.dumps(dict(tally.skipped)) if tally.skipped else 'none'}",
            f"incremental: true: {tally.incremental} ({100 * tally.incremental / max(tally.ran, 1):.0f} %)",
            "",
            "queries with an operator, and how many of them are incremental:",
            *(f"  {count:6} {tally.incremental_rules[name]:6}  {name}" for name, count in tally.rules.most_common()),
            "",
            "queries with a feature:",
            *(f"  {count:6}  {name}" for name, count in tally.features.most_common()),
        ]
    )
