"""The same changes in other epochs: what is kept at the end must be the same."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace

from headrace.sql import Program

from .bags import Bag
from .case import Case
from .compiling import Fault
from .play import difference
from .stream import Epoch, Row
from .trial import Verdict, playing


def chunking_faults(case: Case, verdict: Verdict, rng: random.Random) -> list[Fault]:
    """Models that end up otherwise when the same rows come in other epochs. Programs that time moves are left out."""
    programs = verdict.programs
    models = {name: sql for name, sql in case.models.items() if _steady(case.of(name).models, programs)}
    found = _final(replace(case, models=models, epochs=rechunked(case, rng)))
    return [
        Fault(name, "differs in other epochs", difference(verdict.contents[name], rows))
        for name, rows in found.items()
        if rows != verdict.contents[name] and not _inexact(programs[name])
    ]


def rechunked(case: Case, rng: random.Random) -> list[Epoch]:
    """The rows of each source in their order, in epochs of other sizes."""
    waiting: dict[str, list[Row]] = {}
    for epoch in case.epochs:
        for source, rows in epoch.rows.items():
            waiting.setdefault(source, []).extend(rows)
    epochs = []
    while any(waiting.values()):
        taken = {}
        for source, rows in waiting.items():
            count = rng.choice([0, 1, 2, 7, 50])
            taken[source], waiting[source] = rows[:count], rows[count:]
        epochs.append(Epoch(case.epochs[-1].time, {source: rows for source, rows in taken.items() if rows}))
    return epochs


def _final(case: Case) -> dict[str, Bag]:
    with playing(case) as play:
        for epoch in case.epochs:
            play.run(epoch)
        return play.contents()


def _steady(models: Iterable[str], programs: Mapping[str, Program]) -> bool:
    """Whether a model's content depends on rows alone: neither it nor what it reads moves with time."""
    return all(name in programs and not programs[name].timely for name in models)


def _inexact(program: Program) -> bool:
    """Whether some of its values depend on the order of rows in their last digits."""
    text = program.batch.sql("duckdb").lower()
    return any(name in text for name in ("stddev", "var", "corr", "covar", "regr_", "entropy"))
