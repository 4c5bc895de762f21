"""Keyed and whole: run the query again for the keys that changed (or for everything), and emit the difference."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from headrace.sql.batch import bind_inputs
from headrace.sql.functions import mentions_time
from headrace.sql.nodes import Aggregate, Join, Node, Project, Recompute, column
from headrace.sql.program import Append, Applied
from headrace.sql.rules.emitter import (
    Change,
    Emitter,
    bag,
    columns,
    delta_table,
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
    parts = [_keys(c.query, keys) for c, keys in zip(changes, node.keys, strict=True)]
    keys = union_all(parts) if len(parts) > 1 else parts[0]
    affected = emitter.computed(exp.select("*").distinct().from_(sub(keys, "k")), needs, timely=timely)
    name = next(iter(affected.needs))
    olds = [emitter.old(child) for child in node.inputs]
    before = [_affected(o, child, k, name, emitter) for o, child, k in zip(olds, node.inputs, node.keys, strict=True)]
    news = [
        union_all(
            [exp.select(*_weighted(child)).from_(sub(o, "o")), exp.select(*_weighted(child)).from_(sub(c.query, "d"))]
        )
        for o, c, child in zip(olds, changes, node.inputs, strict=True)
    ]
    after = [_affected(n, child, k, name, emitter) for n, child, k in zip(news, node.inputs, node.keys, strict=True)]
    query = _difference(bind_inputs(node.query, after), bind_inputs(node.query, before), node.columns)
    by = ", ".join(key.sql("duckdb") for key in node.keys[0])
    emitter.explain(
        node, Applied(node.operator, "keyed", f"recomputed for the changed values of {by}", "", _names(olds, emitter))
    )
    return emitter.computed(query, affected.needs, timely=timely)


def _whole(node: Recompute, emitter: Emitter) -> Change:
    """Difference of the query over everything after this epoch with what it gave before."""
    changes = [emitter.named(child) for child in node.inputs]
    olds = [emitter.old(child) for child in node.inputs]
    after = [
        bag(
            union_all(
                [
                    exp.select(*_weighted(child)).from_(sub(o, "o")),
                    exp.select(*_weighted(child)).from_(sub(c.query, "d")),
                ]
            ),
            child.columns,
            append_only=emitter.append_only(child),
        )
        for o, c, child in zip(olds, changes, node.inputs, strict=True)
    ]
    query = bind_inputs(node.query, after)
    held = emitter.state(exp.select(*columns(node), weight(1)).from_(sub(query, "q")), "the current result")
    emitter.hold(node, exp.select("*").from_(state_table(held)))
    timely = any(c.timely for c in changes) or any(mentions_time(part) for part in [node.query])
    needs = frozenset().union(*(c.needs for c in changes))
    difference = _minus(query, exp.select("*").from_(state_table(held)), node.columns)
    result = emitter.computed(difference, needs, timely=timely)
    emitter.advance.append(Append(held, result.query, result.needs))
    small = "small" if all(_small(child) for child in node.inputs) else ""
    emitter.explain(
        node,
        Applied(node.operator, "whole", node.why or "recomputed as a whole", small, (*_names(olds, emitter), held)),
    )
    return result


def _weighted(child: Node) -> list[exp.Expr]:
    return [*(column(c) for c in child.columns), weight()]


def _keys(change: exp.Query, keys: Sequence[exp.Expr]) -> exp.Select:
    return exp.select(*(exp.alias_(k.copy(), f"k{i}") for i, k in enumerate(keys))).from_(sub(change, "t"))


def _affected(rows: exp.Query, child: Node, keys: Sequence[exp.Expr], affected: str, emitter: Emitter) -> exp.Select:
    """The clean rows of ``rows`` whose keys are among the affected ones; NULL keys agree with each other."""
    match = exp.and_(
        *(exp.NullSafeEQ(this=key.copy(), expression=exp.column(f"k{i}", table="a")) for i, key in enumerate(keys))
    )
    some = exp.select("1").from_(exp.alias_(delta_table(affected), "a", table=True)).where(match)
    chosen = exp.select(*_weighted(child)).from_(sub(rows, "r")).where(exp.Exists(this=some))
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
        case Project():
            return _small(node.child)
        case Join():
            return _small(node.left)
        case Recompute():
            return bool(node.inputs) and _small(node.inputs[0])
        case _:
            return False
