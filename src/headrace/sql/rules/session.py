"""Sessions of input that only grows: those that a change touches are joined with it, all others stay as they are.

What is kept of a session are its ends and, where sessions are what is grouped by, its partial aggregates. Deletes may split a session:
with those the sessions of a key are found again from its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from headrace.sql.batch import ISLAND, islands, over
from headrace.sql.batch import sessions as over_rows
from headrace.sql.functions import substituted
from headrace.sql.nodes import Aggregate, Named, Recompute, Session, column
from headrace.sql.program import Applied, Merge
from headrace.sql.rules import recompute
from headrace.sql.rules.algebraic import bound_of, outputs_of, planned, title
from headrace.sql.rules.emitter import Change, Emitter
from headrace.sql.rules.weighted import columns, delta_table, semi_join, state_table, sub, union_all, weight
from headrace.sql.sessions import FIRST, LAST, through

HAD = "had"


def change(node: Session, emitter: Emitter) -> Change:
    if emitter.append_only(node.child):
        return _moved(node, emitter)
    return recompute.instead(node, _as_recompute(node), emitter)


def _as_recompute(node: Session) -> Recompute:
    why = "" if node.keys else "rows may leave, which may split a session, and there is no key"
    return Recompute(
        _title(node), over_rows(node), (node.child,), (node.keys,) if node.keys else None, node.columns, why
    )


def grouped(node: Aggregate, emitter: Emitter) -> Change | None:
    """Sessions grouped by key and window are kept with their partial aggregates, without the rows; None where that cannot be."""
    by = _by_session(node)
    if by is None or not emitter.append_only(by[0].child):
        return None
    session, flat = by
    plan = planned(flat, emitter, append_only=True)
    if plan.again or any(part.feed is not None for part in plan.parts):
        return None
    parts = tuple((name, part.partial) for name, part in plan.named)
    gathered = tuple((name, part.gathered(column(name))) for name, part in plan.named)
    kept = _kept(session, emitter, emitter.change(session.child), parts, gathered, bound_of(node))

    def shown(rows: exp.Table, sign: int) -> exp.Select:
        known = {key.name: column(name) for key, name in zip(session.keys, kept.keys, strict=True)}
        keys = [exp.alias_(substituted(value, known), name, quoted=True) for name, value in flat.keys]
        named = exp.select(*keys, *(column(name) for name in plan.names)).from_(rows, copy=False)
        if rows.db == "delta":
            named = named.where(column(HAD) if sign < 0 else exp.not_(column(HAD)), copy=False)
        return exp.select(*outputs_of(flat, plan, ""), weight(sign)).from_(sub(named, "g"), copy=False)

    emitter.hold(node, shown(state_table(kept.state), 1))
    known = {key.name: column(name) for key, name in zip(session.keys, kept.keys, strict=True)}
    emitter.retention.keep(node, kept.state, {name: substituted(value, known) for name, value in flat.keys})
    reason = "a session that the change touches, and what it adds to it, are made one: partial aggregates are merged; append-only input"
    emitter.explain(node, Applied(title(node), "algebraic", reason, "", (kept.state,)))
    emitter.explain(
        session, Applied(_title(session), "keyed", "kept as their ends and partial aggregates, without the rows")
    )
    query = union_all([shown(kept.rows(), 1), shown(kept.rows(), -1)])
    return Change(query, kept.made.needs, kept.made.timely, net=False, direct=True)


def _by_session(node: Aggregate) -> tuple[Session, Aggregate] | None:
    """The sessions that ``node`` groups by, if it does, and ``node`` over their columns."""
    values, session = through(node.child)
    if not isinstance(session, Session):
        return None
    keys, calls = ([(name, substituted(v, values)) for name, v in named] for named in (node.keys, node.aggregates))
    by = {value for _, value in keys}
    ends = column(FIRST), column(LAST), exp.Add(this=column(LAST), expression=session.gap.copy())
    told = set(session.keys) <= by and any(end in by for end in ends)
    if not told or _read(keys) - {key.name for key in session.keys} - {FIRST, LAST}:
        return None
    return None if _read(calls) & {FIRST, LAST} else (session, Aggregate(session, tuple(keys), tuple(calls)))


def _read(named: Sequence[Named]) -> set[str]:
    return {c.name for _, value in named for c in value.find_all(exp.Column)}


@dataclass(frozen=True)
class _Kept:
    """Sessions by key.

    Attributes:
        keys: the names of the columns with the keys, beside FIRST and LAST.
        made: the sessions that there were (HAD) and are no more, and those that there are now.
        fresh: the islands of the change.
    """

    state: str
    keys: tuple[str, ...]
    made: Change

    def rows(self) -> exp.Table:
        (name,) = self.made.needs
        return delta_table(name)


def _kept(
    node: Session, emitter: Emitter, child: Change, parts: Sequence[Named], gathered: Sequence[Named], bound: str
) -> _Kept:
    """
    Islands of the change that touch kept sessions are no islands any more. Sessions are apart, so of those that are not touched none
    comes to touch what is made.
    """
    keys = tuple(f"__k{i}" for i in range(len(node.keys)))
    names = [*keys, FIRST, LAST, *(name for name, _ in parts)]
    lagged = over(exp.Lag(this=node.time.copy()), node.keys, node.time)
    numbered = islands(sub(child.query, "t"), columns(node.child), node.keys, node.time, lagged, node.gap)
    by = [(name, key) for name, key in zip(keys, node.keys, strict=True)]
    found = emitter.computed(_one_each(numbered, by, node.time, node.time, parts), child.needs, timely=child.timely)
    held = emitter.state(found.query, bound, weighted=False)
    touched = emitter.computed(_touched(node, held, found, keys), found.needs)
    near = exp.select(*map(column, names)).from_(sub(touched.query, "s"), copy=False)
    both = union_all([exp.select(*map(column, names)).from_(sub(found.query, "d"), copy=False), near])
    own = [column(k) for k in keys]
    before = over(exp.Max(this=column(LAST)), own, column(FIRST))
    before.set(
        "spec",
        exp.WindowSpec(
            kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end=exp.Literal.number(1), end_side="PRECEDING"
        ),
    )
    chained = islands(sub(both, "b"), [column(n) for n in names], own, column(FIRST), before, node.gap)
    joined = _one_each(chained, [(k, column(k)) for k in keys], column(FIRST), column(LAST), gathered)
    rows = [joined.select(exp.alias_(exp.false(), HAD)), near.select(exp.alias_(exp.true(), HAD))]
    made = emitter.computed(union_all(rows), found.needs)
    kept = _Kept(held, keys, made)
    now = exp.select(*map(column, names)).from_(kept.rows(), copy=False).where(exp.not_(column(HAD)), copy=False)
    emitter.advance.append(Merge(held, (*keys, FIRST), next(iter(made.needs)), now))
    return kept


def _one_each(
    rows: exp.Select, keys: Sequence[Named], first: exp.Expr, last: exp.Expr, parts: Sequence[Named]
) -> exp.Select:
    """A row for each island."""
    ends = (exp.alias_(exp.Min(this=first.copy()), FIRST), exp.alias_(exp.Max(this=last.copy()), LAST))
    values = [exp.alias_(value.copy(), name) for name, value in parts]
    query = exp.select(*(exp.alias_(key.copy(), name) for name, key in keys), *ends, *values).from_(
        sub(rows, "i"), copy=False
    )
    return query.group_by(*(key.copy() for _, key in keys), column(ISLAND), copy=False)


def _touched(node: Session, held: str, found: Change, keys: Sequence[str]) -> exp.Select:
    """The kept sessions that an island of the change is in, or near."""
    sides = (("s", "d"), ("d", "s"))
    same = [exp.NullSafeEQ(this=column(k, "s"), expression=column(k, "d")) for k in keys]
    near = [
        exp.LTE(this=column(FIRST, a), expression=exp.Add(this=column(LAST, b), expression=node.gap.copy()))
        for a, b in sides
    ]
    there = exp.select("s.*").from_(exp.alias_(state_table(held), "s", table=True), copy=False)
    return semi_join(there, sub(found.query, "d"), exp.and_(*same, *near))


def _moved(node: Session, emitter: Emitter) -> Change:
    """New rows with their session, and the rows of each session whose ends have moved."""
    child = emitter.named(node.child)
    bound = "one row for each session"
    kept = _kept(node, emitter, child, (), (), bound)
    emitter.retention.alone(kept.state, [column(LAST)], [column(node.last)], node)
    old = emitter.old(node.child)
    moves = emitter.computed(_moves(kept), kept.made.needs)
    arriving = _beside(
        node,
        child.query,
        kept,
        exp.select("*").from_(kept.rows(), copy=False).where(exp.not_(column(HAD))),
        (FIRST, LAST),
        weight(1),
    )
    moving = _beside(node, old, kept, moves.query, ("__from", "__to"), weight(table="m"))
    reason = "append-only input: sessions are kept as their ends; where these move, the rows in between move with them"
    emitter.explain(node, Applied(_title(node), "keyed", reason, "", (*emitter.states_of(node.child), kept.state)))
    return Change(union_all([arriving, moving]), child.needs | moves.needs, child.timely)


def _moves(kept: _Kept) -> exp.Query:
    """The sessions whose ends have moved: where their rows are found, with the ends that leave and those that arrive."""
    both = [exp.alias_(kept.rows(), side, table=True) for side in ("o", "n")]
    same = [exp.NullSafeEQ(this=column(k, "o"), expression=column(k, "n")) for k in kept.keys]
    within = [
        exp.GTE(this=column(FIRST, "o"), expression=column(FIRST, "n")),
        exp.LTE(this=column(FIRST, "o"), expression=column(LAST, "n")),
    ]
    other = exp.or_(*(exp.NEQ(this=column(end, "o"), expression=column(end, "n")) for end in (FIRST, LAST)))
    is_move = exp.and_(column(HAD, "o"), exp.not_(column(HAD, "n")), other)
    parts = []
    for side, sign in (("o", -1), ("n", 1)):
        where = [exp.alias_(column(end, "o"), name) for end, name in ((FIRST, "__from"), (LAST, "__to"))]
        shown = [*(column(k, "o") for k in kept.keys), *where, column(FIRST, side), column(LAST, side), weight(sign)]
        query = exp.select(*shown).from_(both[0].copy(), copy=False)
        parts.append(
            query.join(both[1].copy(), on=exp.and_(*same, *within), copy=False).where(is_move.copy(), copy=False)
        )
    return union_all(parts)


def _beside(
    node: Session, rows: exp.Query, kept: _Kept, sessions: exp.Query, between: tuple[str, str], weighted: exp.Expr
) -> exp.Select:
    """Rows of the child with the ends of the session that they are in."""
    time = column(node.time.name, "r")
    same = [
        exp.NullSafeEQ(this=column(key.name, "r"), expression=column(k, "m"))
        for key, k in zip(node.keys, kept.keys, strict=True)
    ]
    low, high = (column(name, "m") for name in between)
    inside = exp.and_(*same, exp.GTE(this=time, expression=low), exp.LTE(this=time.copy(), expression=high))
    ends = [exp.alias_(column(end, "m"), name, quoted=True) for end, name in ((FIRST, node.first), (LAST, node.last))]
    query = exp.select(*columns(node.child, "r"), *ends, weighted).from_(sub(rows, "r"), copy=False)
    return query.join(sub(sessions, "m"), on=inside, copy=False)


def _title(node: Session) -> str:
    by = ", ".join(key.sql("duckdb") for key in node.keys)
    return f"sessions with gaps of {node.gap.sql('duckdb')}" + (f" by {by}" if by else "")
