"""A filter on a row number says that only the first rows of each partition matter: then only those are numbered."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from headrace.sql.functions import conjuncts
from headrace.sql.nodes import Node, Project, Top, Window, column, rebuilt
from headrace.sql.sessions import through

_TURNED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.GTE: exp.LTE,
    exp.GT: exp.LT,
    exp.LTE: exp.GTE,
    exp.LT: exp.GT,
}
_MOST: dict[type[exp.Expr], int] = {exp.LTE: 0, exp.EQ: 0, exp.LT: -1}


def first_rows(node: Node) -> Node:
    """``node`` with each row number that is filtered to be small made the first rows of its partition."""
    return rebuilt(node, _first)


def _first(node: Node) -> Node:
    if not isinstance(node, Project) or node.where is None:
        return node
    limits = {name: limit for part in conjuncts(node.where) for name, limit in _limits(part).items()}
    child = _numbered(node.child, limits)
    if child is None:
        return node
    left = [part for part in conjuncts(node.where) if not _says_no_more(part, child)]
    return Project(child, node.outputs, exp.and_(*(part.copy() for part in left)) if left else None)


def _says_no_more(part: exp.Expr, child: Node) -> bool:
    """Whether the condition holds for each of the first rows as they are now computed."""
    limits = _limits(part)
    values, below = through(child)
    if not isinstance(below, Top) or not limits:
        return False
    ((name, limit),) = limits.items()
    all_of_them = not isinstance(part, exp.EQ) or limit == 1
    return all_of_them and limit >= below.limit and values.get(name) == column(below.number)


def _numbered(node: Node, limits: Mapping[str, int]) -> Node | None:
    """``node`` with the window function behind one of these columns replaced; None when there is no such."""
    if isinstance(node, Project):
        below = {v.name: limits[name] for name, v in node.outputs if isinstance(v, exp.Column) and name in limits}
        child = _numbered(node.child, below) if below else None
        return None if child is None else Project(child, node.outputs, node.where)
    if isinstance(node, Window) and len(node.functions) == 1:
        ((name, window),) = node.functions
        if name in limits and isinstance(window.this, exp.RowNumber):
            order = window.args.get("order")
            return Top(node.child, node.partition, tuple(order.expressions if order else ()), limits[name], name)
    return None


def _limits(part: exp.Expr) -> dict[str, int]:
    """The column that a condition says is at most a number, with the number."""
    sides = (part.args.get("this"), part.args.get("expression"))
    kind = type(part)
    if isinstance(sides[0], exp.Literal):
        sides, kind = (sides[1], sides[0]), _TURNED.get(kind, kind)
    name, number = sides
    if not isinstance(name, exp.Column) or not isinstance(number, exp.Literal) or not number.is_int:
        return {}
    most = _MOST.get(kind)
    return {} if most is None or int(number.name) + most < 1 else {name.name: int(number.name) + most}
