"""A failing case made small: fewer epochs and rows, then less SQL, for as long as it still fails in the same way."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

import sqlglot
from sqlglot import exp

from headrace.engine import DuckDBOracle

from .case import Case, reads
from .compiling import Fault, compiled
from .edits import edits
from .stream import Epoch, Row
from .trial import Verdict, attempted, batch_error

T = TypeVar("T")
Check = Callable[[Case], bool]

AT_COMPILATION = ("refused what the engine binds", "the compiler fails")


def shrunk(case: Case, fault: Fault, *, seconds: float = 60) -> Case:
    """The smallest case found within ``seconds`` that has ``fault``; the last of its models is the one that is wrong."""
    case = case.of(fault.model)
    deadline = time.monotonic() + seconds

    def fails(candidate: Case) -> bool:
        return time.monotonic() < deadline and consistent(candidate) and signature(candidate, fault.model) == wanted

    wanted = signature(case, fault.model)
    if wanted is None:
        return case
    if fault.kind in AT_COMPILATION:
        case = replace(case, epochs=[])
    elif fault.epoch >= 0:
        case = replace(case, epochs=case.epochs[: fault.epoch + 1])
    size = None
    while size != (size := _size(case)):
        case = _without_models(_smaller_stream(case, fails), fails)
        case = _smaller_queries(case, fails)
    return case


def _size(case: Case) -> tuple[int, int, int]:
    rows = sum(len(found) for epoch in case.epochs for found in epoch.rows.values())
    return len(case.epochs), rows, sum(map(len, case.models.values()))


def signature(case: Case, model: str) -> str | None:
    """What is wrong with the model, in words that are the same for smaller cases; None when nothing is."""
    made = compiled(case.models, case.sources, DuckDBOracle())
    for fault in made.faults:
        return _words(f"{fault.kind} {fault.detail}") if fault.model == model else None
    if model not in made.programs:
        return None
    verdict = Verdict()
    error = attempted(case, verdict)
    if error is not None:
        return None if batch_error(case, model) else _words(error)
    return verdict.faults[model].kind if list(verdict.faults) == [model] else None


def _words(text: str) -> str:
    return re.sub(r'"[^"]*"|\S*\d\S*', "…", text)[:70]


def consistent(case: Case) -> bool:
    """Whether no row of an un-keyed changelog leaves before it has come."""
    for source in case.sources:
        if not source.changelog or source.key:
            continue
        held: dict[str, int] = {}
        for epoch in case.epochs:
            for row in epoch.rows.get(source.name, []):
                name = repr({k: v for k, v in row.items() if k != "__w"})
                held[name] = held.get(name, 0) + int(str(row["__w"]))
                if held[name] < 0:
                    return False
    return True


def _smaller_stream(case: Case, fails: Check) -> Case:
    epochs = fewer(list(case.epochs), lambda kept: fails(replace(case, epochs=kept)))
    rows = [(i, source, row) for i, e in enumerate(epochs) for source, found in e.rows.items() for row in found]
    kept = fewer(rows, lambda some: fails(replace(case, epochs=_epochs(epochs, some))))
    return _emptier_rows(replace(case, epochs=_epochs(epochs, kept)), fails)


def _emptier_rows(case: Case, fails: Check) -> Case:
    """Columns set to NULL in all rows of a source, where they have no part in it."""
    for source in case.sources:
        for column in source.columns:
            epochs = [_without(epoch, source.name, column) for epoch in case.epochs]
            if epochs != case.epochs and fails(candidate := replace(case, epochs=epochs)):
                case = candidate
    return case


def _without(epoch: Epoch, source: str, column: str) -> Epoch:
    if source not in epoch.rows:
        return epoch
    return replace(epoch, rows={**epoch.rows, source: [{**row, column: None} for row in epoch.rows[source]]})


def _epochs(epochs: Sequence[Epoch], kept: Sequence[tuple[int, str, Row]]) -> list[Epoch]:
    made: list[dict[str, list[Row]]] = [{} for _ in epochs]
    for number, source, row in kept:
        made[number].setdefault(source, []).append(row)
    return [Epoch(epoch.time, rows) for epoch, rows in zip(epochs, made, strict=True)]


def fewer(items: list[T], fails: Callable[[list[T]], bool]) -> list[T]:
    """Delta debugging: a sublist that still fails, from which no piece tried can be left out."""
    pieces = 2
    while items:
        length = max(len(items) // pieces, 1)
        for start in range(0, len(items), length):
            rest = items[:start] + items[start + length :]
            if fails(rest):
                items, pieces = rest, max(pieces - 1, 2)
                break
        else:
            if length == 1:
                break
            pieces = min(pieces * 2, len(items))
    return items


def _without_models(case: Case, fails: Check) -> Case:
    """Models that are read, written into the reader as derived tables."""
    target = next(reversed(case.models))
    for name in list(case.models)[:-1]:
        models = {other: _inlined(sql, name, case.models[name]) for other, sql in case.models.items() if other != name}
        if fails(candidate := replace(case, models=models).of(target)):
            case = candidate
    return case


def _inlined(sql: str, model: str, body: str) -> str:
    if not reads(sql, [model]):
        return sql
    tree = sqlglot.parse_one(sql, read="duckdb")
    for table in list(tree.find_all(exp.Table)):
        if table.name == model:
            table.replace(exp.Subquery(this=sqlglot.parse_one(body, read="duckdb"), alias=table.args.get("alias")))
    return tree.sql("duckdb")


def _smaller_queries(case: Case, fails: Check) -> Case:
    for name in reversed(list(case.models)):
        case = _smaller_query(case, name, fails)
    return case


def _smaller_query(case: Case, name: str, fails: Check) -> Case:
    """The first smaller text that still fails, again and again."""
    tried: set[str] = set()
    found = True
    while found:
        found = False
        for sql in edits(case.models[name]):
            if sql in tried:
                continue
            tried.add(sql)
            if fails(candidate := replace(case, models={**case.models, name: sql}).of(next(reversed(case.models)))):
                case, found = candidate, True
                break
        if name not in case.models:
            break
    return case
