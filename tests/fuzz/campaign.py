"""Many projects, one after another or in several processes."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from .case import Case, save
from .chunking import chunking_faults
from .compiling import Fault
from .generate import Project, project
from .shrink import shrunk
from .tally import Tally, tallied
from .trial import tried

SHRINKING_SECONDS = 60


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
    tally = tallied(made, verdict)
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
