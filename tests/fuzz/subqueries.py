"""Random subqueries in expressions: scalar, EXISTS, IN, ANY and ALL; correlated or not."""

from __future__ import annotations

from .aggregates import aggregate
from .expressions import value
from .maker import COMPARABLE, Maker, Scope
from .sources import Column
from .tables import named


def predicate(make: Maker, scope: Scope) -> str:
    """A condition with a subquery in it, perhaps under OR, AND or NOT."""
    condition = _predicate(make, scope)
    roll = make.rng.random()
    if roll < 0.15:
        make.mark("subquery under OR")
        return f"({condition} OR {value(make, 'BOOL', scope, 1)})"
    if roll < 0.22:
        make.mark("subquery under NOT")
        return f"(NOT {condition})"
    if roll < 0.27:
        make.mark("subquery under CASE")
        return f"(CASE WHEN {condition} THEN {value(make, 'BOOL', scope, 1)} ELSE TRUE END)"
    return condition


def _predicate(make: Maker, scope: Scope) -> str:
    kind = make.weighted({"exists": 3.0, "in": 4.0, "compare": 2.0, "quantified": 1.0})
    if kind == "exists":
        word = make.pick(["EXISTS", "NOT EXISTS"])
        make.mark(word)
        return f"{word} (SELECT 1 {_body(make, scope, correlated=0.85)[0]})"
    if kind == "in":
        return _membership(make, scope)
    if kind == "compare":
        left = value(make, "INT", scope, 1)
        return f"({left} {make.pick(['<', '>=', '=', '<>'])} {scalar(make, 'INT', scope)})"
    operator, word = make.pick(["=", "<", ">=", "<>"]), make.pick(["ANY", "ALL"])
    make.mark(word)
    inner, columns = _body(make, scope, correlated=0.0)
    shown = value(make, "INT", Scope(columns, 0), 1)
    return f"({value(make, 'INT', scope, 1)} {operator} {word} (SELECT {shown} {inner}))"


def _membership(make: Maker, scope: Scope) -> str:
    word = make.pick(["IN", "IN", "NOT IN"])
    inner, columns = _body(make, scope, correlated=0.25)
    make.mark(f"{word} (SELECT …)")
    kind = make.pick([k for k in ("STR", "INT", "STR") if any(c.kind == k for c in columns)] or ["INT"])
    shown = value(make, kind, Scope(columns, 0), 0)
    return f"({value(make, kind, scope, 1)} {word} (SELECT {shown} {inner}))"


def scalar(make: Maker, kind: str, scope: Scope) -> str:
    """A subquery of one row: an aggregate over another table."""
    inner, columns = _body(make, scope, correlated=0.6)
    make.mark("scalar subquery")
    return f"(SELECT {aggregate(make, kind, Scope(columns, 0), 0)} {inner})"


def _body(make: Maker, scope: Scope, *, correlated: float) -> tuple[str, tuple[Column, ...]]:
    """FROM and WHERE of a subquery, and the columns of its own table."""
    table = named(make.pick(make.tables), make.name("s"))
    conditions = []
    if make.chance(correlated):
        conditions.append(_correlation(make, scope, table.columns))
    if make.chance(0.5):
        inner = Scope(table.columns, scope.deep - 1)
        nested = scope.deep > 1 and make.chance(0.2)
        conditions.append(predicate(make, inner) if nested else value(make, "BOOL", inner, 1))
    conditions = [condition for condition in conditions if condition]
    return f"FROM {table.sql}" + (f" WHERE {' AND '.join(conditions)}" if conditions else ""), table.columns


def _correlation(make: Maker, scope: Scope, inner: tuple[Column, ...]) -> str:
    kinds = [k for k in COMPARABLE if scope.of(k) and any(c.kind == k for c in inner)]
    if not kinds:
        return ""
    kind = "STR" if "STR" in kinds and make.chance(0.6) else make.pick(kinds)
    own = make.pick([c for c in inner if c.kind == kind]).ref
    operator = make.weighted({"=": 8.0, "<": 1.0, ">=": 1.0, "<>": 0.5, "IS NOT DISTINCT FROM": 0.5})
    make.mark("correlated by equality" if operator == "=" else "correlated by inequality")
    return f"{own} {operator} {make.pick(scope.of(kind)).ref}"
