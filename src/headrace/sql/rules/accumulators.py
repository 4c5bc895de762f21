"""How each aggregate is kept: the partial values to hold, how two of them merge, and the answer from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

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
    """One kept value. ``partial`` computes it over a change; ``kind`` says how two merge."""

    partial: exp.Expr
    kind: str

    def merge(self, old: exp.Expr, new: exp.Expr) -> exp.Expr:
        """Old, which is NULL for a new group, with new."""
        return _MERGES[self.kind](old, new)


@dataclass(frozen=True)
class Kept:
    """An aggregate as its accumulators, and its value with a placeholder for each of them."""

    parts: tuple[Accumulator, ...]
    value: exp.Expr


def _add(old: exp.Expr, new: exp.Expr) -> exp.Expr:
    return exp.Add(this=exp.func("COALESCE", old.copy(), exp.Literal.number(0)), expression=new.copy())


def _least(old: exp.Expr, new: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="least", expressions=[old.copy(), new.copy()])


def _greatest(old: exp.Expr, new: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="greatest", expressions=[old.copy(), new.copy()])


_MERGES: dict[str, Merge] = {"add": _add, "least": _least, "greatest": _greatest}


def accumulators(call: exp.Expr, types: Mapping[exp.Expr, str], *, append_only: bool) -> Kept | str:
    """How ``call`` is kept, or why its groups have to be recomputed.

    Args:
        types: the engine's type of each aggregate call and of its argument.
        append_only: rows never leave the input.
    """
    condition: exp.Expr | None = None
    inner = call
    if isinstance(call, exp.Filter):
        condition, inner = call.expression.this, call.this
    value = inner.args.get("this")
    if isinstance(value, exp.Distinct):
        return f"{inner.sql('duckdb')} needs the distinct values of the group"
    if isinstance(value, exp.Order) or inner.args.get("order"):
        return f"{inner.sql('duckdb')} needs the rows of the group in order"
    if isinstance(inner, exp.Count) and len(inner.expressions) == 0:
        return _count(None if value is None or isinstance(value, exp.Star) else value, condition, append_only)
    if isinstance(inner, exp.CountIf):
        return _count(None, _both(condition, value), append_only)
    if not isinstance(value, exp.Expr):
        return f"{inner.sql('duckdb')} cannot be merged from parts"
    kind = types.get(value, "")
    if isinstance(inner, exp.LogicalAnd | exp.LogicalOr):
        return _logical(inner, value, condition, append_only)
    if isinstance(inner, exp.Sum | exp.Avg):
        return _sum(inner, value, kind, condition, append_only=append_only)
    if isinstance(inner, exp.Min | exp.Max) and not inner.args.get("count") and not inner.expressions:
        if not append_only:
            return f"rows may leave, so {inner.sql('duckdb')} needs the values of the group"
        return _extreme(inner, value, condition)
    return f"{inner.sql('duckdb')} cannot be merged from parts"


def _count(value: exp.Expr | None, condition: exp.Expr | None, append_only: bool) -> Kept:
    part = Accumulator(counted(_both(condition, _present(value)), append_only=append_only), "add")
    return Kept((part,), _slot(part))


def counted(condition: exp.Expr | None, *, append_only: bool) -> exp.Expr:
    """Rows that arrive less rows that leave; never NULL."""
    if append_only:
        one = exp.Star() if condition is None else exp.case().when(condition.copy(), exp.Literal.number(1))
        return exp.Count(this=one, big_int=True)
    total = _filtered(exp.func("SUM", exp.cast(exp.column(WEIGHT), "BIGINT")), condition)
    return exp.cast(exp.func("COALESCE", total, exp.Literal.number(0)), "BIGINT")


def _present(value: exp.Expr | None) -> exp.Expr | None:
    return None if value is None else exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))


def _logical(inner: exp.Expr, value: exp.Expr, condition: exp.Expr | None, append_only: bool) -> Kept:
    value = exp.cast(value.copy(), "BOOLEAN")
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


def _sum(inner: exp.Expr, value: exp.Expr, kind: str, condition: exp.Expr | None, *, append_only: bool) -> Kept | str:
    exact = kind in INTEGERS or kind.startswith("DECIMAL")
    if not exact and kind not in FLOATS:
        return f"a sum of {kind or 'unknown type'} is not merged"
    if not exact and not append_only:
        return f"rows may leave, and taking a {kind} back from a sum would drift"
    value = exp.cast(value.copy(), "HUGEINT", dialect="duckdb") if kind == "BOOLEAN" else value
    total = Accumulator(_signed(value, condition, append_only=append_only), "add")
    count = Accumulator(counted(_both(condition, _present(value)), append_only=append_only), "add")
    seen = exp.GT(this=_slot(count), expression=exp.Literal.number(0))
    answer: exp.Expr = _slot(total)
    if isinstance(inner, exp.Avg):
        answer = exp.Div(this=exp.cast(answer, "DOUBLE"), expression=_slot(count), typed=False, safe=False)
    return Kept((total, count), exp.case().when(seen, answer))


def _signed(value: exp.Expr, condition: exp.Expr | None, *, append_only: bool) -> exp.Expr:
    """The sum of what arrives less the sum of what leaves."""
    zero = exp.Literal.number(0)
    if append_only:
        return exp.func("COALESCE", _filtered(exp.func("SUM", value.copy()), condition), zero)
    arrives = exp.GT(this=exp.column(WEIGHT), expression=zero)
    leaves = exp.LT(this=exp.column(WEIGHT), expression=zero)
    sums = [
        exp.func("COALESCE", _filtered(exp.func("SUM", value.copy()), _both(condition, side)), zero.copy())
        for side in (arrives, leaves)
    ]
    return exp.Sub(this=sums[0], expression=sums[1])


def _extreme(inner: exp.Expr, value: exp.Expr, condition: exp.Expr | None) -> Kept:
    part = Accumulator(
        _filtered(type(inner)(this=value.copy()), condition), "least" if isinstance(inner, exp.Min) else "greatest"
    )
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
