"""Questions through the gate to the engine, and answers with what they are worth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa
import sqlglot
from sqlglot import exp

from headrace.engine import Asked, Engine, Mark, OnStart, Result
from headrace.errors import HeadraceError, UsageError
from headrace.log import Log
from headrace.runtime.decide import shown
from headrace.security import Admitted, Catalog, Principal, gate


class Question(Protocol):
    """One SELECT, the values of its parameters, and the most rows wanted."""

    @property
    def sql(self) -> str: ...
    @property
    def parameters(self) -> Mapping[str, Any] | None: ...
    @property
    def limit(self) -> int | None: ...


@dataclass(frozen=True)
class Ask:
    """A question."""

    sql: str
    parameters: Mapping[str, Any] | None = None
    limit: int | None = None


@dataclass(frozen=True)
class Answer:
    """Rows, and what they are worth.

    Attributes:
        as_of: the epoch's logical time, UTC; None before the first event.
        complete_to: event times before it are complete in everything read; None when no source of it has an event time.
        parity: ``equal``, ``differs`` or ``unproven``: the worst among the models read; sources alone are ``equal``.
        relations: sources and models read.
    """

    table: pa.Table
    epoch: int
    as_of: datetime | None
    complete_to: datetime | None
    parity: str
    relations: tuple[str, ...]


@dataclass(frozen=True)
class Answers:
    """Answers questions.

    Args:
        catalog: what a principal may name.
        complete_to: the watermark of some relations.
        verdict: the parity of some relations.
    """

    engine: Engine
    log: Log
    relations: Mapping[str, Mapping[str, str]]
    catalog: Callable[[Principal], Catalog]
    complete_to: Callable[[Iterable[str]], datetime | None]
    verdict: Callable[[Iterable[str]], str]

    def all(
        self, questions: Sequence[Question], principal: Principal, on_start: OnStart | None
    ) -> list[Answer | Exception]:
        """Every answer as of the same, newest epoch; what the gate or the engine refuses is its error."""
        admitted = [self._admitted(question, principal) for question in questions]
        asked = [
            Asked(item.expression, question.limit)
            for item, question in zip(admitted, questions, strict=True)
            if not isinstance(item, HeadraceError)
        ]
        results, mark = self.engine.query(asked, on_start=on_start)
        found = iter(results)
        return [item if isinstance(item, HeadraceError) else self._answer(item, next(found), mark) for item in admitted]

    def at(self, question: Question, principal: Principal, as_of: int | datetime, on_start: OnStart | None) -> Answer:
        """As of an earlier epoch, everything recomputed from history."""
        mark = self._mark_at(as_of)
        item = self._admitted(question, principal)
        if isinstance(item, HeadraceError):
            raise item
        asked = [Asked(item.expression, question.limit)]
        answer = self._answer(item, self.engine.query_at(asked, mark, on_start=on_start)[0], mark)
        if isinstance(answer, Exception):
            raise answer
        return Answer(answer.table, answer.epoch, answer.as_of, None, "equal", answer.relations)

    def relations_of(self, sql: str) -> frozenset[str]:
        """The relations that a query of the project's own names; empty for one that does not parse."""
        found = sqlglot.parse_one(sql, read="duckdb", error_level=sqlglot.ErrorLevel.IGNORE)
        return (
            frozenset(t.name.lower() for t in found.find_all(exp.Table)) & self.relations.keys()
            if found
            else frozenset()
        )

    def _admitted(self, question: Question, principal: Principal) -> Admitted | HeadraceError:
        try:
            return gate(principal, question.sql, self.catalog(principal), question.parameters)
        except HeadraceError as error:
            return error

    def _answer(self, item: Admitted, result: Result, mark: Mark) -> Answer | HeadraceError:
        if isinstance(result, HeadraceError):
            return result
        names = tuple(sorted(item.relations))
        return Answer(result, mark.epoch, shown(mark.time), self.complete_to(names), self.verdict(names), names)

    def _mark_at(self, as_of: int | datetime) -> Mark:
        newest = self.engine.query([])[1]
        known = not isinstance(as_of, int) or as_of <= newest.epoch
        epoch = None if not known else self.log.epoch(as_of) if isinstance(as_of, int) else self.log.epoch_at(as_of)
        if epoch is None or epoch.id > newest.epoch:
            raise UsageError(
                f"there is no epoch as of {as_of}",
                code="HR-110",
                state=f"epochs go from 1 to {newest.epoch}, the last at {newest.time}",
                fix="name an epoch or a time in that range",
            )
        return Mark(epoch.id, epoch.offsets, epoch.time)
