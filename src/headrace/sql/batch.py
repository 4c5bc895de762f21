"""An operator tree as one SELECT over whole relations: what the increments must add up to.

What is put into another query is not copied, as in ``rules/weighted.py``.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from headrace.sql.nodes import (
    INPUTS,
    Aggregate,
    Expand,
    Expire,
    Join,
    Node,
    Project,
    Recompute,
    Scan,
    Session,
    Top,
    Union,
    Window,
    changed,
    column,
)

OPENS, ISLAND = "__opens", "__island"


def batch(node: Node) -> exp.Query:
    """``node`` as a SELECT over its relations, by name."""
    match node:
        case Scan():
            return exp.select(*_columns(node)).from_(exp.table_(node.relation, quoted=True), copy=False)
        case Project():
            return projected(node, batch(node.child))
        case Expire():
            return _where(exp.select(*_columns(node)).from_(_sub(node.child), copy=False), node.where)
        case Union():
            return union([batch(child) for child in node.children])
        case Join():
            query = exp.select(*_columns(node)).from_(_sub(node.left, "l"), copy=False)
            kind = "" if node.on is not None else "cross"
            on = None if node.on is None else node.on.copy()
            return query.join(_sub(node.right, "r"), on=on, join_type=kind, copy=False)
        case Aggregate():
            return grouped(exp.Subquery(this=batch(node.child), alias=_alias("t")), node)
        case Recompute():
            return bind_inputs(node.query, [batch(child) for child in node.inputs])
        case Window():
            return bind_inputs(windowed(node), [batch(node.child)])
        case Top():
            return bind_inputs(first(node), [batch(node.child)])
        case Expand():
            return expanded(node, batch(node.child), [])
        case Session():
            return bind_inputs(sessions(node), [batch(node.child)])


def projected(node: Project, rows: exp.Query) -> exp.Select:
    """``node`` over ``rows``."""
    query = exp.select(*(exp.alias_(value, name, quoted=True) for name, value in node.outputs))
    return _where(query.from_(exp.Subquery(this=rows, alias=_alias("t")), copy=False), node.where)


def union(parts: Sequence[exp.Query]) -> exp.Query:
    """UNION ALL."""
    first, *others = map(_branch, parts)
    for other in others:
        first = exp.Union(this=first, expression=other, distinct=False)
    return first


def _branch(query: exp.Query) -> exp.Query:
    """A query that may stand beside another in a set operation: one with common table expressions has to be wrapped."""
    if query.args.get("with_") is None:
        return query
    return exp.select(exp.Star()).from_(exp.Subquery(this=query, alias=_alias("b")), copy=False)


def windowed(node: Window) -> exp.Select:
    """``node`` over ``in0``."""
    functions = [exp.alias_(value, name, quoted=True) for name, value in node.functions]
    return exp.select(*_columns(node.child), *functions).from_(exp.table_(INPUTS[0]), copy=False)


def first(node: Top) -> exp.Select:
    """``node`` over ``in0``."""
    number = exp.alias_(rank(node.partition, node.order), node.number, quoted=True)
    query = exp.select(*_columns(node.child), number).from_(exp.table_(INPUTS[0]), copy=False)
    query.set("qualify", exp.Qualify(this=exp.LTE(this=column(node.number), expression=exp.Literal.number(node.limit))))
    return query


def rank(partition: Sequence[exp.Expr], order: Sequence[exp.Expr]) -> exp.Window:
    """row_number() over these."""
    window = exp.Window(this=exp.RowNumber(), partition_by=[p.copy() for p in partition])
    if order:
        window.set("order", exp.Order(expressions=[o.copy() for o in order]))
    return window


def sessions(node: Session) -> exp.Select:
    """``node`` over ``in0``."""
    before = over(exp.Lag(this=node.time.copy()), node.keys, node.time)
    rows = islands(exp.to_table(INPUTS[0]), _columns(node.child), node.keys, node.time, before, node.gap)
    inside = (*node.keys, column(ISLAND))
    first, last = (over(call(this=node.time.copy()), inside) for call in (exp.Min, exp.Max))
    named = (exp.alias_(first, node.first, quoted=True), exp.alias_(last, node.last, quoted=True))
    return exp.select(*_columns(node.child), *named).from_(exp.Subquery(this=rows, alias=_alias("w")))


def islands(
    rows: exp.Expr,
    columns: Sequence[exp.Expr],
    keys: Sequence[exp.Expr],
    time: exp.Expr,
    before: exp.Expr,
    gap: exp.Expr,
) -> exp.Select:
    """``columns`` of rows with the number, by ``keys`` and in the order of ``time``, of the island that each is of.

    Args:
        before: the last time before the row.
    """
    near = exp.LTE(this=time.copy(), expression=exp.Add(this=exp.paren(before), expression=gap.copy()))
    opens = exp.case().when(near, exp.Literal.number(0)).else_(exp.Literal.number(1))
    marked = exp.select(*(c.copy() for c in columns), exp.alias_(opens, OPENS)).from_(rows)
    # Equal times have the same number: they are peers in the order.
    number = over(exp.Sum(this=column(OPENS)), keys, time)
    numbered = exp.select(*(c.copy() for c in columns), exp.alias_(number, ISLAND))
    return numbered.from_(exp.Subquery(this=marked, alias=_alias("m")), copy=False)


def over(call: exp.Expr, partition: Sequence[exp.Expr], order: exp.Expr | None = None) -> exp.Window:
    """A window function."""
    window = exp.Window(this=call, partition_by=[p.copy() for p in partition])
    if order is not None:
        window.set("order", exp.Order(expressions=[exp.Ordered(this=order.copy())]))
    return window


def expanded(node: Expand, rows: exp.Query, further: Sequence[exp.Expr]) -> exp.Select:
    """``node`` over ``rows``; ``further`` are more columns of these."""
    made = [exp.alias_(column(own, "made"), name, quoted=True) for name, own in node.names]
    query = exp.select(*(column(c, INPUTS[0]) for c in node.child.columns), *made, *further)
    query = query.from_(exp.Subquery(this=rows, alias=_alias(INPUTS[0])), copy=False)
    return query.join(node.source.copy(), on=exp.true(), join_type="left" if node.outer else "inner", copy=False)


def grouped(source: exp.Expr, node: Aggregate) -> exp.Select:
    """``node``'s GROUP BY over ``source``."""
    named = node.keys + node.aggregates
    query = exp.select(*(exp.alias_(value, name, quoted=True) for name, value in named)).from_(source, copy=False)
    return query.group_by(*(value.copy() for _, value in node.keys), copy=False) if node.keys else query


def bind_inputs(query: exp.Query, inputs: Sequence[exp.Query], names: Sequence[str] = INPUTS) -> exp.Query:
    """``query`` with its input tables, ``in0``, ``in1``, ... unless they have other names, as common table expressions."""
    own = query.args.get("with_")
    named = [
        exp.CTE(this=body, alias=exp.TableAlias(this=exp.to_identifier(name)))
        for name, body in zip(names, inputs, strict=False)
    ]
    if own is not None:
        return changed(query, with_=changed(own, expressions=[*named, *own.expressions]))
    return changed(query, with_=exp.With(expressions=named)) if named else query


def _columns(node: Node) -> list[exp.Column]:
    return [column(name) for name in node.columns]


def _sub(node: Node, alias: str = "t") -> exp.Subquery:
    return exp.Subquery(this=batch(node), alias=_alias(alias))


def _alias(name: str) -> exp.TableAlias:
    return exp.TableAlias(this=exp.to_identifier(name))


def _where(query: exp.Select, condition: exp.Expr | None) -> exp.Select:
    return query if condition is None else query.where(condition.copy(), copy=False)
