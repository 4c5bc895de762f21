"""Inner joins: the change of each input with all the others, those after it as they are now and those before it as they were.

Several joins in a row are one step, and no rows between them are kept: an epoch looks up the rows that changed in each input in turn,
in the order that the engine finds best for the sizes they have then. (Delta queries: Ceri and Widom, "Deriving Production Rules for
Incremental View Maintenance", 1991; delta joins in Materialize.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

from sqlglot import exp

from headrace.sql.functions import conjuncts, equal_keys
from headrace.sql.nodes import Join, Node, cast, column
from headrace.sql.program import Applied
from headrace.sql.rules.emitter import Change, Emitter
from headrace.sql.rules.weighted import sub, union_all, weight


def change(node: Join, emitter: Emitter) -> Change:
    sides, conditions = _at_once(node, emitter)
    changes = [emitter.named(side) for side in sides]
    done = _done(node, emitter) if len(sides) == 2 else (None,) * len(sides)
    kept = list(zip(sides, done, strict=True))
    parts = []
    for i, changed in enumerate(changes):
        before = [emitter.old(*side) for side in kept[:i]]
        after = [emitter.new(*side) for side in kept[i + 1 :]]
        parts.append(_joined(node.columns, sides, [*before, changed.query, *after], conditions, first=i))
    appended = emitter.append_only(node)
    _explain(node, emitter, sides, conditions)
    return Change(
        union_all(parts),
        frozenset().union(*(c.needs for c in changes)),
        any(c.timely for c in changes),
        net=appended,
        grows=_grows(sides, changes, emitter),
    )


def _at_once(node: Join, emitter: Emitter) -> tuple[list[Node], list[exp.Expr]]:
    """The inputs that are joined in one step, and the conditions.

    A join stays a step of its own where watermarks let go of what it keeps, and where nothing is equal on both sides: what comes of
    it is larger than what it was made of.
    """
    sides: list[Node] = [node.left, node.right]
    conditions = conjuncts(node.on)
    if not _ties(node, emitter):
        return sides, conditions
    sides = []
    for side in (node.left, node.right):
        if isinstance(side, Join) and _ties(side, emitter):
            inner, more = _at_once(side, emitter)
            sides += inner
            conditions = [*more, *conditions]
        else:
            sides.append(side)
    return sides, conditions


def _ties(node: Join, emitter: Emitter) -> bool:
    """Whether the join is by an equality, and no watermark bounds it."""
    if any(emitter.retention.frontiers.bounds(node)):
        return False
    return equal_keys(node.on, set(node.left.columns), set(node.right.columns)) is not None


def _done(node: Join, emitter: Emitter) -> tuple[exp.Expr | None, ...]:
    """For each side, which of its rows find nothing more as watermarks rise."""
    bounds = emitter.retention.frontiers.bounds(node)
    return tuple(emitter.retention.any_of([bound.done for bound in side]) for side in bounds)


def _explain(node: Join, emitter: Emitter, sides: Sequence[Node], conditions: Sequence[exp.Expr]) -> None:
    reason = "inner join: only changed rows are joined, with the other side's kept rows"
    detail = "" if conditions else "no condition: the result is as large as both sides multiplied"
    if len(sides) > 2:
        reason = f"{len(sides)} inputs joined at once: the changed rows of each, with the kept rows of the others"
        detail = "no rows between are kept; the engine orders the joins by how many rows each has"
    on = exp.and_(*conditions).sql("duckdb") if conditions else "every pair"
    emitter.explain(node, Applied(f"join on {on}", "bilinear", reason, detail, emitter.states_of(*sides)))


def _grows(sides: Sequence[Node], changes: Sequence[Change], emitter: Emitter) -> frozenset[str] | None:
    """While what is looked up stays as it is, rows that arrive find rows that arrive.

    Where rows arrive on another side as well, they look up what this side has kept, which must then have each row just once.
    """
    for i, (side, changed) in enumerate(zip(sides, changes, strict=True)):
        others = [pair for j, pair in enumerate(zip(sides, changes, strict=True)) if j != i]
        if changed.grows is not None and all(not c.timely and emitter.clean(other) for other, c in others):
            steady = emitter.clean(side)
            still = [c.needs for _, c in others if not (steady and c.grows == frozenset())]
            return changed.grows.union(*still)
    return None


def _joined(
    shown: Sequence[str],
    sides: Sequence[Node],
    rows: Sequence[exp.Query],
    conditions: Sequence[exp.Expr],
    *,
    first: int,
) -> exp.Select:
    """The sides' rows joined, from the first one on, each next to one that it is tied to."""
    names = [f"j{i}" for i in range(len(sides))]
    product = reduce(lambda a, b: exp.Mul(this=a, expression=b), (weight(table=name) for name in names))
    of = {c: name for side, name in zip(sides, names, strict=True) for c in side.columns}
    outputs = [column(c, of[c]) for c in shown]
    query = exp.select(*outputs, weight(cast(product, "TINYINT"))).from_(sub(rows[first], names[first]), copy=False)
    for i, now in _in_turn(sides, conditions, first):
        on = exp.and_(*(c.copy() for c in now)) if now else None
        query = query.join(sub(rows[i], names[i]), on=on, join_type="" if now else "cross", copy=False)
    return query


def _in_turn(sides: Sequence[Node], conditions: Sequence[exp.Expr], first: int) -> Iterator[tuple[int, list[exp.Expr]]]:
    """The other sides with the conditions that are complete with each; one that is tied to those before it comes first."""
    seen, waiting, left = set(sides[first].columns), [i for i in range(len(sides)) if i != first], list(conditions)
    while waiting:
        tied = (i for i in waiting if any(_completed(c, seen, sides[i]) for c in left))
        i = next(tied, waiting[0])
        waiting.remove(i)
        seen |= set(sides[i].columns)
        now = [c for c in left if _columns(c) <= seen]
        left = [c for c in left if c not in now]
        yield i, now


def _completed(condition: exp.Expr, seen: set[str], side: Node) -> bool:
    read, own = _columns(condition), set(side.columns)
    return isinstance(condition, exp.EQ) and bool(read & own) and bool(read & seen) and read <= seen | own


def _columns(value: exp.Expr) -> set[str]:
    return {c.name for c in value.find_all(exp.Column)}
