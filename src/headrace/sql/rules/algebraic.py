"""GROUP BY: partial aggregates of the change are merged into those kept by group.

Not every aggregate can be merged. Those that cannot, or not exactly (sums of DOUBLE when rows leave, which would drift), have
their group recomputed from its rows instead: the keyed rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from headrace.sql.batch import batch, grouped
from headrace.sql.nodes import INPUTS, Aggregate, Named, Project, Recompute, column
from headrace.sql.program import Applied, Merge
from headrace.sql.rules import linear, recompute
from headrace.sql.rules.accumulators import Accumulator, accumulators, counted
from headrace.sql.rules.emitter import Change, Emitter, delta_table, state_table, sub, union_all, weight

COUNT = "__n"


def change(node: Aggregate, emitter: Emitter) -> Change:
    plan = _plan(node, emitter)
    if isinstance(plan, str):
        made = recompute.change(_as_recompute(node, plan), emitter)
        line = emitter.applied.pop(_as_recompute(node, plan))
        emitter.explain(node, Applied(_title(node), line.rule, line.reason, line.detail or plan, line.states))
        return made
    return _merged(node, plan, emitter)


@dataclass(frozen=True)
class _Plan:
    parts: tuple[Accumulator, ...]
    outputs: tuple[Named, ...]
    """Each aggregate over its accumulators' columns."""


def _plan(node: Aggregate, emitter: Emitter) -> _Plan | str:
    """How each aggregate is merged, or why one cannot be."""
    parts: dict[Accumulator, None] = {}
    outputs = []
    types = _types(node, emitter)
    appended = emitter.append_only(node.child)
    for name, call in node.aggregates:
        made = accumulators(call, types, append_only=appended)
        if isinstance(made, str):
            return made
        parts.update(dict.fromkeys(made.parts))
        outputs.append((name, exp.cast(made.value, types[call], dialect="duckdb")))
    return _Plan(tuple(parts), tuple(outputs))


def _types(node: Aggregate, emitter: Emitter) -> dict[exp.Expr, str]:
    """The engine's types of the aggregates and of their arguments."""
    calls = [call for _, call in node.aggregates]
    arguments = [value for call in calls for value in _arguments(call)]
    if not calls:
        return {}
    source = sub(batch(node.child), "t")
    queries = ([*calls], [*arguments])
    types: dict[exp.Expr, str] = {}
    for values in queries:
        if values:
            query = exp.select(*(exp.alias_(v.copy(), f"c{i}") for i, v in enumerate(values))).from_(source.copy())
            described = emitter.catalog.oracle.describe(query)
            types.update({value: kind for value, (_, kind) in zip(values, described, strict=True)})
    return types


def _arguments(call: exp.Expr) -> list[exp.Expr]:
    inner = call.this if isinstance(call, exp.Filter) else call
    value = inner.args.get("this")
    return [value] if isinstance(value, exp.Expr) and not isinstance(value, exp.Star | exp.Distinct | exp.Order) else []


def _merged(node: Aggregate, plan: _Plan, emitter: Emitter) -> Change:
    child = emitter.change(node.child)
    keys = [name for name, _ in node.keys]
    names = [f"a{i}" for i in range(len(plan.parts))]
    count = counted(None, append_only=emitter.append_only(node.child))
    partial = _partial(node, plan, child.query, names, count)
    held = emitter.state(partial, _bound(node), weighted=False)
    merged = emitter.computed(_merge(partial, held, keys, names, plan), child.needs, timely=child.timely)
    source = next(iter(merged.needs))
    kept = exp.select(*(column(k) for k in keys), *(_as(f"new_{n}", n) for n in (COUNT, *names))).from_(
        delta_table(source)
    )
    if keys:
        kept = kept.where(exp.NEQ(this=column(f"new_{COUNT}"), expression=exp.Literal.number(0)))
    emitter.advance.append(Merge(held, tuple(keys), source, kept))
    before = exp.select(*_outputs(node, plan, names, ""), weight(1)).from_(state_table(held))
    emitter.hold(node, before)
    retracts = (
        "rows may leave: counts and sums are taken back" if not emitter.append_only(node.child) else "append-only input"
    )
    emitter.explain(
        node, Applied(_title(node), "algebraic", f"partial aggregates are merged by group; {retracts}", "", (held,))
    )
    emitter.grouped[node] = Grouped(node, plan, tuple(names), source, merged)
    return _emitted(emitter.grouped[node])


def _partial(node: Aggregate, plan: _Plan, change: exp.Query, names: Sequence[str], count: exp.Expr) -> exp.Select:
    """The change's own aggregates by group."""
    keys = [exp.alias_(value.copy(), name, quoted=True) for name, value in node.keys]
    values = [exp.alias_(part.partial.copy(), name) for part, name in zip(plan.parts, names, strict=True)]
    query = exp.select(*keys, exp.alias_(count, COUNT), *values).from_(sub(change, "t"))
    return query.group_by(*(value.copy() for _, value in node.keys)) if node.keys else query


def _merge(partial: exp.Query, held: str, keys: Sequence[str], names: Sequence[str], plan: _Plan) -> exp.Select:
    """By group: the key, ``had`` (the group existed), old and new accumulators."""
    total = exp.Add(
        this=exp.column(COUNT, table="p"),
        expression=exp.func("COALESCE", exp.column(COUNT, table="s"), exp.Literal.number(0)),
    )
    had = exp.Not(this=exp.Is(this=exp.column(COUNT, table="s"), expression=exp.Null()))
    outputs: list[exp.Expr] = [column(k, "p") for k in keys]
    outputs += [exp.alias_(had, "had"), exp.alias_(total, f"new_{COUNT}")]
    for part, name in zip(plan.parts, names, strict=True):
        new, old = exp.column(name, table="p"), exp.column(name, table="s")
        outputs += [exp.alias_(part.merge(old, new), f"new_{name}"), exp.alias_(old.copy(), f"old_{name}")]
    on = (
        exp.and_(*(exp.NullSafeEQ(this=column(k, "p"), expression=column(k, "s")) for k in keys))
        if keys
        else exp.true()
    )
    state = exp.alias_(state_table(held), "s", table=True)
    return exp.select(*outputs).from_(sub(partial, "p")).join(state, on=on, join_type="left")


def through(node: Project, emitter: Emitter) -> Change | None:
    """The change of projections and filters over a grouping whose parts are merged; None when that is not what is below.

    Old and new result of a group stand side by side, so that of a group of which nothing shown has changed no row comes out.
    """
    projects = [node]
    while isinstance(projects[-1].child, Project):
        projects.append(projects[-1].child)
    base = projects[-1].child
    if not isinstance(base, Aggregate):
        return None
    emitter.change(base)
    found = emitter.grouped.get(base)
    if found is None:
        return None
    for project in projects:
        linear.explain(project, emitter)
    return _emitted(found, tuple(reversed(projects)))


@dataclass(frozen=True)
class Grouped:
    """A grouping with what it keeps.

    Attributes:
        names: of the accumulators, in the state; in the merged change each is there as ``old_`` and ``new_``.
        source: the merged change.
    """

    node: Aggregate
    plan: _Plan
    names: tuple[str, ...]
    source: str
    change: Change


def _emitted(grouped: Grouped, projects: Sequence[Project] = ()) -> Change:
    """Old rows leave and new rows arrive, where what is shown of a group rests on something that has changed.

    A changed sum may still show as the same row, which then leaves and arrives.
    """
    node, rows = grouped.node, delta_table(grouped.source)
    has = exp.NEQ(this=column(f"new_{COUNT}"), expression=exp.Literal.number(0)) if node.keys else exp.true()
    new, now_shown = _shown(grouped, "new_", has, projects)
    old, was_shown = _shown(grouped, "old_", exp.column("had"), projects)
    used = {c.name for value in (*new.values(), now_shown) for c in value.find_all(exp.Column)}
    moved = [
        exp.NullSafeNEQ(this=column(f"new_{name}"), expression=column(f"old_{name}"))
        for name in grouped.names
        if f"new_{name}" in used
    ]
    either = exp.or_(exp.not_(now_shown), exp.not_(was_shown), *moved)
    arrives, leaves = exp.and_(now_shown, either), exp.and_(was_shown, either)
    query = union_all(
        [
            exp.select(*_named(new), weight(1)).from_(rows).where(arrives),
            exp.select(*_named(old), weight(-1)).from_(rows.copy()).where(leaves),
        ]
    )
    return Change(query, grouped.change.needs, grouped.change.timely, net=False, direct=True)


def _shown(
    grouped: Grouped, prefix: str, exists: exp.Expr, projects: Sequence[Project]
) -> tuple[dict[str, exp.Expr], exp.Expr]:
    """The columns after the projections, over the accumulators named with ``prefix``; and when there is such a row."""
    values = {v.alias_or_name: v.unalias() for v in _outputs(grouped.node, grouped.plan, grouped.names, prefix)}
    for project in projects:
        if project.where is not None:
            exists = exp.and_(exists, exp.func("COALESCE", _substituted(project.where, values), exp.false()))
        values = {name: _substituted(value, values) for name, value in project.outputs}
    return values, exists


def _substituted(value: exp.Expr, values: Mapping[str, exp.Expr]) -> exp.Expr:
    """``value`` with the expression of each column in its place."""

    def placed(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column) or node.name not in values:
            return node
        found = values[node.name].copy()
        return found if node is whole or isinstance(found, exp.Column) else exp.paren(found, copy=False)

    whole = value.copy()
    return whole.transform(placed, copy=False)


def _named(values: Mapping[str, exp.Expr]) -> list[exp.Expr]:
    return [exp.alias_(value.copy(), name, quoted=True) for name, value in values.items()]


def _outputs(node: Aggregate, plan: _Plan, names: Sequence[str], prefix: str) -> list[exp.Expr]:
    """The node's columns from accumulators named with ``prefix``."""
    index = {part: f"{prefix}{name}" for part, name in zip(plan.parts, names, strict=True)}

    def place(value: exp.Expr) -> exp.Expr:
        return value.copy().transform(
            lambda n: column(index[n.meta["part"]]) if isinstance(n, exp.Placeholder) and "part" in n.meta else n
        )

    keys: list[exp.Expr] = [column(name) for name, _ in node.keys]
    return keys + [exp.alias_(place(value), name, quoted=True) for name, value in plan.outputs]


def _as(old: str, new: str) -> exp.Expr:
    return exp.alias_(column(old), new)


def _bound(node: Aggregate) -> str:
    return f"one row for each group of {', '.join(v.sql('duckdb') for _, v in node.keys)}" if node.keys else "one row"


def _title(node: Aggregate) -> str:
    calls = ", ".join(call.sql("duckdb") for _, call in node.aggregates) or "distinct rows"
    keys = ", ".join(value.sql("duckdb") for _, value in node.keys)
    return f"aggregate {calls}" + (f" by {keys}" if keys else "")


def _as_recompute(node: Aggregate, why: str) -> Recompute:
    """The same grouping over clean rows, recomputed by group."""
    query = grouped(exp.to_table(INPUTS[0]), node)
    keys = tuple(value for _, value in node.keys)
    return Recompute(_title(node), query, (node.child,), (keys,) if keys else None, node.columns, why)
