"""Keyed and whole: run the query again for the keys that changed (or for everything), and emit the difference."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from headrace.sql.batch import bind_inputs
from headrace.sql.functions import mentions_time
from headrace.sql.nodes import Node, Project, Recompute, Top, Window, column
from headrace.sql.program import Append, Applied
from headrace.sql.rules.emitter import Change, Emitter
from headrace.sql.rules.weighted import bag, columns, net, small, state_table, sub, union_all, weight


def change(node: Recompute, emitter: Emitter, instead_of: Node | None = None) -> Change:
    """
    Args:
        instead_of: the operator that ``node`` was made from, if it was.
    """
    made = instead_of or node
    if not node.keys:
        return _whole(node, emitter.result(made), emitter)
    # Elsewhere a row of the result may not show the keys it was made by: an outer join pads it.
    shows_keys = isinstance(instead_of, Window | Top) or node.by_left
    return _keyed(node, emitter.result(made) if shows_keys else None, emitter)


def instead(node: Node, same: Recompute, emitter: Emitter) -> Change:
    """The change of ``node``, which is maintained as ``same``."""
    made = change(same, emitter, node)
    emitter.move(same, node)
    return made


def _keyed(node: Recompute, shown: exp.Query | None, emitter: Emitter) -> Change:
    """Difference of the query over the affected keys before and after this epoch.

    Args:
        shown: the result before this epoch, if something shows it.
    """
    assert node.keys is not None
    changes = [emitter.named(child) for child in node.inputs]
    needs = frozenset().union(*(c.needs for c in changes))
    timely = any(c.timely for c in changes)
    unless = changes[1].needs if node.by_left else frozenset()
    changed = emitter.computed(
        _keys(changes, node.keys), unless or needs, timely=changes[1].timely if node.by_left else timely
    ).query
    pairs = list(zip(node.inputs, node.keys, strict=True))
    least = emitter.retention.frontiers.keys(node)
    if shown is not None and all(isinstance(k, exp.Column) and k.name in node.columns for k in node.keys[0]):
        after = [emitter.affected(child, keys, changed, before=False, least=least) for child, keys in pairs]
        before: exp.Query = emitter.agreeing(exp.select(*columns(node)).from_(sub(shown, "r")), node.keys[0], changed)
        query: exp.Query = _difference(bind_inputs(node.query, after), before, node.columns)
    else:
        olds = [emitter.affected(child, keys, changed, before=True, least=least) for child, keys in pairs]
        query = _over(olds, node, changes, changed, emitter)
    by = ", ".join(_written(key, node.inputs[0]).sql("duckdb") for key in node.keys[0])
    reason = f"recomputed for the changed values of {by}"
    if node.by_left:
        reason += "; while the right side stays as it is, only the changed rows of the left are joined"
    emitter.explain(node, Applied(node.operator, "keyed", reason, "", emitter.states_of(*node.inputs)))
    simple = _by_left(node, changes, emitter) if node.by_left else None
    # Rows of the left that differ give results that differ only if all their columns are in these.
    net_ = not node.by_left or (changes[0].net and set(node.inputs[0].columns) <= set(node.columns))
    return emitter.computed(query, needs, timely=timely, net=net_, simple=simple, unless=unless)


def _over(
    olds: Sequence[exp.Select], node: Recompute, changes: Sequence[Change], changed: exp.Query, emitter: Emitter
) -> exp.Query:
    """The difference, where each input's rows of before are looked for once.

    Args:
        olds: by input, those whose keys are among ``changed``.
    """
    assert node.keys is not None
    names = [f"before{i}" for i in range(len(olds))]
    before: list[exp.Query] = []
    after: list[exp.Query] = []
    for name, child, keys, change in zip(names, node.inputs, node.keys, changes, strict=True):
        kept = exp.select(*columns(child)).from_(name, copy=False)
        moved = exp.select(*columns(child), weight()).from_(sub(change.query, "r"), copy=False)
        rows = [kept.copy().select(weight(1), copy=False), emitter.agreeing(moved, keys, changed)]
        before.append(kept)
        after.append(bag(union_all(rows), child.columns, append_only=emitter.append_only(child)))
    query = _difference(bind_inputs(node.query, after), bind_inputs(node.query, before), node.columns)
    return bind_inputs(query, olds, names)


def _written(key: exp.Expr, child: Node) -> exp.Expr:
    """A key as the query has it, where what it compares was made a column of ``child``."""
    outputs = dict(child.outputs) if isinstance(child, Project) else {}
    return outputs.get(key.name, key) if isinstance(key, exp.Column) and ".__" in key.name else key


def _by_left(node: Recompute, changes: Sequence[Change], emitter: Emitter) -> exp.Query:
    """The change while the right side stays: the query over the rows of the left that arrive, less that over those that leave."""
    assert node.keys is not None
    left, right = node.inputs
    least = emitter.retention.frontiers.keys(node)
    kept = emitter.old(right, emitter.retention.below(node.keys[1], least))
    if emitter.clean(right):
        other = exp.select(*columns(right)).from_(sub(kept, "r"), copy=False)
    else:
        of_left = _keys(changes[:1], node.keys[:1])
        other = emitter.affected(right, node.keys[1], of_left, before=True, least=least)
    parts = []
    for sign in (1,) if emitter.append_only(left) else (1, -1):
        moving = exp.EQ(this=weight(), expression=exp.Literal.number(sign))
        rows = exp.select(*columns(left)).from_(sub(changes[0].query, "l"), copy=False).where(moving, copy=False)
        joined = bind_inputs(node.query, [rows, other])
        parts.append(exp.select(*columns(node), weight(sign)).from_(sub(joined, "j"), copy=False))
    return union_all(parts)


def _whole(node: Recompute, shown: exp.Query | None, emitter: Emitter) -> Change:
    """Difference of the query over everything after this epoch with what it gave before."""
    changes = [emitter.named(child) for child in node.inputs]
    after = [bag(emitter.new(child), child.columns, append_only=emitter.append_only(child)) for child in node.inputs]
    query = bind_inputs(node.query, after)
    timely = any(c.timely for c in changes) or any(mentions_time(part) for part in [node.query])
    needs = frozenset().union(*(c.needs for c in changes))
    if shown is not None:
        emitter.hold(node, shown)
        states: tuple[str, ...] = ()
        result = emitter.computed(_minus(query, shown, node.columns), needs, timely=timely)
    else:
        held = emitter.state(
            exp.select(*columns(node), weight(1)).from_(sub(query, "q"), copy=False), "the current result"
        )
        states = (held,)
        rows = exp.select("*").from_(state_table(held), copy=False)
        emitter.hold(node, rows, clean=False)
        result = emitter.computed(_minus(query, rows, node.columns), needs, timely=timely)
        emitter.advance.append(Append(held, result.query, result.needs))
    detail = "small" if all(small(child) for child in node.inputs) else ""
    emitter.explain(
        node,
        Applied(
            node.operator,
            "whole",
            node.why or "recomputed as a whole",
            detail,
            (*emitter.states_of(*node.inputs), *states),
        ),
    )
    return result


def _keys(changes: Sequence[Change], keys: Sequence[Sequence[exp.Expr]]) -> exp.Select:
    """The values of the keys that changed rows have, each once."""
    parts = [
        exp.select(*(exp.alias_(k, f"k{i}") for i, k in enumerate(names))).from_(sub(change.query, "t"), copy=False)
        for change, names in zip(changes, keys, strict=True)
    ]
    return exp.select("*").distinct().from_(sub(union_all(parts), "k"), copy=False)


def _difference(after: exp.Query, before: exp.Query, names: Sequence[str]) -> exp.Select:
    kept = [column(n) for n in names]
    return _minus(after, exp.select(*kept, weight(1)).from_(sub(before, "before"), copy=False), names)


def _minus(after: exp.Query, before: exp.Query, names: Sequence[str]) -> exp.Select:
    """Rows of ``after`` less the weighted rows of ``before``."""
    kept = [column(n) for n in names]
    gone = exp.select(*(k.copy() for k in kept), weight(exp.Neg(this=weight()))).from_(sub(before, "x"), copy=False)
    arrived = exp.select(*(k.copy() for k in kept), weight(1)).from_(sub(after, "y"), copy=False)
    return net(union_all([arrived, gone]), names)
