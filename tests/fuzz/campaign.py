"""Many projects, one after another or in several processes, and what is told of them at the end."""

from __future__ import annotations

import json
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path

from headrace.sql import Program

from .case import Case, save
from .chunking import chunking_faults
from .compiling import Fault
from .generate import MODELS, Project, project
from .shrink import shrunk
from .trial import Verdict, tried

SHRINKING_SECONDS = 60


@dataclass
class Tally:
    """What a range of seeds came to.

    Attributes:
        skipped: queries by why they could not be tried.
        faults: what does not hold, in words.
        rules: operators by the rule and the first words of their title.
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

    def add(self, other: Tally) -> None:
        for name in ("projects", "queries", "ran", "incremental", "epochs"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults += other.faults
        for name in ("skipped", "features", "rules"):
            getattr(self, name).update(getattr(other, name))


def case_of(made: Project) -> Case:
    """The project as a case; the engine of every fourth one is closed and opened on the way."""
    rng = random.Random(f"{made.seed}:case")
    reopen = (rng.randrange(len(made.epochs) - 1),) if rng.random() < 1 / 4 else ()
    return Case(made.models, made.epochs, reopen=reopen)


def ran(seed: int, *, keep: Path | None = None, epochs: int | None = None) -> Tally:
    """Try the project of ``seed``. With ``keep``, a folder, what fails is shrunk and written there."""
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    made = project(seed) if epochs is None else project(seed, epochs=epochs)
    case = case_of(made)
    verdict = tried(case)
    if not verdict.faults and seed % 4 == 0:
        for fault in chunking_faults(case, verdict, random.Random(f"{seed}:chunking")):
            verdict.add(fault)
    tally = _tallied(made, verdict)
    for fault in verdict.faults.values():
        tally.faults.append(
            f"seed {seed} {fault.model}: {fault.kind}: {fault.detail[:200]}\n    {made.models[fault.model]}"
        )
        if keep is not None:
            _keep(case, fault, keep / f"{seed}-{fault.model}.yaml")
    return tally


def _keep(case: Case, fault: Fault, path: Path) -> None:
    small = shrunk(case, fault, seconds=SHRINKING_SECONDS)
    path.parent.mkdir(parents=True, exist_ok=True)
    save(replace(small, about=f"{fault.kind}: {fault.detail}"[:300]), path)


def _tallied(made: Project, verdict: Verdict) -> Tally:
    tally = Tally(1, len(made.models), len(verdict.programs), epochs=len(made.epochs))
    tally.skipped.update(f"refused {code}" for name, code in verdict.refused.items() if name not in verdict.faults)
    tally.skipped.update("the engine cannot answer" for _ in verdict.unanswerable)
    for name, program in verdict.programs.items():
        tally.incremental += program.incremental
        tally.features.update(made.features[name].keys())
        tally.rules.update(_rules(program))
    return tally


def _rules(program: Program) -> Iterator[str]:
    for line in program.applied:
        yield f"{line.rule}: {_title(line.operator)}"


def _title(operator: str) -> str:
    """The first words of an operator, which say what it is; the rest says of what."""
    words = operator.split(" ")
    return (
        words[0]
        if words[0] in ("filter", "aggregate", "read", "time")
        else operator.split(" on ", maxsplit=1)[0].split(" ON ", maxsplit=1)[0][:40]
    )


def campaign(seeds: Sequence[int], *, jobs: int, keep: Path | None, tell: Callable[[str], None]) -> Tally:
    """Try all ``seeds``, telling how far it has come every ten seconds and each fault when it is found."""
    total, told, started = Tally(), time.monotonic(), time.monotonic()
    for tally in _each(seeds, jobs, keep):
        total.add(tally)
        for fault in tally.faults:
            tell(fault)
        if time.monotonic() - told > 10:
            told = time.monotonic()
            rate = total.queries / (told - started)
            tell(
                f"{total.projects}/{len(seeds)} projects, {total.queries} queries, {rate:.1f}/s, {len(total.faults)} faults"
            )
    return total


def _each(seeds: Sequence[int], jobs: int, keep: Path | None) -> Iterator[Tally]:
    if jobs == 1:
        yield from (ran(seed, keep=keep) for seed in seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(ran, seed, keep=keep) for seed in seeds]):
            yield done.result()


def report(tally: Tally, seeds: Sequence[int], seconds: float) -> str:
    """What the campaign came to, to be read."""
    tried_ = tally.queries - tally.skipped.total()
    lines = [
        f"seeds {seeds[0]} to {seeds[-1]}: {tally.projects} projects of {MODELS} queries, {seconds:.0f} s",
        f"queries: {tally.queries}; tried: {tried_}; ran to the end: {tally.ran}; differences and failures: {len(tally.faults)}",
        f"skipped: {json.dumps(dict(tally.skipped)) if tally.skipped else 'none'}",
        f"incremental: true: {tally.incremental} ({100 * tally.incremental / max(tally.ran, 1):.0f} %)",
        "",
        "operators by rule:",
        *(f"  {count:6}  {name}" for name, count in tally.rules.most_common()),
        "",
        "queries with a feature:",
        *(f"  {count:6}  {name}" for name, count in tally.features.most_common()),
    ]
    return "\n".join(lines)
