"""One case from its first epoch to its last: what does not hold, and whose fault an error is."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from headrace.engine import Asked, DuckDBOracle
from headrace.engine.programs import instant
from headrace.engine.render import render
from headrace.errors import EngineError, HeadraceError
from headrace.sql import Program

from .bags import Bag
from .case import Case
from .compiling import Fault, compiled
from .play import Play

MEMORY = Path("/dev/shm")


@dataclass
class Verdict:
    """What came of a case.

    Attributes:
        faults: the first of each model.
        refused: model -> the code of the refusal.
        unanswerable: model -> the engine's error, which a batch query over the same rows gives too.
        programs: of the models that ran.
        contents: their rows at the end.
    """

    faults: dict[str, Fault] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    unanswerable: dict[str, str] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)
    contents: dict[str, Bag] = field(default_factory=dict)

    def add(self, fault: Fault) -> None:
        self.faults.setdefault(fault.model, fault)


@contextmanager
def playing(case: Case) -> Iterator[Play]:
    """The case in an engine of its own, whose files are in memory where that is possible."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None, prefix="headrace-fuzz-") as folder:
        play = Play(Path(folder), case)
        try:
            yield play
        finally:
            play.close()


def tried(case: Case) -> Verdict:
    """Run all models of the case in one engine. Models that end it in an error are left out, once it is known which they are."""
    verdict = Verdict()
    models = dict(case.models)
    while models:
        attempt = Verdict()
        error = attempted(replace(case, models=models), attempt)
        if error is None:
            _merged(verdict, attempt, case)
            break
        failing = {name for name in models if _fails(case.of(name), name, verdict)}
        if not failing:
            verdict.add(Fault(next(reversed(models)), "an epoch fails beside other models", error))
            break
        models = {name: sql for name, sql in models.items() if not failing.intersection(case.of(name).models)}
    return verdict


def _merged(verdict: Verdict, attempt: Verdict, case: Case) -> None:
    """Take over what the attempt gave. What reads a model that is wrong is wrong for that alone."""
    for fault in attempt.faults.values():
        if not attempt.faults.keys() & (case.of(fault.model).models.keys() - {fault.model}):
            verdict.add(fault)
    verdict.refused, verdict.programs, verdict.contents = attempt.refused, attempt.programs, attempt.contents


def attempted(case: Case, verdict: Verdict) -> str | None:
    """Run the case; the error that ended it, if one did."""
    try:
        with playing(case) as play:
            _play(play, case, verdict)
    except Exception as error:  # noqa: BLE001 - whatever a model makes the engine raise is told as a fault
        return described(error)
    return None


def _play(play: Play, case: Case, verdict: Verdict) -> None:
    verdict.refused = {name: error.code for name, error in play.compiled.refused.items()}
    verdict.programs = play.compiled.programs
    faults = list(play.compiled.faults)
    for number, epoch in enumerate(case.epochs):
        faults += play.step(epoch)
        if number in case.reopen:
            faults += play.reopen()
    if case.epochs:
        faults += play.differences(list(play.compiled.programs))
    for fault in faults:
        verdict.add(fault)
    verdict.contents = play.contents()


def described(error: Exception) -> str:
    text = error.what if isinstance(error, HeadraceError) else str(error)
    return f"{type(error).__name__}: {text}".split("\n")[0][:300]


def _fails(case: Case, model: str, verdict: Verdict) -> bool:
    """Whether the model's own case ends in an error; it goes into ``verdict``, by whose fault it is."""
    error = attempted(case, Verdict())
    if error is None:
        return False
    if any(name in verdict.unanswerable or name in verdict.faults for name in case.models):
        return True
    batch = batch_error(case, model)
    if batch is not None:
        verdict.unanswerable[model] = batch
    else:
        verdict.add(Fault(model, "an epoch fails", error))
    return True


def batch_error(case: Case, model: str) -> str | None:
    """The error of one batch query over the sources' rows after some epoch; None when there is none.

    Whether DuckDB evaluates an expression on a row that no other row joins is up to the plan it makes, so it is asked as written too.
    """
    oracle = DuckDBOracle()
    programs = compiled(case.models, case.sources, oracle).programs
    if model not in programs:
        return None
    query = inlined(programs, model, oracle)
    with playing(replace(case, models={})) as play:
        for epoch in case.epochs:
            play.run(epoch)
            (answer,), _ = play.engine.query([Asked(query)])
            if isinstance(answer, EngineError):
                return described(answer)
            if (error := _as_written(play, query, epoch.time)) is not None:
                return described(error)
    return None


def _as_written(play: Play, query: exp.Query, now: datetime) -> duckdb.Error | None:
    """The error of the query when its plan is the one that it is written as."""
    with play.engine._connection.cursor() as cursor:
        cursor.execute(f"USE node; SET TimeZone = 'UTC'; SET VARIABLE now = {instant(now)}; PRAGMA disable_optimizer")
        try:
            cursor.execute(render(query)).fetchall()
        except duckdb.Error as error:
            return error
    return None


def inlined(programs: Mapping[str, Program], model: str, oracle: DuckDBOracle) -> exp.Query:
    """One query over sources alone: the models are common table expressions, with their columns' types.

    A column that is only ever NULL has none to DuckDB until it is in a table, and then compares with other things.
    """
    ctes = ", ".join(f'"{name}" AS ({_typed(name, program, oracle)})' for name, program in programs.items())
    query = sqlglot.parse_one(f'WITH {ctes} SELECT * FROM "{model}"', read="duckdb")
    assert isinstance(query, exp.Query)
    return query


def _typed(name: str, program: Program, oracle: DuckDBOracle) -> str:
    kinds = oracle.describe(exp.select("*").from_(exp.to_identifier(name, quoted=True)))
    columns = ", ".join(f'CAST("{column}" AS {kind}) AS "{column}"' for column, kind in kinds)
    batch = program.batch.sql("duckdb").replace('"all".', "")
    return f"SELECT {columns} FROM ({batch})"
