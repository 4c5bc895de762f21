"""Filters on logical time: what is inside the window is kept, and leaves when time passes it."""

from __future__ import annotations

from sqlglot import exp

from headrace.sql.functions import mentions_time
from headrace.sql.nodes import Expire
from headrace.sql.program import Append, Applied, Evict
from headrace.sql.rules.emitter import Change, Emitter
from headrace.sql.rules.weighted import columns, state_table, sub, union_all, weight


def change(node: Expire, emitter: Emitter) -> Change:
    arrived = emitter.named(node.child)
    bound = "rows inside the time window" if node.expired is not None else "every row: no lower limit on time"
    name = emitter.state(arrived.query, bound)
    now, before = _holds(node.where), _holds(_previous(node.where))
    fresh = exp.select(*columns(node), weight()).from_(sub(arrived.query, "t"), copy=False).where(now, copy=False)
    turned = exp.case().when(now, weight()).else_(exp.Neg(this=weight()))
    moved = exp.select(*columns(node), weight(exp.cast(turned, "TINYINT"))).from_(state_table(name), copy=False)
    moved = moved.where(exp.NEQ(this=now.copy(), expression=before), copy=False)
    kept = exp.select(*columns(node), weight()).from_(sub(arrived.query, "t"), copy=False)
    if node.expired is not None:
        kept = kept.where(exp.Not(this=_holds(node.expired)), copy=False)
        emitter.advance.append(Evict(name, _holds(node.expired)))
    emitter.advance.append(Append(name, kept, arrived.needs, not emitter.append_only(node.child)))
    emitter.explain(
        node,
        Applied(
            f"time filter {node.where.sql('duckdb')}",
            "linear",
            "rows enter as they arrive and leave as time passes",
            "" if node.expired is not None else "unbounded: add a lower limit such as ts > now() - INTERVAL 1 DAY",
            (name,),
        ),
    )
    return emitter.computed(union_all([fresh, moved]), arrived.needs, timely=True, net=False)


def _holds(condition: exp.Expr) -> exp.Expr:
    """NULL counts as false."""
    return exp.func("COALESCE", condition.copy(), exp.false())


def _previous(condition: exp.Expr) -> exp.Expr:
    """The condition as of the epoch before."""
    return condition.copy().transform(
        lambda n: exp.Placeholder(this="previous") if isinstance(n, exp.Placeholder) and mentions_time(n) else n
    )
