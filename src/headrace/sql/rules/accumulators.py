"""How each aggregate is kept: the partial values to hold, how two of them merge, and the answer from them.

What cannot be merged, or not after rows have left, is computed again from the rows of its group.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from headrace.sql.nodes import cast
from headrace.sql.program import WEIGHT

Merge = Callable[[exp.Expr, exp.Expr], exp.Expr]

INTEGERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "HUGEINT",
    "BOOLEAN",
)
FLOATS = ("FLOAT", "DOUBLE")


@dataclass(frozen=True)
class Accumulator:
    """One kept value.

    Attributes:
        partial: its part from a change; over the values of ``feed``, if it has one.
        kind: how old and new merge. "again" does not merge: it is computed by ``again`` whenever a row of its group changes.
        again: the value from all rows of the group.
        watch: over a change, what may make the merged value wrong, so that ``again`` is needed. NULL: nothing has.
        feed: the value whose distinct occurrences it is made of, and the conditions under which they count.
    """

    partial: exp.Expr
    kind: str
    again: exp.Expr | None = None
    watch: exp.Expr | None = None
    feed: Feed | None = None

    def merge(self, old: exp.Expr, new: exp.Expr) -> exp.Expr:
        """Old, which is NULL for a new group, with new."""
        return _MERGES[self.kind](old, new)

    def gathered(self, parts: exp.Expr) -> exp.Expr:
        """Partial values of one group as one; NULL are those that come from another change."""
        if self.kind == "add":
            return exp.func("COALESCE", exp.Sum(this=parts.copy()), exp.Literal.number(0))
        return (exp.Min if self.kind == "least" else exp.Max)(this=parts.copy())

    def lost(self, old: exp.Expr, new: exp.Expr, watch: exp.Expr) -> exp.Expr:
        """Whether ``watch``, of a change, says that old and new cannot be merged."""
        seen = exp.Not(this=exp.Is(this=watch.copy(), expression=exp.Null()))
        if self.kind == "add":
            return seen
        best = _MERGES[self.kind](old, new)
        beyond = (exp.LTE if self.kind == "least" else exp.GTE)(this=watch.copy(), expression=best)
        return exp.and_(seen, exp.func("COALESCE", beyond, exp.true()))


@dataclass(frozen=True)
class Feed:
    """The distinct values of an expression in a group, those with ``condition`` (None: all) marked."""

    value: exp.Expr
    condition: exp.Expr | None


@dataclass(frozen=True)
class Kept:
    """An aggregate as its accumulators, and its value with a placeholder for each of them."""

    parts: tuple[Accumulator, ...]
    value: exp.Expr


FED = "__x"
"""The distinct value, in the change that feeds an accumulator."""


def _add(old: exp.Expr, new: exp.Expr) -> exp.Expr:
    return exp.Add(this=exp.func("COALESCE", old.copy(), exp.Literal.number(0)), expression=new.copy())


def _least(old: exp.Expr, new: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="least", expressions=[old.copy(), new.copy()])


def _greatest(old: exp.Expr, new: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="greatest", expressions=[old.copy(), new.copy()])


_MERGES: dict[str, Merge] = {"add": _add, "least": _least, "greatest": _greatest, "again": lambda _, new: new.copy()}


def accumulators(call: exp.Expr, types: Mapping[exp.Expr, str], *, append_only: bool) -> Kept:
    """How ``call`` is kept.

    Args:
        types: the engine's type of each aggregate call and of its argument.
        append_only: rows never leave the input.
    """
    condition: exp.Expr | None = None
    inner = call
    if isinstance(call, exp.Filter):
        condition, inner = call.expression.this, call.this
    made = _merged(inner, condition, types, append_only=append_only)
    return made or _again(call, types[call])


def _merged(
    inner: exp.Expr, condition: exp.Expr | None, types: Mapping[exp.Expr, str], *, append_only: bool
) -> Kept | None:
    """None: it cannot be merged."""
    value = inner.args.get("this")
    if isinstance(value, exp.Distinct):
        return _distinct(inner, value, condition, types, append_only=append_only)
    if isinstance(value, exp.Order) or inner.args.get("order"):
        return None
    if isinstance(inner, exp.Count) and len(inner.expressions) == 0:
        return _count(None if value is None or isinstance(value, exp.Star) else value, condition, append_only)
    if isinstance(inner, exp.CountIf):
        return _count_if(inner.this, condition, append_only)
    if not isinstance(value, exp.Expr):
        return None
    if isinstance(inner, exp.LogicalAnd | exp.LogicalOr):
        return _logical(inner, value, condition, append_only)
    if isinstance(inner, exp.Sum | exp.Avg):
        return _sum(inner, value, types.get(value, ""), condition, append_only=append_only)
    if isinstance(inner, exp.Min | exp.Max) and not inner.args.get("count") and not inner.expressions:
        return _extreme(inner, value, condition, append_only=append_only)
    return None


def _again(call: exp.Expr, kind: str) -> Kept:
    part = Accumulator(exp.cast(exp.Null(), kind, dialect="duckdb"), "again", again=call.copy())
    return Kept((part,), _slot(part))


def _distinct(
    inner: exp.Expr,
    value: exp.Distinct,
    condition: exp.Expr | None,
    types: Mapping[exp.Expr, str],
    *,
    append_only: bool,
) -> Kept | None:
    """Counted and summed from the distinct values, which are kept once for all aggregates over them."""
    if len(value.expressions) != 1 or isinstance(value.expressions[0], exp.Tuple):
        return None
    (each,) = value.expressions
    if isinstance(inner, exp.Min | exp.Max):
        return _extreme(inner, each, condition, append_only=append_only)
    # A bare constant in GROUP BY would be read as a position.
    feed = Feed(each if each.find(exp.Column) else exp.func("COALESCE", each.copy()), condition)
    marked = None if condition is None else exp.column(mark(condition))
    made: Kept | None = None
    if isinstance(inner, exp.Count):
        made = _count(exp.column(FED), marked, append_only=False)
    elif isinstance(inner, exp.Sum | exp.Avg) and _is_exact(types.get(each, "")):
        made = _sum(inner, exp.column(FED), types[each], marked, append_only=False)
    if made is None:
        return None
    parts = {part: replace(part, feed=feed) for part in made.parts}
    return Kept(
        tuple(parts.values()), made.value.transform(lambda n: _slot(parts[n.meta["part"]]) if "part" in n.meta else n)
    )


def mark(condition: exp.Expr) -> str:
    """The name of the column that says of a distinct value whether it occurs with ``condition``."""
    return f"__if{hashlib.sha1(condition.sql('duckdb').encode(), usedforsecurity=False).hexdigest()[:12]}"


def _count(value: exp.Expr | None, condition: exp.Expr | None, append_only: bool) -> Kept:
    present = None if value is None else _present(value)
    part = Accumulator(counted(_both(condition, present), append_only=append_only), "add")
    return Kept((part,), _slot(part))


def _count_if(value: exp.Expr, condition: exp.Expr | None, append_only: bool) -> Kept:
    """NULL where nothing is known, as the engine has it."""
    true = Accumulator(counted(_both(condition, value), append_only=append_only), "add")
    known = Accumulator(counted(_both(condition, _present(value)), append_only=append_only), "add")
    some = exp.GT(this=_slot(known), expression=exp.Literal.number(0))
    return Kept((true, known), exp.case().when(some, _slot(true)))


def counted(condition: exp.Expr | None, *, append_only: bool) -> exp.Expr:
    """Rows that arrive less rows that leave; never NULL."""
    if append_only:
        one = exp.Star() if condition is None else exp.case().when(condition.copy(), exp.Literal.number(1))
        return exp.Count(this=one, big_int=True)
    total = _filtered(exp.Sum(this=cast(exp.column(WEIGHT), "BIGINT")), condition)
    return cast(exp.func("COALESCE", total, exp.Literal.number(0)), "BIGINT")


def _present(value: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))


def _logical(inner: exp.Expr, value: exp.Expr, condition: exp.Expr | None, append_only: bool) -> Kept:
    value = exp.cast(value.copy(), "BOOLEAN")
    if append_only:
        return _extreme(
            (exp.Min if isinstance(inner, exp.LogicalAnd) else exp.Max)(), value, condition, append_only=True
        )
    true = Accumulator(counted(_both(condition, value), append_only=append_only), "add")
    false = Accumulator(counted(_both(condition, exp.Not(this=value)), append_only=append_only), "add")
    zero = exp.Literal.number(0)
    answer = (
        exp.EQ(this=_slot(false), expression=zero)
        if isinstance(inner, exp.LogicalAnd)
        else exp.GT(this=_slot(true), expression=zero)
    )
    seen = exp.GT(this=exp.Add(this=_slot(true), expression=_slot(false)), expression=zero.copy())
    return Kept((true, false), exp.case().when(seen, answer))


def _is_exact(kind: str) -> bool:
    return kind in INTEGERS or kind.startswith("DECIMAL")


def _sum(inner: exp.Expr, value: exp.Expr, kind: str, condition: exp.Expr | None, *, append_only: bool) -> Kept | None:
    """A sum of DOUBLE from which values are taken back would drift: then it is computed again."""
    if not _is_exact(kind) and kind not in FLOATS:
        return None
    value = exp.cast(value.copy(), "HUGEINT", dialect="duckdb") if kind == "BOOLEAN" else value
    drifts = not _is_exact(kind) and not append_only
    total = Accumulator(
        _signed(value, condition, append_only=append_only or drifts),
        "add",
        again=_total(value, condition) if drifts else None,
        watch=_filtered(exp.Min(this=weight_where(value)), _both(condition, _leaves())) if drifts else None,
    )
    count = Accumulator(counted(_both(condition, _present(value)), append_only=append_only), "add")
    seen = exp.GT(this=_slot(count), expression=exp.Literal.number(0))
    answer: exp.Expr = _slot(total)
    if isinstance(inner, exp.Avg):
        answer = _average(answer, _slot(count), kind)
    return Kept((total, count), exp.case().when(seen, answer))


MULTIPLIED = 8
"""The largest scale of a decimal whose digits are found by multiplying."""


def _average(total: exp.Expr, count: exp.Expr, kind: str) -> exp.Expr:
    """The quotient as the engine's own avg() has it, to the last bit: an order by it must not depend on who computed it.

    Of a decimal it divides the digits, as a whole number, by the count and the power of ten that the scale stands for. Where there
    is room for the product (sums below 10^22), the digits are found by multiplying; else by their text, which not every engine has.
    """
    scale = int(kind.partition(",")[2].rstrip(")") or 0) if kind.startswith("DECIMAL") else 0
    if scale:
        digits: exp.Expr = exp.Mul(this=total, expression=exp.Literal.number(10**scale))
        if scale > MULTIPLIED:
            digits = exp.func("REPLACE", exp.cast(total, "VARCHAR"), exp.Literal.string("."), exp.Literal.string(""))
        total = exp.cast(digits, "HUGEINT", dialect="duckdb")
        power = exp.cast(exp.Literal.number(10**scale), "DOUBLE")
        count = exp.paren(exp.Mul(this=exp.cast(count, "DOUBLE"), expression=power), copy=False)
    return exp.Div(this=exp.cast(total, "DOUBLE"), expression=count, typed=False, safe=False)


def weight_where(value: exp.Expr) -> exp.Expr:
    """The row's weight, if ``value`` is not NULL."""
    return exp.case().when(_present(value), exp.column(WEIGHT))


def _arrives() -> exp.Expr:
    return exp.GT(this=exp.column(WEIGHT), expression=exp.Literal.number(0))


def _leaves() -> exp.Expr:
    return exp.LT(this=exp.column(WEIGHT), expression=exp.Literal.number(0))


def _total(value: exp.Expr, condition: exp.Expr | None) -> exp.Expr:
    return exp.func("COALESCE", _filtered(exp.func("SUM", value.copy()), condition), exp.Literal.number(0))


def _signed(value: exp.Expr, condition: exp.Expr | None, *, append_only: bool) -> exp.Expr:
    """The sum of what arrives less the sum of what leaves."""
    if append_only:
        return _total(value, condition)
    sums = [_total(value, _both(condition, side)) for side in (_arrives(), _leaves())]
    return exp.Sub(this=sums[0], expression=sums[1])


def _extreme(inner: exp.Expr, value: exp.Expr, condition: exp.Expr | None, *, append_only: bool) -> Kept:
    """The least or greatest so far; once that leaves, the group has to be looked at again."""
    kind = "least" if isinstance(inner, exp.Min) else "greatest"

    def over(side: exp.Expr | None) -> exp.Expr:
        return _filtered(type(inner)(this=value.copy()), _both(condition, side))

    if append_only:
        part = Accumulator(over(None), kind)
    else:
        part = Accumulator(over(_arrives()), kind, again=over(None), watch=over(_leaves()))
    return Kept((part,), _slot(part))


def _filtered(call: exp.Expr, condition: exp.Expr | None) -> exp.Expr:
    """``call`` of one argument over the rows for which the condition holds. NULLs do not count in any call made here."""
    if condition is None:
        return call
    # Not FILTER: for each one the engine sets up a copy of all inputs, which is most of the time of a small epoch.
    chosen = call.copy()
    chosen.set("this", exp.case().when(condition.copy(), call.this.copy()))
    return chosen


def _both(left: exp.Expr | None, right: exp.Expr | None) -> exp.Expr | None:
    parts = [part.copy() for part in (left, right) if part is not None]
    return exp.and_(*parts) if parts else None


def _slot(part: Accumulator) -> exp.Expr:
    """Where the accumulator's value goes."""
    place = exp.Placeholder(this="part")
    place.meta["part"] = part
    return place
