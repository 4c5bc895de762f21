"""Conditions on the epoch's logical time: which of them, once false, stay false."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from headrace.sql.functions import mentions_time

_FLIP: dict[type[exp.Expr], type[exp.Binary]] = {exp.GT: exp.LT, exp.GTE: exp.LTE, exp.LT: exp.GT, exp.LTE: exp.GTE}


def expiry(parts: Sequence[exp.Expr]) -> exp.Expr | None:
    """A condition that holds for rows that time has passed for good, given the conjuncts that mention time.

    ``ts > :now - INTERVAL 3 HOUR`` gives ``ts <= :now - INTERVAL 3 HOUR``: as ``:now`` only grows, such a row never returns.
    ``ts < :now`` gives nothing: such a row is still to come.
    """
    expired = [gone for part in parts if (gone := _gone(part)) is not None]
    return exp.or_(*expired) if expired else None


def _gone(part: exp.Expr) -> exp.Expr | None:
    if type(part) not in _FLIP:
        return None
    row, time = part.this, part.expression
    kind: type[exp.Expr] = type(part)
    if mentions_time(row):
        row, time, kind = time, row, _FLIP[kind]
    if mentions_time(row) or not _grows(time) or kind not in (exp.GT, exp.GTE):
        return None
    opposite = exp.LTE if kind is exp.GT else exp.LT
    return opposite(this=row.copy(), expression=time.copy())


def _grows(time: exp.Expr) -> bool:
    """Whether ``time`` never decreases as ``:now`` grows: ``:now`` itself, casts to TIMESTAMP or DATE, plus or minus a constant."""
    if isinstance(time, exp.Paren):
        return _grows(time.this)
    if isinstance(time, exp.Placeholder):
        return time.name == "now"
    if isinstance(time, exp.Cast):
        return time.is_type("TIMESTAMP", "DATE", "TIMESTAMPTZ") and _grows(time.this)
    if isinstance(time, exp.Sub | exp.Add):
        return _grows(time.this) and time.expression.find(exp.Column, exp.Placeholder) is None
    return False
