"""What an expression is made of: which functions it calls, which of them aggregate, what it compares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from sqlglot import exp

from headrace.sql.catalog import Oracle

# Called in a list of output columns, they make several rows of one.
EXPANDING = ("unnest", "generate_subscripts")


def is_aggregate(node: exp.Expr, oracle: Oracle) -> bool:
    """An aggregate call, or one with a FILTER or IGNORE NULLS around it; a window function is not."""
    if isinstance(node, exp.Filter | exp.IgnoreNulls | exp.RespectNulls | exp.WithinGroup):
        return is_aggregate(node.this, oracle)
    if isinstance(node, exp.Anonymous | exp.AnonymousAggFunc):
        return oracle.is_aggregate(node.name.lower())
    return isinstance(node, exp.AggFunc) and not isinstance(node, exp.Grouping | exp.GroupingId)


def called(query: exp.Expr) -> frozenset[str]:
    """The lower-case names of the functions that are called by name: those which the compiler does not know itself."""
    return frozenset(call.name.lower() for call in query.find_all(exp.Anonymous))


def aggregates(node: exp.Expr, oracle: Oracle) -> Iterator[exp.Expr]:
    """The outermost aggregate calls in ``node``, not entering window functions' own calls or subqueries."""
    if isinstance(node, exp.Query | exp.Subquery):
        return
    if isinstance(node, exp.Window):
        for part in _window_parts(node):
            yield from aggregates(part, oracle)
        return
    if is_aggregate(node, oracle):
        yield node
        return
    for child in node.iter_expressions():
        yield from aggregates(child, oracle)


def _window_parts(window: exp.Window) -> Iterator[exp.Expr]:
    """A window's arguments, partition and order: an aggregate in these is one of the SELECT."""
    function = window.this
    while isinstance(function, exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
        function = function.this
    yield from function.iter_expressions()
    yield from window.args.get("partition_by") or ()
    if window.args.get("order"):
        yield window.args["order"]


def has_aggregate(node: exp.Expr, oracle: Oracle) -> bool:
    return next(aggregates(node, oracle), None) is not None


def is_windowed(call: exp.Expr) -> bool:
    """Whether ``call`` is what an OVER belongs to."""
    while isinstance(call.parent, exp.Filter | exp.IgnoreNulls | exp.RespectNulls) and call.arg_key == "this":
        call = call.parent
    return isinstance(call.parent, exp.Window) and call.arg_key == "this"


def windows(node: exp.Expr) -> Iterator[exp.Window]:
    """The window functions in ``node``, not entering subqueries."""
    if isinstance(node, exp.Query | exp.Subquery):
        return
    if isinstance(node, exp.Window):
        yield node
        return
    for child in node.iter_expressions():
        yield from windows(child)


def has_subquery(node: exp.Expr) -> bool:
    return node.find(exp.Query, exp.Subquery) is not None


def conjuncts(node: exp.Expr | None) -> list[exp.Expr]:
    """The parts of a condition that must all hold; BETWEEN counts as two."""
    if node is None:
        return []
    if isinstance(node, exp.Paren):
        return conjuncts(node.this)
    if isinstance(node, exp.And):
        return conjuncts(node.left) + conjuncts(node.right)
    if isinstance(node, exp.Between) and not node.args.get("symmetric"):
        low, high = node.args["low"], node.args["high"]
        return [
            exp.GTE(this=node.this.copy(), expression=low.copy()),
            exp.LTE(this=node.this.copy(), expression=high.copy()),
        ]
    return [node]


def expands(node: exp.Expr) -> bool:
    """Whether an output column makes several rows of one."""
    names = (call.name.lower() for call in node.find_all(exp.Anonymous))
    return node.find(exp.Unnest, exp.Explode) is not None or any(name in EXPANDING for name in names)


def mentions_time(node: exp.Expr) -> bool:
    """Whether the epoch's logical time is in ``node``."""
    return any(p.name == "now" for p in node.find_all(exp.Placeholder))


def substituted(value: exp.Expr, values: Mapping[str, exp.Expr]) -> exp.Expr:
    """``value`` with the expression of each column in its place."""

    def placed(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Column) or node.name not in values:
            return node
        found = values[node.name].copy()
        return found if node is whole or isinstance(found, exp.Column) else exp.paren(found, copy=False)

    whole = value.copy()
    return whole.transform(placed, copy=False)


def equal_keys(on: exp.Expr | None, left: Set[str], right: Set[str]) -> tuple[tuple[exp.Expr, ...], ...] | None:
    """The sides of the equalities in ``on`` that compare an expression of the left with one of the right."""
    pairs = []
    for part in conjuncts(on):
        if isinstance(part, exp.EQ):
            a, b = ({c.name for c in side.find_all(exp.Column)} for side in (part.this, part.expression))
            if a and b and a <= left and b <= right:
                pairs.append((part.this, part.expression))
            elif a and b and a <= right and b <= left:
                pairs.append((part.expression, part.this))
    return (tuple(p[0] for p in pairs), tuple(p[1] for p in pairs)) if pairs else None
