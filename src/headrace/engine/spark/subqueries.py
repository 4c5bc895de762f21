"""Queries within expressions.

| DuckDB | Spark | |
| --- | --- | --- |
| `(SELECT …)` as a value, `EXISTS (…)` | the same | a value's second row is an error in both; those outside it that it names are of the SELECT that it stands in |
| `x IN (SELECT …)` | the same where it alone decides about rows | Spark says false where it is NULL |
| … elsewhere; `x < ANY (…)`, `x < ALL (…)` | `CASE WHEN EXISTS (…) …` | NULL of a NULL on either side, unless another row decides |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from headrace.engine.spark import compare
from headrace.engine.spark.kinds import NESTED, parsed
from headrace.engine.spark.refusal import Unfaithful
from headrace.engine.spark.trees import Rules, named, number

if TYPE_CHECKING:
    from headrace.engine.spark.render import Writer

_MEMBER = "__member"


def asks(node: exp.Expr) -> bool:
    """Whether the node is a value that a query gives."""
    return is_scalar(node) or isinstance(node, exp.Exists) or _asked(node) is not None


def is_scalar(node: exp.Expr) -> bool:
    """Whether the node is a query that stands for the value of its one row."""
    relation = (exp.From, exp.Join, exp.SetOperation, exp.Subquery, exp.CTE, exp.Lateral, exp.In)
    predicate = (exp.Exists, exp.Any, exp.All)
    return isinstance(node, exp.Subquery) and not isinstance(node.parent, (*relation, *predicate, type(None)))


def asking(select: exp.Select) -> exp.Select | None:
    """The SELECT in an expression, or a lateral join, of which this one stands, so that it may name its columns."""
    node: exp.Expr = select
    while isinstance(node.parent, exp.Subquery | exp.SetOperation):
        node = node.parent
    if not isinstance(node.parent, exp.Expr) or isinstance(node.parent, exp.From | exp.Join | exp.CTE):
        return None
    return node.parent.find_ancestor(exp.Select)


def scalar(node: exp.Subquery, write: Writer) -> exp.Expr:
    """
    Raises:
        Unfaithful: Spark would want it among what the SELECT groups by.
    """
    select = node.find_ancestor(exp.Select)
    grouped = select is not None and select.args.get("group") is not None
    if grouped and node.find_ancestor(exp.AggFunc, exp.Select) is select and not write.by_itself(_inner(node)):
        raise Unfaithful(f"a query of each group: {node.sql('duckdb')[:60]}")
    write.kind(node)
    return exp.Subquery(this=write.query(_inner(node)))


def _inner(query: exp.Expr) -> exp.Query:
    while isinstance(query, exp.Subquery):
        query = query.this
    assert isinstance(query, exp.Query)
    return query


def _exists(node: exp.Expr, write: Writer) -> exp.Expr:
    return exp.Exists(this=write.query(_inner(node.this)))


def _among(node: exp.Expr, write: Writer) -> exp.Expr:
    asked = _asked(node)
    if asked is None:
        return compare.among(node, write)
    if _decides(node):
        _member_kind(node.this, asked, write)
        return exp.In(this=write(node.this), query=exp.Subquery(this=write.query(asked)))
    return _quantified(exp.EQ, node.this, asked, write, every=False)


def _compared(node: exp.Expr, write: Writer) -> exp.Expr:
    asked = _asked(node)
    if asked is None:
        return compare.compared(node, write)
    return _quantified(type(node), node.this, asked, write, every=isinstance(node.expression, exp.All))


def _asked(node: exp.Expr) -> exp.Query | None:
    """The query that a value is compared with all rows of."""
    query = node.args.get("query") if isinstance(node, exp.In) else None
    if isinstance(node, exp.Binary) and isinstance(node.expression, exp.Any | exp.All):
        query = node.expression.this
    return _inner(query) if isinstance(query, exp.Query) else None


def _decides(node: exp.Expr) -> bool:
    """Whether false and NULL come to the same: it, or its opposite, is a condition on rows."""
    around: tuple[type[exp.Expr], ...] = (exp.And, exp.Or, exp.Paren)
    inside = node.parent
    while isinstance(inside, exp.Paren):
        inside = inside.parent
    if isinstance(inside, exp.Not):
        # Its opposite is looked up as a join by itself, which knows of NULL.
        node, around = inside, (exp.And, exp.Paren)
    while isinstance(node.parent, around):
        node = node.parent
    return isinstance(node.parent, exp.Where)


def _member_kind(value: exp.Expr, query: exp.Query, write: Writer) -> exp.DataType:
    """The type of the query's column, which the engines compare alike with the value.

    Raises:
        Unfaithful: they do not, or it has several columns.
    """
    if isinstance(query, exp.Select) and len(query.expressions) == 1 and not query.expressions[0].is_star:
        kind = write.kind(query.expressions[0].unalias())
    else:
        columns = write.columns(query)
        if len(columns) != 1:
            raise Unfaithful(f"a query of {len(columns)} columns beside {value.sql('duckdb')[:60]}")
        kind = parsed(columns[0][1])
    compare.of_one_family([write.kind(value), kind])
    return kind


def _quantified(operator: type[exp.Expr], value: exp.Expr, query: exp.Query, write: Writer, *, every: bool) -> exp.Expr:
    """Whether the comparison holds for any row, or for every one."""
    kind = _member_kind(value, query, write)
    if kind.this in NESTED and operator not in (exp.EQ, exp.NEQ):
        raise Unfaithful(f"the order of {kind.sql('duckdb')}")
    member = exp.column(named(_MEMBER))

    def found(condition: exp.Expr | None) -> exp.Expr:
        alias = exp.TableAlias(this=named("__asked"), columns=[named(_MEMBER)])
        rows = exp.select(number(1)).from_(exp.Subquery(this=write.query(query), alias=alias), copy=False)
        return exp.Exists(this=rows if condition is None else rows.where(condition, copy=False))

    def is_null(part: exp.Expr) -> exp.Expr:
        return exp.Is(this=exp.paren(part, copy=False), expression=exp.Null())

    holds: exp.Expr = operator(this=write(value), expression=member.copy())
    decided = found(exp.Not(this=exp.paren(holds, copy=False)) if every else holds)
    open_ = exp.or_(exp.and_(is_null(write(value)), found(None)), found(is_null(member.copy())))
    return exp.Case(
        ifs=[
            exp.If(this=decided, true=exp.Boolean(this=not every)),
            exp.If(this=exp.Not(this=exp.paren(open_)), true=exp.Boolean(this=every)),
        ]
    )


RULES: Rules = {
    exp.Exists: _exists,
    exp.In: _among,
    **dict.fromkeys((exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE), _compared),
}
