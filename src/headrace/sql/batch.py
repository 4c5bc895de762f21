"""An operator tree as one SELECT over whole relations: what the increments must add up to."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from headrace.sql.nodes import INPUTS, Aggregate, Expire, Join, Node, Project, Recompute, Scan, Union, column


def batch(node: Node) -> exp.Query:
    """``node`` as a SELECT over its relations, by name."""
    match node:
        case Scan():
            return exp.select(*_columns(node)).from_(exp.table_(node.relation, quoted=True))
        case Project():
            query = exp.select(*(exp.alias_(value.copy(), name, quoted=True) for name, value in node.outputs))
            return _where(query.from_(_sub(node.child)), node.where)
        case Expire():
            return _where(exp.select(*_columns(node)).from_(_sub(node.child)), node.where)
        case Union():
            left, *others = node.children
            union = batch(left)
            for other in others:
                union = exp.Union(this=union, expression=batch(other), distinct=False)
            return union
        case Join():
            query = exp.select(*_columns(node)).from_(_sub(node.left, "l"))
            kind = "" if node.on is not None else "cross"
            return query.join(_sub(node.right, "r"), on=None if node.on is None else node.on.copy(), join_type=kind)
        case Aggregate():
            return grouped(exp.Subquery(this=batch(node.child), alias=_alias("t")), node)
        case Recompute():
            return bind_inputs(node.query, [batch(child) for child in node.inputs])


def grouped(source: exp.Expr, node: Aggregate) -> exp.Select:
    """``node``'s GROUP BY over ``source``."""
    named = node.keys + node.aggregates
    query = exp.select(*(exp.alias_(value.copy(), name, quoted=True) for name, value in named)).from_(source)
    return query.group_by(*(value.copy() for _, value in node.keys)) if node.keys else query


def bind_inputs(query: exp.Query, inputs: Sequence[exp.Query]) -> exp.Query:
    """``query`` with its input tables ``in0``, ``in1``, ... as common table expressions."""
    bound = query.copy()
    own = bound.args.get("with_")
    named = [
        exp.CTE(this=body, alias=exp.TableAlias(this=exp.to_identifier(name)))
        for name, body in zip(INPUTS, inputs, strict=False)
    ]
    if own is not None:
        own.set("expressions", [*named, *own.expressions])
    elif named:
        bound.set("with_", exp.With(expressions=named))
    return bound


def _columns(node: Node) -> list[exp.Column]:
    return [column(name) for name in node.columns]


def _sub(node: Node, alias: str = "t") -> exp.Subquery:
    return exp.Subquery(this=batch(node), alias=_alias(alias))


def _alias(name: str) -> exp.TableAlias:
    return exp.TableAlias(this=exp.to_identifier(name))


def _where(query: exp.Select, condition: exp.Expr | None) -> exp.Select:
    return query if condition is None else query.where(condition.copy())
