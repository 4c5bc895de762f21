"""The first rows of each partition: of input that only grows, no more than those have to be kept."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from headrace.sql.batch import first, rank
from headrace.sql.nodes import Recompute, Top, column
from headrace.sql.program import Applied, Merge
from headrace.sql.rules import recompute
from headrace.sql.rules.emitter import Change, Emitter
from headrace.sql.rules.weighted import columns, delta_table, semi_join, state_table, sub, union_all, weight

NEW, NOW, BEFORE = "__new", "__rank", "__old_rank"


def change(node: Top, emitter: Emitter) -> Change:
    if emitter.append_only(node.child):
        return _bounded(node, emitter)
    made = recompute.change(as_recompute(node), emitter)
    emitter.move(as_recompute(node), node)
    return made


def as_recompute(node: Top) -> Recompute:
    keys = (node.partition,) if node.partition else None
    why = "" if keys else "the first rows depend on all rows"
    return Recompute(_title(node), first(node), (node.child,), keys, node.columns, why)


def _bounded(node: Top, emitter: Emitter) -> Change:
    """The first rows so far, and the change, ranked together."""
    child = emitter.named(node.child)
    keys = [f"__k{i}" for i in range(len(node.partition))]
    by = [exp.alias_(value.copy(), name) for value, name in zip(node.partition, keys, strict=True)]
    shape = exp.select(*by, *columns(node.child)).from_(sub(child.query, "t"), copy=False)
    bound = f"{node.limit} row{'s' * (node.limit > 1)}" + (" for each partition" if keys else "")
    held = emitter.state(shape, bound, weighted=False)
    ranked = emitter.computed(_ranked(node, shape, held, keys), child.needs)
    (source,) = ranked.needs
    rows = delta_table(source)
    inside = exp.LTE(this=exp.column(NOW), expression=exp.Literal.number(node.limit))
    enters = exp.and_(exp.column(NEW), inside.copy())
    had = exp.alias_(exp.true(), "had")
    entered = emitter.computed(
        exp.select(*map(column, keys), had).distinct().from_(rows.copy(), copy=False).where(enters, copy=False),
        ranked.needs,
    )
    (changed,) = entered.needs
    kept = exp.select(*(column(k, "r") for k in keys), *columns(node.child, "r")).from_(
        exp.alias_(rows.copy(), "r", table=True), copy=False
    )
    same = [exp.NullSafeEQ(this=column(k, "r"), expression=column(k, "e")) for k in keys]
    if same:
        kept = semi_join(kept, exp.alias_(delta_table(changed), "e", table=True), exp.and_(*same))
    emitter.advance.append(Merge(held, tuple(keys), changed, kept.where(inside.copy(), copy=False)))
    reason = f"append-only input: a row that is not among the first {node.limit} never will be, and is not kept"
    emitter.retention.groups(held, [column(k) for k in keys], node.partition, node.child)
    emitter.explain(node, Applied(_title(node), "keyed", reason, "", (held,)))
    return Change(_moves(node, rows, inside), ranked.needs, net=False, direct=True)


def _ranked(node: Top, shape: exp.Select, held: str, keys: Sequence[str]) -> exp.Select:
    """Rows of the changed partitions that are, or were, among the first, with their rank now and before."""
    fresh = exp.alias_(exp.true(), NEW)
    arriving = shape.select(fresh)
    there = exp.select(*map(column, keys), *columns(node.child), exp.alias_(exp.false(), NEW)).from_(
        exp.alias_(state_table(held), "s", table=True), copy=False
    )
    if keys:
        same = (exp.NullSafeEQ(this=column(k, "s"), expression=column(k, "d")) for k in keys)
        there = semi_join(there, sub(shape, "d"), exp.and_(*same))
    partition = [column(k) for k in keys]
    # Of equal rows the one that was there goes first: so it does not move.
    order = [*node.order, exp.Ordered(this=exp.column(NEW))]
    now = exp.alias_(rank(partition, order), NOW)
    before = exp.alias_(rank([*partition, exp.column(NEW)], node.order), BEFORE)
    both = sub(union_all([there, arriving]), "b")
    query = exp.select(*map(column, keys), *columns(node.child), exp.column(NEW), now, before).from_(both, copy=False)
    inside = exp.LTE(this=exp.column(NOW), expression=exp.Literal.number(node.limit))
    query.set("qualify", exp.Qualify(this=exp.or_(inside, exp.not_(exp.column(NEW)))))
    return query


def _moves(node: Top, rows: exp.Table, inside: exp.Expr) -> exp.Query:
    """Rows arrive among the first, leave them, or change their place there."""
    moved = exp.NEQ(this=exp.column(NOW), expression=exp.column(BEFORE))

    def shown(rank: str, sign: int) -> exp.Select:
        return exp.select(*columns(node.child), exp.alias_(exp.column(rank), node.number, quoted=True), weight(sign))

    arrives = exp.and_(inside.copy(), exp.or_(exp.column(NEW), moved))
    leaves = exp.and_(exp.not_(exp.column(NEW)), moved.copy())
    return union_all(
        [
            shown(NOW, 1).from_(rows.copy(), copy=False).where(arrives, copy=False),
            shown(BEFORE, -1).from_(rows.copy(), copy=False).where(leaves, copy=False),
        ]
    )


def _title(node: Top) -> str:
    by = ", ".join(value.sql("duckdb") for value in node.partition)
    return f"first {node.limit}" + (f" by {by}" if by else "")
