"""Windows that slide: the change is aggregated by pane, the stretch of time in which all rows are in the same windows, and then expanded."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from headrace.sql.functions import expands, substituted
from headrace.sql.nodes import Aggregate, Named, Node, Project, column
from headrace.sql.rules.accumulators import Accumulator
from headrace.sql.rules.weighted import sub
from headrace.sql.sessions import through

MADE, PANE = "__made", "__pane"
COARSE = (exp.DateBin, exp.DateTrunc, exp.TimestampTrunc)


@dataclass(frozen=True)
class Panes:
    """An aggregate over rows that each become several, which are told by few and coarse values of the row.

    Attributes:
        below: the rows before they become several.
        values: the columns of the aggregate's input, over those of ``below``.
        keys: the group's keys that are told by the row alone.
        windows: the others, over MADE.
        panes: the coarse values; ``series`` makes MADE of them.
    """

    below: Node
    values: dict[str, exp.Expr]
    keys: tuple[Named, ...]
    windows: tuple[Named, ...]
    panes: tuple[Named, ...]
    series: exp.Expr


def panes(node: Aggregate) -> Panes | None:
    """None where rows do not become several, or the aggregates look at what they have become."""
    above, project = through(node.child)
    if not isinstance(project, Project) or project.where is not None:
        return None
    made = [value for _, value in project.outputs if expands(value)]
    own = {name: column(MADE) if expands(value) else value for name, value in project.outputs}
    values = {name: substituted(value, own) for name, value in above.items()}
    keys = [(name, substituted(value, values)) for name, value in node.keys]
    reads = [substituted(call, values) for _, call in node.aggregates]
    if len(made) != 1 or any(MADE in _read(call) for call in reads):
        return None
    told = tuple(key for key in keys if MADE not in _read(key[1]))
    windows = tuple(key for key in keys if key not in told)
    coarse = {call: f"{PANE}{i}" for i, call in enumerate(dict.fromkeys(filter(_is_coarse, made[0].walk())))}
    series = made[0].transform(lambda part: column(coarse[part]) if part in coarse else part)
    if not coarse or not _read(series) <= set(coarse.values()) or any(_read(value) != {MADE} for _, value in windows):
        return None
    by = tuple((name, call) for call, name in coarse.items())
    return Panes(project.child, values, told, windows, by, series)


def _is_coarse(part: exp.Expr) -> bool:
    """Many times have the same value."""
    return isinstance(part, COARSE) or (isinstance(part, exp.Anonymous) and part.name.lower() == "time_bucket")


def _read(value: exp.Expr) -> set[str]:
    return {c.name for c in value.find_all(exp.Column)}


def partial(
    found: Panes,
    change: exp.Query,
    named: tuple[tuple[str, Accumulator], ...],
    count: Named,
    total: type[exp.AggFunc],
) -> exp.Select:
    """The partial aggregates of a change by group, those of its panes having been made first.

    Args:
        count: the name and the value of the count of rows; ``total`` puts several into one.
    """
    counts, number = count
    by = (*found.keys, *found.panes)
    parts = [exp.alias_(substituted(part.partial, found.values), name) for name, part in named]
    keys = [exp.alias_(value.copy(), name, quoted=True) for name, value in by]
    inner = exp.select(*keys, exp.alias_(number, counts), *parts).from_(sub(change, "t"), copy=False)
    inner = inner.group_by(*(value.copy() for _, value in by), copy=False)
    names = [column(name) for name in (*(name for name, _ in found.keys), counts, *(name for name, _ in named))]
    expanded = exp.select(*names, exp.alias_(found.series.copy(), MADE)).from_(sub(inner, "p"), copy=False)
    groups = [
        *(column(name) for name, _ in found.keys),
        *(exp.alias_(v.copy(), n, quoted=True) for n, v in found.windows),
    ]
    merged = [exp.alias_(part.gathered(column(name)), name) for name, part in named]
    counted = exp.alias_(total(this=column(counts)), counts)
    query = exp.select(*groups, counted, *merged).from_(sub(expanded, "e"), copy=False)
    grouping = [*(column(name) for name, _ in found.keys), *(value.copy() for _, value in found.windows)]
    return query.group_by(*grouping, copy=False)
