"""Inner join: the change of A with new B, and old A with the change of B."""

from __future__ import annotations

from sqlglot import exp

from headrace.sql.nodes import Join, cast
from headrace.sql.program import Applied
from headrace.sql.rules.emitter import Change, Emitter
from headrace.sql.rules.weighted import columns, sub, union_all, weight


def change(node: Join, emitter: Emitter) -> Change:
    left, right = emitter.named(node.left), emitter.named(node.right)
    left_done, right_done = (
        emitter.retention.any_of([b.done for b in side]) for side in emitter.retention.frontiers.bounds(node)
    )
    parts = [
        _joined(node, left.query, emitter.new(node.right, right_done)),
        _joined(node, emitter.old(node.left, left_done), right.query),
    ]
    condition = "every pair" if node.on is None else node.on.sql("duckdb")
    appended = emitter.append_only(node)
    emitter.explain(
        node,
        Applied(
            f"join on {condition}",
            "bilinear",
            "inner join: only changed rows are joined, with the other side's kept rows",
            "" if node.on is not None else "no condition: the result is as large as both sides multiplied",
            emitter.states_of(node.left, node.right),
        ),
    )
    grows = _grows(node, left, right, emitter)
    return Change(union_all(parts), left.needs | right.needs, left.timely or right.timely, net=appended, grows=grows)


def _grows(node: Join, left: Change, right: Change, emitter: Emitter) -> frozenset[str] | None:
    """While what is looked up stays as it is, rows that arrive find rows that arrive.

    Where rows arrive on the other side as well, they look up what this side has kept, which must then have each row just once.
    """
    sides = ((left, node.left, right, node.right), (right, node.right, left, node.left))
    for side, own, other, looked_up in sides:
        if side.grows is not None and not other.timely and emitter.clean(looked_up):
            steady = other.grows == frozenset() and emitter.clean(own)
            return side.grows | (frozenset() if steady else other.needs)
    return None


def _joined(node: Join, left: exp.Query, right: exp.Query) -> exp.Select:
    product = cast(exp.Mul(this=weight(table="l"), expression=weight(table="r")), "TINYINT")
    outputs = [*columns(node.left, "l"), *columns(node.right, "r"), weight(product)]
    query = exp.select(*outputs).from_(sub(left, "l"), copy=False)
    if node.on is None:
        return query.join(sub(right, "r"), join_type="cross", copy=False)
    return query.join(sub(right, "r"), on=node.on.copy(), copy=False)
