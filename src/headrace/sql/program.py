"""A delta program: what one model does in one epoch, as data.

Conventions that every step relies on:

* A **delta** is a relation with the model's columns and ``__w``, which is +1 (a row arrives) or -1 (a row leaves). Copies are
  separate rows, so every weight in a delta or a state is exactly +1 or -1.
* A **state** holds what an operator has seen up to, and without, the epoch that runs. ``compute`` steps only read states;
  ``advance`` steps, run after every model has computed, bring them up to date. So the order of the steps within a phase
  does not matter to the result, and states may be shared.
* Relations are named by kind: ``delta.X`` lives for one epoch, ``state.X`` is kept, ``live.M`` is the current content of model M.
* In a program's ``batch``, ``all.R`` is the whole of relation R.
* The placeholders ``:now`` and ``:previous`` are the logical times of this epoch and of the one before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from headrace.sql.catalog import Relation

WEIGHT = "__w"
WHOLE = "all"


@dataclass(frozen=True)
class State:
    """A kept relation. Its columns are those of ``shape``, run over empty inputs.

    Attributes:
        bound: what limits its size, in words, for ``explain``.
        weighted: rows carry ``__w`` and may be folded (a +1 and a -1 of the same row cancel) without changing the answer.
        warning: why it grows for as long as rows arrive, and how to bound it; for ``explain``.
    """

    name: str
    shape: exp.Query
    bound: str
    weighted: bool = True
    warning: str = ""


@dataclass(frozen=True)
class Compute:
    """Fill the epoch-local relation ``delta.<name>``.

    Attributes:
        needs: the deltas that can make it non-empty. When all of them are empty it is empty too, and is not run.
        timely: the passing of logical time alone can make it non-empty.
        unless: while all of these deltas are empty, ``simple`` gives the same as ``query``, cheaper.
        stored: False for a few rows read seldom: a view of the one delta in ``needs`` is enough. The same row may leave and arrive.
    """

    name: str
    query: exp.Query
    needs: frozenset[str]
    timely: bool = False
    simple: exp.Query | None = None
    unless: frozenset[str] = frozenset()
    stored: bool = True


@dataclass(frozen=True)
class Append:
    """Add the rows of ``query`` to a state, if any of ``needs`` is non-empty.

    Attributes:
        retracts: some of them may take back rows that the state holds.
    """

    state: str
    query: exp.Query
    needs: frozenset[str]
    retracts: bool = True


@dataclass(frozen=True)
class Merge:
    """Replace by key: drop the state's rows whose ``keys`` occur in ``delta.<source>``, then add the rows of ``query``.

    Keys compare as ``IS NOT DISTINCT FROM``. No keys: the state holds one row, which is replaced.
    """

    state: str
    keys: tuple[str, ...]
    source: str
    query: exp.Query


@dataclass(frozen=True)
class Evict:
    """Drop the state's rows for which ``where`` holds: the passing of time has made them irrelevant for ever."""

    state: str
    where: exp.Expr


@dataclass(frozen=True)
class Forget:
    """Drop the state's rows for which ``where`` holds: watermarks have made them irrelevant for ever. May be done at any later time."""

    state: str
    where: exp.Expr


@dataclass(frozen=True)
class Seal:
    """Rows of the model's content that watermarks have made final: they never leave, and no further step reads them.

    Attributes:
        query: the rows, from states or from ``live.<model>``, to be taken before any :class:`Forget` of the program is done.
        where: which rows of ``live.<model>`` they are; None when that is a view of the states.
    """

    query: exp.Query
    where: exp.Expr | None


Advance = Append | Merge | Evict | Forget


@dataclass(frozen=True)
class Applied:
    """How one operator of the model is maintained: a line of ``explain``."""

    operator: str
    rule: str
    reason: str
    detail: str = ""
    states: tuple[str, ...] = ()
    depth: int = 0


@dataclass(frozen=True)
class Program:
    """Everything the engine needs to maintain one model.

    Attributes:
        columns: output column names in order.
        reads: the relations (sources and models) the model reads, in order of first mention, with the columns that the steps read.
        steps: states and computations, each after what it reads; the last computation, named as the model, is its net change.
        key: columns that identify an output row, or () when it has no known key and duplicates are possible.
        append_only: rows never leave the output.
        batch: the same model as one SELECT over its whole inputs; ``:now`` is the epoch's logical time.
        live: the model's current rows as a view of its states; None: they are kept in a table.
        timely: the model changes with time alone.
        seal: what of the content is final; None: nothing ever is.
        frontier: column -> the least value it can have in a row that still arrives or leaves, over watermarks.
    """

    model: str
    columns: tuple[str, ...]
    reads: Mapping[str, tuple[str, ...]]
    steps: tuple[State | Compute, ...]
    advance: tuple[Advance, ...]
    key: tuple[str, ...]
    append_only: bool
    batch: exp.Query
    live: exp.Query | None = None
    applied: tuple[Applied, ...] = field(default=())
    seal: Seal | None = None
    frontier: Mapping[str, exp.Expr] = field(default_factory=dict)

    def relation(self, columns: Mapping[str, str]) -> Relation:
        """What other models are told of this one; ``columns``: name -> the engine's type text."""
        return Relation(
            self.model,
            columns,
            self.append_only,
            live=self.seal is None,
            key=self.key,
            net=self.live is None,
            frontier=self.frontier,
        )

    @property
    def states(self) -> tuple[State, ...]:
        return tuple(step for step in self.steps if isinstance(step, State))

    @property
    def compute(self) -> tuple[Compute, ...]:
        return tuple(step for step in self.steps if isinstance(step, Compute))

    @property
    def timely(self) -> bool:
        return any(step.timely for step in self.compute)

    @property
    def incremental(self) -> bool:
        """True when no operator over a relation of unbounded size is recomputed as a whole."""
        return all(line.rule != "whole" or line.detail == "small" for line in self.applied)
