"""Give one defined answer to what SQL leaves open, so that a batch run and the incremental path cannot differ by luck.

Each rewrite picks one of the answers that SQL allows:

    any_value(x)                  the smallest
    mode(x)                       the smallest of those that are most frequent
    arg_min(x, o), arg_max(x, o)  among equals of o, the smallest (largest) x
    list(x), string_agg(x, s)     in the order of x when no order is given; ties of a given order by x
    corr(y, x), regr_slope(y, x) …  summed in the order of y and x: in another, what should be nothing is not quite
    stddev(x), variance(x) …      summed in the order of x
    row_number() … and ROWS frames  ties of the window's order by the columns that are read of the row
    LIMIT, DISTINCT ON            ties by the columns that are read of the row
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.functions import has_aggregate, is_windowed
from headrace.sql.grouping import group_keys
from headrace.sql.passes.relations import columns_of
from headrace.sql.text import SqlText

# Sums of products that may cancel: the order in which they are added shows.
CORRELATIONS = (
    exp.Corr,
    exp.CovarPop,
    exp.CovarSamp,
    exp.RegrIntercept,
    exp.RegrR2,
    exp.RegrSlope,
    exp.RegrSxx,
    exp.RegrSxy,
    exp.RegrSyy,
)
# The same of one column: of large values that differ little, half of the digits are lost in one order or another.
SPREADS = (exp.Stddev, exp.StddevPop, exp.StddevSamp, exp.Variance, exp.VariancePop, exp.Kurtosis, exp.Skewness)
NAMED_SPREADS = ("sem", "kurtosis_pop")
# Window functions whose answer for a row does not depend on the order of its peers.
PEER_SAFE = (exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist)


def settle(query: exp.Query, catalog: Catalog, text: SqlText) -> exp.Query:
    """
    Example:
        SELECT ANY_VALUE(t.a) AS a FROM t AS t  ->  SELECT MIN(t.a) AS a FROM t AS t
    """
    columns = _Columns(catalog)
    for select in list(query.find_all(exp.Select)):
        _settle_windows(select, columns, catalog)
        _settle_limit(select, columns, catalog)
    for operation in list(query.find_all(exp.SetOperation)):
        if operation.args.get("limit") or operation.args.get("offset"):
            _order_by(operation, [exp.Literal.number(i + 1) for i in range(len(operation.selects))])
    return query.transform(_settle_aggregate, copy=False)  # type: ignore[return-value]


def _settle_aggregate(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.IgnoreNulls) and isinstance(node.this, exp.AnyValue):
        return exp.Min(this=node.this.this)
    if isinstance(node, exp.AnyValue):
        return exp.Min(this=node.this)
    called = _called(node)
    if isinstance(called, exp.ArgMin | exp.ArgMax) and not called.args.get("count"):
        return _extreme_pair(node, called)
    if isinstance(node, exp.ArrayAgg | exp.GroupConcat):
        _settle_list(node)
    if isinstance(node, CORRELATIONS) and not isinstance(node.expression, exp.Order) and not is_windowed(node):
        both = [_ordered(node.this), _ordered(node.expression)]
        node.set("expression", exp.Order(this=node.expression, expressions=both))
    if _is_spread(node) and not is_windowed(node):
        _settle_spread(node)
    if isinstance(node, exp.Mode) and not isinstance(node.this, exp.Order) and node.this.find(exp.Column):
        # The engine takes the one it meets first.
        node.set("this", exp.Order(this=node.this, expressions=[_ordered(node.this)]))
    return node


def _is_spread(node: exp.Expr) -> bool:
    return isinstance(node, SPREADS) or (isinstance(node, exp.Anonymous) and node.name.lower() in NAMED_SPREADS)


def _settle_spread(node: exp.Expr) -> None:
    anonymous = isinstance(node, exp.Anonymous)
    value = next(iter(node.expressions), None) if anonymous else node.this
    if value is None or isinstance(value, exp.Order | exp.Distinct) or not value.find(exp.Column):
        return
    ordered = exp.Order(this=value, expressions=[_ordered(value)])
    node.set("expressions" if anonymous else "this", [ordered] if anonymous else ordered)


def _called(node: exp.Expr) -> exp.Expr:
    """The function in a call with FILTER or OVER."""
    while isinstance(node, exp.Filter | exp.Window):
        node = node.this
    return node


def _extreme_pair(call: exp.Expr, node: exp.ArgMin | exp.ArgMax) -> exp.Expr:
    """arg_max(x, o) as the greatest pair (o, x): rows where either is NULL do not count, as in DuckDB.

    Args:
        call: ``node``, with its FILTER and OVER.
    """
    value, order = node.this, node.expression
    pair = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier("o", quoted=True), expression=order.copy()),
            exp.PropertyEQ(this=exp.to_identifier("x", quoted=True), expression=value.copy()),
        ]
    )
    both = exp.and_(*[exp.Not(this=exp.Is(this=part.copy(), expression=exp.Null())) for part in (value, order)])
    guarded = exp.Case(ifs=[exp.If(this=both, true=pair)])
    extreme = exp.Max(this=guarded) if isinstance(node, exp.ArgMax) else exp.Min(this=guarded)
    if call is node:
        call = extreme
    else:
        node.replace(extreme)
    return exp.Anonymous(this="struct_extract", expressions=[call, exp.Literal.string("x")])


def _settle_list(node: exp.ArrayAgg | exp.GroupConcat) -> None:
    argument = node.this
    if not argument.find(exp.Column):
        return
    if isinstance(argument, exp.Distinct):
        if not isinstance(argument.parent, exp.Order) and len(argument.expressions) == 1:
            node.set("this", exp.Order(this=argument, expressions=[_ordered(argument.expressions[0])]))
        return
    if isinstance(argument, exp.Order):
        inner = argument.this
        value = inner.expressions[0] if isinstance(inner, exp.Distinct) else inner
        if value.find(exp.Column):
            argument.append("expressions", _ordered(value))
    else:
        node.set("this", exp.Order(this=argument, expressions=[_ordered(argument)]))


def _ordered(value: exp.Expr) -> exp.Ordered:
    return exp.Ordered(this=value.copy())


def _settle_windows(select: exp.Select, columns: _Columns, catalog: Catalog) -> None:
    for window in select.find_all(exp.Window):
        if window.find_ancestor(exp.Select) is not select or peer_safe(window):
            continue
        order = window.args.get("order") or exp.Order(expressions=[])
        for value in columns.of(select, catalog):
            order.append("expressions", _ordered(value))
        if order.expressions:
            window.set("order", order)


def peer_safe(window: exp.Window) -> bool:
    """Whether rows that tie in the window's order get the same answer as it stands."""
    function = window.this
    while isinstance(function, exp.Filter | exp.IgnoreNulls | exp.RespectNulls):
        function = function.this
    if isinstance(function, PEER_SAFE):
        return True
    spec = window.args.get("spec")
    by_position = spec is not None and str(spec.args.get("kind", "")).upper() == "ROWS"
    # A RANGE of values takes one ORDER BY expression only; the functions that look at rows by place ignore such a frame.
    by_value = spec is not None and not by_position and {"FOLLOWING", "PRECEDING"} & _bounded_sides(spec)
    positional = not isinstance(function, exp.AggFunc) or isinstance(
        function, exp.RowNumber | exp.Lag | exp.Lead | exp.Ntile
    )
    value_at = isinstance(function, exp.FirstValue | exp.LastValue | exp.NthValue)
    return bool(by_value) or not (by_position or positional or value_at)


def _bounded_sides(spec: exp.Expr) -> set[str]:
    """On which sides a window's frame ends at a distance."""
    sides = (("start", "start_side"), ("end", "end_side"))
    return {str(spec.args.get(side)) for bound, side in sides if isinstance(spec.args.get(bound), exp.Expr)}


def _settle_limit(select: exp.Select, columns: _Columns, catalog: Catalog) -> None:
    distinct = select.args.get("distinct")
    if distinct is not None and distinct.args.get("on") is not None:
        _order_by(select, columns.of(select, catalog))
    elif select.args.get("limit") or select.args.get("offset"):
        _order_by(select, [exp.Literal.number(i + 1) for i in range(len(select.selects))])


def _order_by(query: exp.Query, ties: Sequence[exp.Expr]) -> None:
    order = query.args.get("order") or exp.Order(expressions=[])
    for value in ties:
        order.append("expressions", _ordered(value))
    query.set("order", order)


class _Columns:
    """The columns by which rows of a SELECT that tie are told apart: rows that agree in these are the same to whoever reads the result."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def of(self, select: exp.Select, catalog: Catalog) -> list[exp.Expr]:
        group = select.args.get("group")
        if group is not None or any(has_aggregate(s, catalog.oracle) for s in select.selects):
            return [
                *(key for key in group_keys(group) if not isinstance(key, exp.Literal)),
                *(s.unalias() for s in select.selects if has_aggregate(s, catalog.oracle) and not s.find(exp.Window)),
            ]
        from_ = select.args.get("from_")
        joins = [j for j in select.args.get("joins") or () if j.kind not in ("SEMI", "ANTI")]
        sources = [] if from_ is None else [from_.this, *(j.this for j in joins)]
        used = _used(select)
        return [
            exp.column(exp.to_identifier(c, quoted=True), table=exp.to_identifier(s.alias_or_name, quoted=True))
            for s in sources
            for c in self._of(s, select, used)
        ]

    def _of(self, source: exp.Expr, select: exp.Select, used: Collection[tuple[str, str]] | None) -> list[str]:
        columns = columns_of(source, select, self._catalog)
        if used is None:
            return columns
        name = source.alias_or_name
        # Of a table function nobody here knows the columns, but those that are used have names.
        return [c for c in columns or [c for table, c in used if table == name] if (name, c) in used]


def _used(select: exp.Select) -> Collection[tuple[str, str]] | None:
    """The columns, as (table, name), that what is read of ``select`` rests on, in the order they are met; None when there is no telling."""
    read = _read_outputs(select)
    chosen = [s for s in select.selects if read is None or s.alias_or_name in read]
    clauses = [select.args[c] for c in ("qualify", "order", "distinct") if select.args.get(c)]
    if any(part.find(exp.Query, exp.Star) for part in (*chosen, *clauses)):
        return None
    return dict.fromkeys((c.table, c.name) for part in (*chosen, *clauses) for c in part.find_all(exp.Column))


def _read_outputs(select: exp.Select) -> set[str] | None:
    """The output columns of ``select`` that the SELECT around it reads; None: all of them."""
    place = select.parent
    if not isinstance(place, exp.Subquery) or not isinstance(place.parent, exp.From | exp.Join):
        return None
    outer = place.find_ancestor(exp.Select)
    alias = place.args.get("alias")
    if outer is None or alias is None or alias.columns:
        return None
    name = place.alias_or_name
    return {c.name for c in outer.find_all(exp.Column) if c.table == name}
