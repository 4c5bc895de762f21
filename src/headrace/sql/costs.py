"""What keeping a model costs in an epoch that changes all it reads: in words from its rules, in figures from what is kept now.

There is no index: what is kept is looked through. The constants were measured with ``python -m bench epochs`` and ``tpch`` on two cores
with DuckDB 1.5; the estimate is for telling 5 ms from 500.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp

from headrace.sql.program import Applied, Merge, Program

STATEMENT_MS = 0.4
KEPT_ROW_MS = 30e-6

_WORDS = {
    "linear": "the rows of the change",
    "bilinear": "the rows of the change, and a look through the kept rows of the other inputs",
    "algebraic": "the rows of the change, and a look through the groups",
    "keyed": "a look through what is kept, and the query over the rows of the keys that changed",
    "whole": "the query over all rows",
}


@dataclass(frozen=True)
class Estimate:
    """Of an epoch.

    Attributes:
        statements: that change something.
        rows: that are kept and looked through, as often as they are.
        ms: of one core, beside what the rows of the change cost.
    """

    statements: int
    rows: int
    ms: float


def cost(line: Applied) -> str:
    """What the operator's share is, in words."""
    timed = "; when time moves, a look through the kept rows" if line.rule == "linear" and line.states else ""
    return _WORDS[line.rule] + timed


def estimate(program: Program, sizes: Mapping[str, int]) -> Estimate:
    """
    Args:
        sizes: rows by table, as ``state.x`` or ``live.x``; for a model that is a view of its states, of the view.
    """
    read = [name for step in program.compute for name in _kept(step.query)]
    read += [f"state.{step.state}" for step in program.advance if isinstance(step, Merge)]
    stored = sum(step.stored for step in program.compute)
    # Each delta is filled and emptied; a merge takes out and puts in; the model's own table likewise.
    merges = sum(isinstance(step, Merge) for step in program.advance)
    own = 0 if program.live is not None else 1 if program.append_only else 2
    statements = 2 * stored + len(program.advance) + merges + own
    if own == 2:
        read.append(f"live.{program.model}")
    rows = sum(sizes.get(name, 0) for name in read)
    return Estimate(statements, rows, round(statements * STATEMENT_MS + rows * KEPT_ROW_MS, 1))


def _kept(query: exp.Expr) -> Iterator[str]:
    """The tables with kept rows that a query reads, as often as it does."""
    for table in query.find_all(exp.Table):
        if table.db in ("state", "live"):
            yield f"{table.db}.{table.name}"
