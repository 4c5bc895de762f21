"""GROUP BY: partial aggregates of the change are merged into those kept by group.

Not every aggregate can be merged, or not after rows have left: a median, a smallest value that is taken back, a sum of DOUBLE, which
would drift. Those are computed again from the rows of their group, and only for the groups that need it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from headrace.sql.batch import batch
from headrace.sql.functions import expands, substituted
from headrace.sql.nodes import Aggregate, Named, Node, Project, cast, column
from headrace.sql.program import Applied, Merge
from headrace.sql.rules import linear
from headrace.sql.rules.accumulators import FED, Accumulator, accumulators, counted, mark
from headrace.sql.rules.emitter import Change, Emitter
from headrace.sql.rules.panes import panes, partial
from headrace.sql.rules.weighted import delta_table, small, state_table, sub, union_all, weight

COUNT = "__n"


def change(node: Aggregate, emitter: Emitter) -> Change:
    return _merged(node, planned(node, emitter, append_only=emitter.append_only(node.child)), emitter)


@dataclass(frozen=True)
class Plan:
    """What is kept of a group.

    Attributes:
        outputs: each aggregate over its accumulators' columns.
    """

    parts: tuple[Accumulator, ...]
    outputs: tuple[Named, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"a{i}" for i in range(len(self.parts)))

    @property
    def named(self) -> tuple[tuple[str, Accumulator], ...]:
        return tuple(zip(self.names, self.parts, strict=True))

    @property
    def again(self) -> tuple[tuple[str, Accumulator], ...]:
        """Those that are computed again from the group's rows: always, or when what they watch for has happened."""
        return tuple((name, part) for name, part in self.named if part.again is not None)

    @property
    def counts(self) -> bool:
        """Every row of a group changes what is kept of it."""
        return any(part.kind == "add" and part.feed is None for part in self.parts)

    @property
    def always(self) -> bool:
        return any(part.kind == "again" for part in self.parts)


def planned(node: Aggregate, emitter: Emitter, *, append_only: bool) -> Plan:
    parts: dict[Accumulator, None] = {}
    outputs = []
    types = _types(node, emitter)
    for name, call in node.aggregates:
        made = accumulators(call, types, append_only=append_only)
        parts.update(dict.fromkeys(made.parts))
        outputs.append((name, cast(made.value, types[call])))
    return Plan(tuple(parts), tuple(outputs))


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
            query = exp.select(*(exp.alias_(v.copy(), f"c{i}") for i, v in enumerate(values))).from_(
                source.copy(), copy=False
            )
            described = emitter.catalog.oracle.describe(query)
            types.update({value: kind for value, (_, kind) in zip(values, described, strict=True)})
    return types


def _arguments(call: exp.Expr) -> list[exp.Expr]:
    inner = call.this if isinstance(call, exp.Filter) else call
    value = inner.args.get("this")
    if isinstance(value, exp.Distinct):
        return list(value.expressions) if len(value.expressions) == 1 else []
    return [value] if isinstance(value, exp.Expr) and not isinstance(value, exp.Star | exp.Order) else []


def _merged(node: Aggregate, plan: Plan, emitter: Emitter) -> Change:
    keys = [name for name, _ in node.keys]
    partial, needs, timely = _partial(node, plan, emitter)
    held = emitter.state(_held(partial, keys, plan), bound_of(node), weighted=False)
    again: Change | None = None
    source: exp.Query = partial
    if plan.again:
        stored, again = _again(node, plan, emitter, partial, held, needs, timely=timely)
        source, needs, timely = stored.query, stored.needs, False
    grows = bool(keys) and emitter.append_only(node.child)
    merged = emitter.computed(_merge(source, held, keys, plan, again, grows=grows), needs, timely=timely)
    (made,) = merged.needs
    kept = exp.select(*(column(k) for k in keys), *(_as(f"new_{n}", n) for n in (COUNT, *plan.names))).from_(
        delta_table(made), copy=False
    )
    if keys:
        kept = kept.where(exp.NEQ(this=column(f"new_{COUNT}"), expression=exp.Literal.number(0)), copy=False)
    emitter.advance.append(Merge(held, tuple(keys), made, kept))
    before = exp.select(*outputs_of(node, plan, ""), weight(1)).from_(state_table(held), copy=False)
    emitter.hold(node, before)
    emitter.retention.keep(node, held, {k: column(k) for k in keys})
    _explain(node, plan, emitter, held)
    emitter.grouped[node] = Grouped(node, plan, made, merged)
    return _emitted(emitter.grouped[node])


def _explain(node: Aggregate, plan: Plan, emitter: Emitter, held: str) -> None:
    states = (held, *(emitter.states_of(node.child) if plan.again else ()))
    again = ", ".join(dict.fromkeys(part.again.sql("duckdb") for _, part in plan.again if part.again is not None))
    reason, rule, detail = "partial aggregates are merged by group", "algebraic", ""
    if plan.always:
        rule = "keyed" if node.keys else "whole"
        reason = f"{again} cannot be merged from parts: computed again " + (
            "from the rows of each group that changes" if node.keys else "from all rows"
        )
        detail = "small" if not node.keys and small(node.child) else ""
    elif plan.again:
        reason += f"; a group that loses what {again} rests on is computed again from its rows"
    elif not emitter.append_only(node.child):
        reason += "; rows may leave: counts and sums are taken back"
    else:
        reason += "; append-only input"
    emitter.explain(node, Applied(title(node), rule, reason, detail, states))


def _partial(node: Aggregate, plan: Plan, emitter: Emitter) -> tuple[exp.Select, frozenset[str], bool]:
    """The change's own aggregates by group, with the deltas that make them."""
    child = emitter.named(node.child) if plan.again else emitter.change(node.child)
    feeds = dict.fromkeys(part.feed.value for part in plan.parts if part.feed is not None)
    grows = bool(node.keys) and emitter.append_only(node.child)
    one = exp.Max(this=exp.Literal.number(1))
    total = exp.Max if grows else exp.Sum
    count = one if grows else counted(None, append_only=emitter.append_only(node.child))
    paned = None if plan.again or feeds or not node.keys else panes(node)
    if paned is not None:
        below = emitter.change(paned.below).query
        return partial(paned, below, plan.named, (COUNT, count), total), child.needs, child.timely
    parts = [_partial_of(node, plan, None, child.query, count)]
    needs, timely = child.needs, child.timely
    for value in feeds:
        fed = emitter.change(_feed(node, value, plan))
        parts.append(_partial_of(node, plan, value, fed.query, exp.Literal.number(0)))
        needs, timely = needs | fed.needs, timely or fed.timely
    if len(parts) == 1:
        return parts[0], needs, timely
    keys = [column(name) for name, _ in node.keys]
    gathered = [exp.alias_(part.gathered(column(name)), name) for name, part in plan.named]
    watched = [
        exp.alias_((exp.Min if part.kind != "greatest" else exp.Max)(this=column(_watch(name))), _watch(name))
        for name, part in _watching(plan)
    ]
    query = exp.select(*keys, exp.alias_(total(this=column(COUNT)), COUNT), *gathered, *watched)
    query = query.from_(sub(union_all(parts), "t"), copy=False)
    return (query.group_by(*(k.copy() for k in keys), copy=False) if keys else query), needs, timely


def _partial_of(node: Aggregate, plan: Plan, feed: exp.Expr | None, change: exp.Query, count: exp.Expr) -> exp.Select:
    """By group, the parts that come from one change: the child's, or that of the distinct values of ``feed``."""
    keys = [
        exp.alias_(column(name) if feed is not None else value.copy(), name, quoted=True) for name, value in node.keys
    ]
    values = [
        exp.alias_(part.partial.copy() if _fed_by(part) == feed else exp.Null(), name) for name, part in plan.named
    ]
    watched = [
        exp.alias_(part.watch.copy() if part.watch is not None and _fed_by(part) == feed else exp.Null(), _watch(name))
        for name, part in _watching(plan)
    ]
    query = exp.select(*keys, exp.alias_(count, COUNT), *values, *watched).from_(sub(change, "t"), copy=False)
    if not node.keys:
        return query
    return query.group_by(
        *(column(name) if feed is not None else value.copy() for name, value in node.keys), copy=False
    )


def _fed_by(part: Accumulator) -> exp.Expr | None:
    return None if part.feed is None else part.feed.value


def _watching(plan: Plan) -> list[tuple[str, Accumulator]]:
    return [(name, part) for name, part in plan.named if part.watch is not None]


def _watch(name: str) -> str:
    return f"watch_{name}"


def _feed(node: Aggregate, value: exp.Expr, plan: Plan) -> Node:
    """The distinct values of ``value`` in each group, each once, marked with the conditions under which it occurs."""
    found = {part.feed for part in plan.parts if part.feed is not None and part.feed.value == value}
    conditions = sorted((f.condition for f in found if f.condition is not None), key=mark)
    inner = Aggregate(
        node.child,
        (*node.keys, (FED, value)),
        tuple((mark(condition), exp.LogicalOr(this=condition.copy())) for condition in conditions),
    )
    marks = tuple((mark(c), exp.func("COALESCE", column(mark(c)), exp.false())) for c in conditions)
    return Project(inner, (*((name, column(name)) for name, _ in node.keys), (FED, column(FED)), *marks))


def _held(partial: exp.Select, keys: Sequence[str], plan: Plan) -> exp.Select:
    """The shape of what is kept of a group."""
    return exp.select(*(column(name) for name in (*keys, COUNT, *plan.names))).from_(sub(partial, "p"), copy=False)


def _again(
    node: Aggregate,
    plan: Plan,
    emitter: Emitter,
    partial: exp.Select,
    held: str,
    needs: frozenset[str],
    *,
    timely: bool,
) -> tuple[Change, Change]:
    """The partial aggregates, stored, and what is computed again for the groups that need it."""
    stored = emitter.computed(partial, needs, timely=timely)
    keys = [name for name, _ in node.keys]
    lost = exp.select(
        *(exp.alias_(column(k, "p"), f"k{i}") for i, k in enumerate(keys)), exp.alias_(exp.true(), "lost")
    )
    lost = lost.from_(sub(stored.query, "p"), copy=False)
    if not plan.always:
        causes = [
            part.lost(column(name, "s"), column(name, "p"), column(_watch(name), "p")) for name, part in _watching(plan)
        ]
        lost = _beside_state(lost, held, keys).where(exp.or_(*causes), copy=False)
    changed = emitter.computed(lost, stored.needs)
    frontier = emitter.retention.frontiers.of(node)
    least = [frontier.get(name) for name, _ in node.keys]
    rows = emitter.affected(node.child, [v for _, v in node.keys], changed.query, before=False, least=least)
    values = [exp.alias_(part.again.copy(), name) for name, part in plan.again if part.again is not None]
    query = exp.select(
        *(exp.alias_(value.copy(), name, quoted=True) for name, value in node.keys),
        exp.alias_(exp.true(), "again"),
        *values,
    )
    query = query.from_(sub(rows, "r"), copy=False)
    if keys:
        query = query.group_by(*(value.copy() for _, value in node.keys), copy=False)
    return stored, emitter.computed(query, changed.needs)


def _beside_state(query: exp.Select, held: str, keys: Sequence[str]) -> exp.Select:
    """A query over ``p`` with the group's state, if there is one, as ``s``."""
    return query.join(exp.alias_(state_table(held), "s", table=True), on=_same("s", keys), join_type="left", copy=False)


def _same(other: str, keys: Sequence[str]) -> exp.Expr:
    pairs = (exp.NullSafeEQ(this=column(k, "p"), expression=column(k, other)) for k in keys)
    return exp.and_(*pairs) if keys else exp.true()


def _merge(
    partial: exp.Query, held: str, keys: Sequence[str], plan: Plan, again: Change | None, *, grows: bool
) -> exp.Select:
    """By group: the key, ``had`` (the group existed), old and new accumulators.

    Args:
        grows: no group is ever without rows again, so that they are not counted. Groups that stay as they are are left out.
    """
    old_count = exp.column(COUNT, table="s")
    total: exp.Expr = exp.column(COUNT, table="p")
    if not grows:
        total = exp.Add(this=total, expression=exp.func("COALESCE", old_count.copy(), exp.Literal.number(0)))
    had = exp.Not(this=exp.Is(this=old_count, expression=exp.Null()))
    outputs: list[exp.Expr] = [column(k, "p") for k in keys]
    outputs += [exp.alias_(had, "had"), exp.alias_(total, f"new_{COUNT}")]
    differs: list[exp.Expr] = [exp.not_(had)]
    for name, part in plan.named:
        new, old = exp.column(name, table="p"), exp.column(name, table="s")
        merged = part.merge(old, new)
        if part.again is not None:
            merged = exp.case().when(exp.column("again", table="r"), exp.column(name, table="r")).else_(merged)
        outputs += [exp.alias_(merged, f"new_{name}"), exp.alias_(old.copy(), f"old_{name}")]
        differs.append(exp.NullSafeNEQ(this=exp.paren(merged.copy()), expression=old.copy()))
    query = _beside_state(exp.select(*outputs).from_(sub(partial, "p"), copy=False), held, keys)
    if again is not None:
        query = query.join(sub(again.query, "r"), on=_same("r", keys), join_type="left", copy=False)
    return query.where(exp.or_(*differs), copy=False) if grows and not plan.counts else query


def through(node: Project, emitter: Emitter) -> Change | None:
    """The change of projections and filters over a grouping whose parts are merged; None when that is not what is below.

    Old and new result of a group stand side by side, so that of a group of which nothing shown has changed no row comes out.
    """
    projects = [node]
    while isinstance(projects[-1].child, Project):
        projects.append(projects[-1].child)
    base = projects[-1].child
    # What makes several rows of one can be shown, but not be put into conditions.
    if not isinstance(base, Aggregate) or any(expands(value) for below in projects[1:] for _, value in below.outputs):
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
        source: the merged change, in which each accumulator is there as ``old_`` and ``new_``.
    """

    node: Aggregate
    plan: Plan
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
        for name in grouped.plan.names
        if f"new_{name}" in used
    ]
    either = exp.or_(exp.not_(now_shown), exp.not_(was_shown), *moved)
    arrives, leaves = exp.and_(now_shown, either), exp.and_(was_shown, either)
    query = union_all(
        [
            exp.select(*_named(new), weight(1)).from_(rows, copy=False).where(arrives, copy=False),
            exp.select(*_named(old), weight(-1)).from_(rows.copy(), copy=False).where(leaves, copy=False),
        ]
    )
    return Change(query, grouped.change.needs, grouped.change.timely, net=False, direct=True)


def _shown(
    grouped: Grouped, prefix: str, exists: exp.Expr, projects: Sequence[Project]
) -> tuple[dict[str, exp.Expr], exp.Expr]:
    """The columns after the projections, over the accumulators named with ``prefix``; and when there is such a row."""
    values = {v.alias_or_name: v.unalias() for v in outputs_of(grouped.node, grouped.plan, prefix)}
    for project in projects:
        if project.where is not None:
            exists = exp.and_(exists, exp.func("COALESCE", substituted(project.where, values), exp.false()))
        values = {name: substituted(value, values) for name, value in project.outputs}
    return values, exists


def _named(values: Mapping[str, exp.Expr]) -> list[exp.Expr]:
    return [exp.alias_(value, name, quoted=True) for name, value in values.items()]


def outputs_of(node: Aggregate, plan: Plan, prefix: str) -> list[exp.Expr]:
    """The node's columns from accumulators named with ``prefix``."""
    index = {part: f"{prefix}{name}" for name, part in plan.named}

    def place(value: exp.Expr) -> exp.Expr:
        return value.copy().transform(
            lambda n: column(index[n.meta["part"]]) if isinstance(n, exp.Placeholder) and "part" in n.meta else n
        )

    keys: list[exp.Expr] = [column(name) for name, _ in node.keys]
    return keys + [exp.alias_(place(value), name, quoted=True) for name, value in plan.outputs]


def _as(old: str, new: str) -> exp.Expr:
    return exp.alias_(column(old), new)


def bound_of(node: Aggregate) -> str:
    return f"one row for each group of {', '.join(v.sql('duckdb') for _, v in node.keys)}" if node.keys else "one row"


def title(node: Aggregate) -> str:
    calls = ", ".join(call.sql("duckdb") for _, call in node.aggregates) or "distinct rows"
    keys = ", ".join(value.sql("duckdb") for _, value in node.keys)
    return f"aggregate {calls}" + (f" by {keys}" if keys else "")
