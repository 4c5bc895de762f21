"""The first rows of each partition: of input that only grows, no more than those have to be kept.

Rows are wide, and to rank them is to sort them. So they are ranked by the leading columns of the order that are narrow, with a number in
place of the row; only of rows that tie in those are the others looked at, and only of rows that move is the whole row fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from headrace.sql.batch import batch, first, over, rank
from headrace.sql.nodes import Recompute, Top, column
from headrace.sql.program import Applied, Merge
from headrace.sql.rules import recompute
from headrace.sql.rules.emitter import Change, Emitter
from headrace.sql.rules.weighted import columns, delta_table, semi_join, state_table, sub, union_all, weight

ID, WAS, RANK, PEERS, PLACE, HAD, FIRST = "__id", "__was", "__rank", "__upto", "__place", "had", "__first"
NARROW = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "BOOLEAN",
          "DECIMAL", "FLOAT", "DOUBLE", "DATE", "TIME")  # fmt: skip
"""What their types begin with."""


def change(node: Top, emitter: Emitter) -> Change:
    if emitter.append_only(node.child):
        return _bounded(node, emitter)
    return recompute.instead(node, as_recompute(node), emitter)


def as_recompute(node: Top) -> Recompute:
    keys = (node.partition,) if node.partition else None
    why = "" if keys else "the first rows depend on all rows"
    return Recompute(_title(node), first(node), (node.child,), keys, node.columns, why)


@dataclass(frozen=True)
class _Ranking:
    """How rows of a partition are ranked.

    Attributes:
        keys: the names of the partition's values.
        by: the order's leading parts, which are narrow; at least one of those that there are.
        rest: the others, which decide where rows tie in those.
        held: the first rows, with the partition's values and their place.
    """

    node: Top
    keys: tuple[str, ...]
    by: tuple[exp.Expr, ...]
    rest: tuple[exp.Expr, ...]
    held: exp.Query

    def named(self) -> list[exp.Expr]:
        """The partition's values of a row of the child."""
        return [exp.alias_(value.copy(), name) for value, name in zip(self.node.partition, self.keys, strict=True)]

    def same(self, left: str, right: str) -> list[exp.Expr]:
        return [exp.NullSafeEQ(this=column(k, left), expression=column(k, right)) for k in self.keys]

    def there(self, other: exp.Query, values: Sequence[exp.Expr]) -> exp.Select:
        """``values`` of the rows kept of the partitions that are in ``other``."""
        rows = exp.select(*values).from_(sub(self.held, "s"), copy=False)
        return semi_join(rows, sub(other, "d"), exp.and_(*self.same("s", "d"))) if self.keys else rows


def _bounded(node: Top, emitter: Emitter) -> Change:
    """The first rows so far, and those of the change that may be among them, ranked together."""
    child = emitter.named(node.child)
    keys = tuple(f"__k{i}" for i in range(len(node.partition)))
    shown = emitter.result(node)
    state = None if shown is not None else emitter.state(_held(node, keys, child.query), _bound(node), weighted=False)
    rows = (
        exp.select("*").from_(state_table(state), copy=False)
        if state
        else _held(node, keys, shown or child.query, node.number)
    )
    leading, rest, compares = _order(node, emitter)
    ranking = _Ranking(node, keys, leading, rest, rows)
    able = emitter.computed(_able(ranking, child.query, compares=compares), child.needs)
    ranked = emitter.computed(_ranked(ranking, able), able.needs)
    tied = exp.select("*").from_(sub(_alone(ranked, alone=False), "t"), copy=False)
    ties = [emitter.computed(tied.where(part), ranked.needs) for part in (_is_null(ID), exp.not_(_is_null(ID)))]
    placed = emitter.computed(_placed(ranking, able, ranked, ties), ranked.needs)
    moved = emitter.computed(_moved(ranking, able, placed), placed.needs)
    moves = Change(_moves(ranking, able, placed, moved), placed.needs)
    if state:
        moves = emitter.computed(moves.query, moves.needs)
        (made,) = moves.needs
        kept = [*map(column, keys), *columns(node.child), column(PLACE)]
        now = exp.select(*kept).from_(delta_table(made), copy=False).where(exp.not_(column(HAD)), copy=False)
        emitter.advance.append(Merge(state, (*keys, PLACE), made, now))
    reason = f"append-only input: a row that is not among the first {node.limit} never will be, and is not kept"
    reason += "" if state else "; those that are first are the model's own rows"
    if state:
        emitter.retention.alone(state, [column(k) for k in keys], node.partition, node.child)
    emitter.explain(node, Applied(_title(node), "keyed", reason, "", (state,) if state else ()))
    query = exp.select(*columns(node.child), exp.alias_(column(PLACE), node.number, quoted=True), weight())
    return Change(query.from_(sub(moves.query, "m"), copy=False), moves.needs, net=_differ(node), direct=moves.direct)


def _held(node: Top, keys: Sequence[str], rows: exp.Query, place: str = "") -> exp.Select:
    """Rows of the child as they are held: with the partition's values, and the column ``place`` under its name."""
    by = [exp.alias_(value.copy(), name) for value, name in zip(node.partition, keys, strict=True)]
    number = column(place) if place else exp.cast(exp.Literal.number(1), "BIGINT")
    return exp.select(*by, *columns(node.child), exp.alias_(number, PLACE)).from_(sub(rows, "t"), copy=False)


def _bound(node: Top) -> str:
    return f"{node.limit} row{'s' * (node.limit > 1)}" + (" for each partition" if node.partition else "")


def _order(node: Top, emitter: Emitter) -> tuple[tuple[exp.Expr, ...], tuple[exp.Expr, ...], bool]:
    """The order's narrow leading parts, the rest, and whether values of the first compare as they are ordered."""
    parts: dict[exp.Expr, exp.Expr] = {}
    for ordered in node.order:
        if ordered.this not in node.partition:
            parts.setdefault(ordered.this, ordered)
    if not parts:
        return node.order[:1], (), False
    values = [exp.alias_(value.copy(), f"c{i}") for i, value in enumerate(parts)]
    kinds = [
        kind for _, kind in emitter.catalog.oracle.describe(exp.select(*values).from_(sub(batch(node.child), "t")))
    ]
    narrow = [kind.startswith(NARROW) and "[" not in kind for kind in kinds]
    leading = max(narrow.index(False) if False in narrow else len(narrow), 1)
    order = tuple(parts.values())
    plain = kinds[0] == "VARCHAR" and order[0].find(exp.Collate) is None
    return order[:leading], order[leading:], narrow[0] or plain


def _differ(node: Top) -> bool:
    """Whether the row that leaves is always another than the one that takes its place: of equal rows the one that was there stays."""
    seen = {o.this.name for o in node.order if isinstance(o.this, exp.Column)}
    seen |= {value.name for value in node.partition if isinstance(value, exp.Column)}
    return node.limit == 1 and seen >= set(node.child.columns)


def _able(ranking: _Ranking, rows: exp.Query, *, compares: bool) -> exp.Select:
    """The rows of the change, numbered, without those that have as many before them as are wanted: in the change, or there."""
    node = ranking.node
    number = exp.alias_(exp.Window(this=exp.RowNumber()), ID)
    if not compares:
        return exp.select(*ranking.named(), *columns(node.child), number).from_(sub(rows, "t"), copy=False)
    best = ranking.by[0]
    narrow = exp.select(*ranking.named(), exp.alias_(best.this.copy(), FIRST)).from_(sub(rows, "t"), copy=False)
    by = best.copy()
    by.set("this", column(FIRST))
    numbered = exp.select(
        *map(column, ranking.keys), column(FIRST), exp.alias_(rank([*map(column, ranking.keys)], [by]), PLACE)
    )
    numbered = numbered.from_(sub(narrow, "n"), copy=False)
    last = exp.EQ(this=column(PLACE), expression=exp.Literal.number(node.limit))
    shown = [*map(column, ranking.keys), column(FIRST)]
    fresh = exp.select(*shown).from_(sub(numbered, "n"), copy=False).where(last, copy=False)
    there = ranking.there(narrow, [*(column(k, "s") for k in ranking.keys), exp.alias_(best.this.copy(), FIRST)])
    there = there.where(last.copy(), copy=False)
    able = exp.select(*ranking.named(), *columns(node.child), exp.alias_(best.this.copy(), FIRST)).from_(
        sub(rows, "t"), copy=False
    )
    kept = exp.select(*map(column, ranking.keys), *columns(node.child), number).from_(sub(able, "a"), copy=False)
    worse = (exp.LT if best.args.get("desc") else exp.GT)(this=column(FIRST, "a"), expression=column(FIRST, "l"))
    kept.append(
        "joins",
        exp.Join(this=sub(union_all([fresh, there]), "l"), kind="ANTI", on=exp.and_(*ranking.same("a", "l"), worse)),
    )
    return kept


def _values(order: Sequence[exp.Expr], prefix: str) -> list[exp.Expr]:
    return [exp.alias_(ordered.this.copy(), f"{prefix}{i}") for i, ordered in enumerate(order)]


def _renamed(order: Sequence[exp.Expr], prefix: str) -> list[exp.Expr]:
    """``order`` by the columns that :func:`_values` names."""
    renamed = [ordered.copy() for ordered in order]
    for i, ordered in enumerate(renamed):
        ordered.set("this", column(f"{prefix}{i}"))
    return renamed


def _ranked(ranking: _Ranking, able: Change) -> exp.Select:
    """By narrow columns: the rank of each row that is able to be among the first, or was, and how many are up to its peers."""
    values = _values(ranking.by, "o")
    keys = [*map(column, ranking.keys)]
    none = exp.cast(exp.Null(), "BIGINT")
    arriving = exp.select(*keys, *values, column(ID), exp.alias_(none, WAS)).from_(sub(able.query, "a"), copy=False)
    own = [
        *(column(k, "s") for k in ranking.keys),
        *values,
        exp.alias_(none.copy(), ID),
        exp.alias_(column(PLACE), WAS),
    ]
    there = ranking.there(able.query, own)
    order = _renamed(ranking.by, "o")
    functions = []
    for call, name in ((exp.func("RANK"), RANK), (exp.Count(this=exp.Star(), big_int=True), PEERS)):
        window = over(call, keys)
        window.set("order", exp.Order(expressions=[o.copy() for o in order]) if order else None)
        functions.append(exp.alias_(window, name))
    both = sub(union_all([there, arriving]), "b")
    ranks = exp.select(*keys, column(ID), column(WAS), *functions).from_(both, copy=False)
    shown = exp.select(*keys, *map(column, (ID, WAS, RANK, PEERS))).from_(sub(ranks, "r"), copy=False)
    inside = exp.LTE(this=column(RANK), expression=exp.Literal.number(ranking.node.limit))
    return shown.where(exp.or_(inside, _is_null(ID)), copy=False)


def _alone(ranked: Change, *, alone: bool) -> exp.Select:
    """The rows without a peer, or those with one."""
    kind = exp.EQ if alone else exp.NEQ
    rows = exp.select("*").from_(sub(ranked.query, "r"), copy=False)
    return rows.where(kind(this=column(PEERS), expression=column(RANK)), copy=False)


def _placed(ranking: _Ranking, able: Change, ranked: Change, ties: Sequence[Change]) -> exp.Query:
    """The place of each; of ties (those there, those that arrive) by the rest of the order.

    Of equal rows those that were there go first, and so do not move.
    """
    shown = [*map(column, ranking.keys), column(ID), column(WAS)]
    alone = exp.select(*shown, exp.alias_(column(RANK), PLACE)).from_(sub(_alone(ranked, alone=True), "r"), copy=False)
    values = [*_values(ranking.rest, "o"), column(RANK, "r")]
    parts = [_fetched(ranking, able, tie, values, old=old) for tie, old in zip(ties, (True, False), strict=True)]
    order = [*_renamed(ranking.rest, "o"), exp.Ordered(this=exp.Not(this=_is_null(ID))), exp.Ordered(this=column(WAS))]
    further = exp.Sub(this=rank([*map(column, (*ranking.keys, RANK))], order), expression=exp.Literal.number(1))
    place = exp.alias_(exp.Add(this=column(RANK), expression=further), PLACE)
    return union_all([alone, exp.select(*shown, place).from_(sub(union_all(parts), "t"), copy=False)])


def _fetched(ranking: _Ranking, able: Change, other: Change, values: Sequence[exp.Expr], *, old: bool) -> exp.Select:
    """``values`` of the rows that ``other`` (``r``) is about: of those that were there, or of those that arrive."""
    own = [*(exp.alias_(column(k, "r"), k) for k in ranking.keys), column(ID, "r"), column(WAS, "r")]
    query = exp.select(*own, *values).from_(sub(other.query, "r"), copy=False)
    if old:
        same = [*ranking.same("r", "s"), exp.EQ(this=column(WAS, "r"), expression=column(PLACE, "s"))]
        return query.join(sub(ranking.held, "s"), on=exp.and_(*same), copy=False)
    return query.join(sub(able.query, "s"), on=exp.EQ(this=column(ID, "r"), expression=column(ID, "s")), copy=False)


def _moved(ranking: _Ranking, able: Change, placed: Change) -> exp.Select:
    """The rows that were there and are now at another place, read once."""
    values = [*columns(ranking.node.child, "s"), column(PLACE, "r")]
    moved = exp.NEQ(this=column(PLACE, "r"), expression=column(WAS, "r"))
    return _fetched(ranking, able, placed, values, old=True).where(moved, copy=False)


def _moves(ranking: _Ranking, able: Change, placed: Change, moved: Change) -> exp.Query:
    """Rows arrive among the first, leave them, or change their place there; what has been there before has HAD."""
    node = ranking.node
    own = [*map(column, ranking.keys), *columns(node.child)]

    def shown(rows: exp.Query, place: str, *, had: bool) -> exp.Select:
        marks = [exp.alias_(column(place), PLACE), exp.alias_(exp.Boolean(this=had), HAD), weight(-1 if had else 1)]
        return exp.select(*own, *marks).from_(sub(rows, "m"), copy=False)

    inside = exp.LTE(this=column(PLACE, "m"), expression=exp.Literal.number(node.limit))
    values = [*columns(node.child, "s"), column(PLACE, "r")]
    fresh = _fetched(ranking, able, placed, values, old=False)
    parts = [shown(fresh, PLACE, had=False).where(inside.copy(), copy=False)]
    if node.limit > 1:
        parts.append(shown(moved.query, PLACE, had=False).where(inside.copy(), copy=False))
    return union_all([*parts, shown(moved.query, WAS, had=True)])


def _is_null(name: str) -> exp.Expr:
    return exp.Is(this=column(name), expression=exp.Null())


def _title(node: Top) -> str:
    by = ", ".join(value.sql("duckdb") for value in node.partition)
    return f"first {node.limit}" + (f" by {by}" if by else "")
