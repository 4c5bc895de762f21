"""Joins with what is looked for, or made, for each row of the left side.

| DuckDB | Spark | |
| --- | --- | --- |
| `JOIN LATERAL (SELECT …)` | the same | INNER and LEFT |
| `ASOF [LEFT] JOIN b ON … AND a.t >= b.t` | `JOIN LATERAL (SELECT … max_by(named_struct(…), b.t) …)` | `min_by` for `<=`; keys by `=`; rows of the right side that tie are settled before |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from headrace.engine.spark.kinds import NESTED
from headrace.engine.spark.refusal import Unfaithful
from headrace.engine.spark.trees import call, conjuncts, named

if TYPE_CHECKING:
    from headrace.engine.spark.render import Writer

_NEAREST = "__nearest"
_SIDES = ("", "LEFT")
# The comparison from the left to the right side, by the one that is written the other way round.
_TURNED: dict[type[exp.Expr], type[exp.Expr]] = {exp.GTE: exp.LTE, exp.GT: exp.LT, exp.LTE: exp.GTE, exp.LT: exp.GT}


def lateral(node: exp.Expr, write: Writer) -> exp.Expr:
    query = node.this.this if isinstance(node.this, exp.Subquery) else None
    alias, view = node.args.get("alias"), node.args.get("view")
    if not isinstance(query, exp.Query) or view or not isinstance(alias, exp.TableAlias):
        raise Unfaithful(f"LATERAL in {node.sql('duckdb')[:60]}")
    join = node.parent
    if isinstance(join, exp.Join) and (join.side not in _SIDES or join.kind not in ("", "INNER", "CROSS")):
        raise Unfaithful(f"LATERAL in {join.sql('duckdb')[:60]}")
    return exp.Lateral(this=exp.Subquery(this=write.query(query)), alias=write(alias))


def nearest(node: exp.Join, write: Writer) -> exp.Expr:
    """An ASOF JOIN: of the right side's rows that meet the condition the one with the nearest value, or none.

    Raises:
        Unfaithful: it has another form.
    """
    select, on = node.find_ancestor(exp.Select), node.args.get("on")
    refusal = Unfaithful(f"ASOF in {node.sql('duckdb')[:60]}")
    if select is None or on is None or node.side not in _SIDES or node.kind not in ("", "INNER"):
        raise refusal
    conditions = conjuncts(on)
    unequal = [part for part in conditions if type(part) in _TURNED]
    # Where NULL is a key of both sides, DuckDB finds nothing.
    if len(unequal) != 1 or any(not isinstance(part, exp.EQ) for part in conditions if part not in unequal):
        raise refusal
    (part,) = unequal
    if write.is_of(select, node.this, part.expression):
        kind, value = type(part), part.expression
    elif write.is_of(select, node.this, part.this):
        kind, value = _TURNED[type(part)], part.this
    else:
        raise refusal
    if write.kind(value).this in NESTED:
        raise refusal
    names = [name for name, _ in write.read(select, node.this)]
    fields = [piece for name in names for piece in (exp.Literal.string(name), exp.column(named(name)))]
    row = call("max_by" if kind in (exp.GTE, exp.GT) else "min_by", call("named_struct", *fields), write(value))
    found = (
        exp.select(exp.alias_(row, _NEAREST, quoted=True))
        .from_(write(node.this), copy=False)
        .where(*(write(one) for one in conditions), copy=False)
    )
    nearest_ = exp.column(named(_NEAREST))
    shown = [exp.alias_(exp.Dot(this=nearest_.copy(), expression=named(name)), name, quoted=True) for name in names]
    rows = (
        exp.select(*shown)
        .from_(exp.Subquery(this=found, alias=exp.TableAlias(this=named("__found"))), copy=False)
        .where(exp.Not(this=exp.Is(this=nearest_, expression=exp.Null())), copy=False)
    )
    alias = exp.TableAlias(this=named(node.this.alias_or_name))
    made = exp.Lateral(this=exp.Subquery(this=rows), alias=alias)
    return exp.Join(this=made, side=node.side or None, on=exp.true())
