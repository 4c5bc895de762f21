"""From a settled SELECT to a tree of operators.

What this module does not know how to split, it leaves as one ``Recompute`` of the whole over clean inputs: that is always
right, and ``explain`` says so. ``_Unsplit`` carries the reason up to the smallest SELECT around it.
"""

from __future__ import annotations

from sqlglot import exp

from headrace.sql.batch import batch, union
from headrace.sql.catalog import Catalog
from headrace.sql.keys import once
from headrace.sql.nodes import INPUTS, Node, Project, Recompute, Union, cast, column
from headrace.sql.select import Env, Select, limited
from headrace.sql.unsplit import UnsplitError
from headrace.sql.whole import whole


def build(query: exp.Query, catalog: Catalog, env: Env | None = None) -> Node:
    """The operators of ``query``; ``env`` maps names of common table expressions to their operators."""
    env = dict(env or {})
    try:
        query = _without_ctes(query, catalog, env)
        if isinstance(query, exp.Select):
            return Select(query, catalog, env, build).node()
        if isinstance(query, exp.SetOperation):
            return _set_operation(query, catalog, env)
        if isinstance(query, exp.Subquery) and not query.args.get("order") and not query.args.get("limit"):
            return build(query.this, catalog, env)
        raise UnsplitError(f"{query.key.upper()}")
    except UnsplitError as reason:
        return whole(query, catalog, env, str(reason))


def _without_ctes(query: exp.Query, catalog: Catalog, env: dict[str, Node]) -> exp.Query:
    """Build the common table expressions into ``env``, and return what is left of the query."""
    with_ = query.args.get("with_")
    if with_ is None:
        return query
    if with_.recursive:
        raise UnsplitError("a recursive common table expression")
    body = query.copy()
    body.set("with_", None)
    for cte in with_.expressions:
        env[cte.alias] = _renamed(build(cte.this, catalog, env), cte.args["alias"].columns)
    return body


def _renamed(node: Node, names: list[exp.Identifier]) -> Node:
    if not names:
        return node
    pairs = zip(names, node.columns, strict=False)
    return Project(node, tuple((name.name, column(old)) for name, old in pairs))


def _set_operation(query: exp.SetOperation, catalog: Catalog, env: Env) -> Node:
    if query.args.get("by_name"):
        raise UnsplitError("a set operation BY NAME")
    left, right = build(query.left, catalog, env), build(query.right, catalog, env)
    if len(left.columns) != len(right.columns):
        raise UnsplitError("branches of different width")
    left, right = _unified(left, right, catalog)
    columns = left.columns
    node: Node
    if isinstance(query, exp.Union):
        node = Union((left, right))
        if query.args.get("distinct"):
            node = once(node)
    else:
        operation = type(query)(
            this=exp.select(*(column(c) for c in columns)).from_(INPUTS[0]),
            expression=exp.select(*(column(c) for c in columns)).from_(INPUTS[1]),
            distinct=query.args.get("distinct"),
        )
        every = tuple(column(c) for c in columns)
        node = Recompute(query.key.upper(), operation, (left, right), (every, every), columns)
    if query.args.get("limit") or query.args.get("offset"):
        order = [_by_name(o, columns) for o in (query.args["order"].expressions if query.args.get("order") else ())]
        node = limited(node, [(c, column(c)) for c in columns], order, query)
    return node


def _by_name(ordered: exp.Ordered, columns: tuple[str, ...]) -> exp.Ordered:
    ordered = ordered.copy()
    if ordered.this.is_int:
        ordered.set("this", column(columns[int(ordered.this.name) - 1]))
    return ordered


def _unified(left: Node, right: Node, catalog: Catalog) -> tuple[Node, Node]:
    """Both branches with the names of the left one and the types the engine gives the set operation."""
    types = [kind for _, kind in catalog.oracle.describe(union([batch(left), batch(right)]))]

    def typed(node: Node) -> Node:
        pairs = zip(left.columns, node.columns, types, strict=True)
        return Project(node, tuple((name, cast(column(old), kind)) for name, old, kind in pairs))

    return typed(left), typed(right)
