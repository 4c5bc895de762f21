"""Keyed and whole: run the query again for the keys that changed (or for everything), and emit the difference."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from headrace.sql.batch import bind_inputs
from headrace.sql.functions import mentions_time
from headrace.sql.nodes import Aggregate, Join, Node, Project, Recompute, Top, Window, column
from headrace.sql.program import Append, Applied
from headrace.sql.rules.emitter import (
    Change,
    Emitter,
    bag,
    columns,
    net,
    state_table,
    sub,
    union_all,
    weight,
)


def change(node: Recompute, emitter: Emitter) -> Change:
    return _keyed(node, emitter) if node.keys else _whole(node, emitter)


def _keyed(node: Recompute, emitter: Emitter) -> Change:
    """Difference of the query over the affected keys before and after this epoch."""
    assert node.keys is not None
    changes = [emitter.named(child) for child in node.inputs]
    needs = frozenset().union(*(c.needs for c in changes))
    timely = any(c.timely for c in changes)
    olds = [emitter.old(child) for child in node.inputs]
    news = [emitter.new(child) for child in node.inputs]
    unless = changes[1].needs if node.by_left else frozenset()
    affected = emitter.computed(
        _keys(changes, node.keys), unless or needs, timely=changes[1].timely if node.by_left else timely
    ).query
    before = [
        _affected(o, child, k, affected, emitter) for o, child, k in zip(olds, node.inputs, node.keys, strict=True)
    ]
    after = [
        _affected(n, child, k, affected, emitter) for n, child, k in zip(news, node.inputs, node.keys, strict=True)
    ]
    query = _difference(bind_inputs(node.query, after), bind_inputs(node.query, before), node.columns)
    by = ", ".join(key.sql("duckdb") for key in node.keys[0])
    reason = f"recomputed for the changed values of {by}"
    if node.by_left:
        reason += "; while the right side stays as it is, only the changed rows of the left are joined"
    emitter.explain(node, Applied(node.operator, "keyed", reason, "", _names(olds, emitter)))
    simple = _by_left(node, changes, emitter) if node.by_left else None
    net_ = changes[0].net or not node.by_left
    return emitter.computed(query, needs, timely=timely, net=net_, simple=simple, unless=unless)


def _by_left(node: Recompute, changes: Sequence[Change], emitter: Emitter) -> exp.Query:
    """The change while the right side stays: the query over the rows of the left that arrive, less that over those that leave."""
    assert node.keys is not None
    left, right = node.inputs
    kept = emitter.old(right)
    if emitter.clean(right):
        other = exp.select(*columns(right)).from_(sub(kept, "r"))
    else:
        other = _affected(kept, right, node.keys[1], _keys(changes[:1], node.keys[:1]), emitter)
    parts = []
    for sign in (1,) if emitter.append_only(left) else (1, -1):
        moving = exp.EQ(this=weight(), expression=exp.Literal.number(sign))
        rows = exp.select(*columns(left)).from_(sub(changes[0].query, "l")).where(moving)
        joined = bind_inputs(node.query, [rows, other])
        parts.append(exp.select(*columns(node), weight(sign)).from_(sub(joined, "j")))
    return union_all(parts)


def _whole(node: Recompute, emitter: Emitter) -> Change:
    """Difference of the query over everything after this epoch with what it gave before."""
    changes = [emitter.named(child) for child in node.inputs]
    olds = [emitter.old(child) for child in node.inputs]
    after = [bag(emitter.new(child), child.columns, append_only=emitter.append_only(child)) for child in node.inputs]
    query = bind_inputs(node.query, after)
    timely = any(c.timely for c in changes) or any(mentions_time(part) for part in [node.query])
    needs = frozenset().union(*(c.needs for c in changes))
    shown = emitter.result(node)
    if shown is not None:
        emitter.hold(node, shown)
        states: tuple[str, ...] = ()
        result = emitter.computed(_minus(query, shown, node.columns), needs, timely=timely)
    else:
        held = emitter.state(exp.select(*columns(node), weight(1)).from_(sub(query, "q")), "the current result")
        states = (held,)
        rows = exp.select("*").from_(state_table(held))
        emitter.hold(node, rows, clean=False)
        result = emitter.computed(_minus(query, rows, node.columns), needs, timely=timely)
        emitter.advance.append(Append(held, result.query, result.needs))
    small = "small" if all(_small(child) for child in node.inputs) else ""
    emitter.explain(
        node,
        Applied(node.operator, "whole", node.why or "recomputed as a whole", small, (*_names(olds, emitter), *states)),
    )
    return result


def _keys(changes: Sequence[Change], keys: Sequence[Sequence[exp.Expr]]) -> exp.Select:
    """The values of the keys that changed rows have, each once."""
    parts = [
        exp.select(*(exp.alias_(k.copy(), f"k{i}") for i, k in enumerate(names))).from_(sub(change.query, "t"))
        for change, names in zip(changes, keys, strict=True)
    ]
    return exp.select("*").distinct().from_(sub(union_all(parts), "k"))


def _affected(
    rows: exp.Query, child: Node, keys: Sequence[exp.Expr], affected: exp.Query, emitter: Emitter
) -> exp.Select:
    """The clean rows of ``rows`` whose keys are among the affected ones; NULL keys agree with each other."""
    match = exp.and_(
        *(exp.NullSafeEQ(this=key.copy(), expression=exp.column(f"k{i}", table="a")) for i, key in enumerate(keys))
    )
    some = exp.select("1").from_(sub(affected, "a")).where(match)
    chosen = exp.select(*columns(child), weight()).from_(sub(rows, "r")).where(exp.Exists(this=some))
    return bag(chosen, child.columns, append_only=emitter.append_only(child))


def _difference(after: exp.Query, before: exp.Query, names: Sequence[str]) -> exp.Select:
    kept = [column(n) for n in names]
    return _minus(after, exp.select(*kept, weight(1)).from_(sub(before, "before")), names)


def _minus(after: exp.Query, before: exp.Query, names: Sequence[str]) -> exp.Select:
    """Rows of ``after`` less the weighted rows of ``before``."""
    kept = [column(n) for n in names]
    gone = exp.select(*(k.copy() for k in kept), weight(exp.Neg(this=weight()))).from_(sub(before, "x"))
    arrived = exp.select(*(k.copy() for k in kept), weight(1)).from_(sub(after, "y"))
    return net(union_all([arrived, gone]), names)


def _names(olds: Sequence[exp.Query], emitter: Emitter) -> tuple[str, ...]:
    text = " ".join(o.sql() for o in olds)
    return tuple(s.name for s in emitter.states if f'"{s.name}"' in text)


def _small(node: Node) -> bool:
    """Whether the input is the result of grouping, which is small beside what it groups."""
    match node:
        case Aggregate():
            return True
        case Project() | Window() | Top():
            return _small(node.child)
        case Join():
            return _small(node.left)
        case Recompute():
            return all(_small(child) for child in node.inputs[:1])
        case _:
            return False
