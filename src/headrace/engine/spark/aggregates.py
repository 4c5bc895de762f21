"""Aggregates and window functions.

| DuckDB | Spark | |
| --- | --- | --- |
| `sum` of integers | of DECIMAL(38, 0) | a HUGEINT; Spark's BIGINT would overflow |
| `sum` of DECIMAL(p, s) | of DECIMAL(38, s) | |
| `avg` of integers, DECIMAL | the sum as DOUBLE by the count | Spark gives a DECIMAL |
| `count_if(x)` | a sum of 1 and 0 | NULL where nothing is known; Spark has 0 |
| `min`, `max` of a STRUCT | `min_by`, `max_by` of a key | in which NULL is the largest |
| `FILTER`, `DISTINCT` within | the same | |
| `FILTER` in a window | `CASE WHEN … THEN x END` | Spark has none there |
| `row_number`, `rank`, `dense_rank`, `ntile` | as BIGINT | Spark has INT |
| `percent_rank`, `cume_dist`, `first_value`, `last_value`, `nth_value` | the same | |
| `lag`, `lead` | the same | the value and the default of one type |
| frames | ROWS; RANGE from the first row, or to the current | others are refused |

DuckDB computes, from the list of a group's rows or a frame's: what orders or picks (`list`, `string_agg`, `median`, `mode`, quantiles), variances, sketches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sqlglot import exp

from headrace.engine.spark.compare import order_key
from headrace.engine.spark.kinds import FLOATS, NESTED, T, is_exact
from headrace.engine.spark.numbers import divided
from headrace.engine.spark.refusal import Unfaithful
from headrace.engine.spark.trees import Rules, call, cast, number

if TYPE_CHECKING:
    from headrace.engine.spark.render import Writer

Wrap = Callable[[exp.Expr], exp.Expr]
"""Puts the FILTER and the OVER of a call around what it is written as."""


def _called(node: exp.Expr, write: Writer) -> exp.Expr:
    """A call of an aggregate, with the FILTER and the OVER that it has."""
    aggregate, wrap = call_within(node, write)
    rule = _AGGREGATES.get(type(aggregate))
    if rule is None:
        raise Unfaithful(aggregate.sql("duckdb"))
    return rule(aggregate, write, wrap, node)


def _filter(node: exp.Expr, write: Writer) -> Wrap:
    def filtered(made: exp.Expr) -> exp.Expr:
        return exp.Filter(this=made, expression=exp.Where(this=write(node.expression.this)))

    return filtered


def _chosen(node: exp.Expr, write: Writer, over: Wrap) -> Wrap:
    """A FILTER in a window, of which Spark knows nothing: what does not meet it is NULL, and no aggregate takes that."""

    def met(value: exp.Expr) -> exp.Expr:
        value = number(1) if isinstance(value, exp.Star) else value
        return exp.Case(ifs=[exp.If(this=write(node.expression.this), true=value)])

    def chosen(made: exp.Expr) -> exp.Expr:
        if made.this is None or isinstance(made, exp.Anonymous):
            made.set("expressions", [met(value) for value in made.expressions])
        else:
            made.set("this", met(made.this))
        return over(made)

    return chosen


def _over(node: exp.Expr, write: Writer) -> Wrap:
    if node.args.get("alias") is not None or node.args.get("over") not in (None, "OVER") or not _frame_is_known(node):
        raise Unfaithful(f"the window {node.sql('duckdb')}")

    def over(made: exp.Expr) -> exp.Expr:
        order = node.args.get("order")
        return exp.Window(
            this=made,
            partition_by=[write(value) for value in node.args.get("partition_by") or []],
            order=None if order is None else write(order),
            spec=None if node.args.get("spec") is None else node.args["spec"].copy(),
            over="OVER",
        )

    return over


def call_within(node: exp.Expr, write: Writer) -> tuple[exp.Expr, Wrap]:
    """The call of an aggregate in its FILTER and OVER, and what puts those around what comes in its place."""
    if isinstance(node, exp.Window) and isinstance(node.this, exp.Filter):
        return node.this.this, _chosen(node.this, write, _over(node, write))
    if isinstance(node, exp.Window):
        return node.this, _over(node, write)
    if isinstance(node, exp.Filter):
        return node.this, _filter(node, write)
    return node, lambda made: made


def _window(node: exp.Expr, write: Writer) -> exp.Expr:
    over, inner = _over(node, write), node.this
    if isinstance(inner, exp.Lag | exp.Lead):
        return over(_neighbour(inner, write, write.kind(node)))
    if type(inner) in _PLACED:
        return over(_placed(inner, write))
    if (name := _RANKS.get(type(inner))) and node.args.get("order") is not None:
        bucket = [write(inner.this)] if isinstance(inner, exp.Ntile) else []
        return write.made(over(call(name, *bucket)), node)
    if isinstance(inner, exp.RowNumber) and not node.args.get("partition_by"):
        # Any numbering will do, and the rows are kept with it; Spark wants an order.
        anyhow = exp.Order(expressions=[exp.Ordered(this=number(1))])
        return write.made(exp.Window(this=call("row_number"), order=anyhow, over="OVER"), node)
    return _called(node, write)


def _neighbour(node: exp.Expr, write: Writer, kind: exp.DataType) -> exp.Expr:
    offset, default = node.args.get("offset"), node.args.get("default")
    if not (offset is None or (isinstance(offset, exp.Literal) and offset.is_int)):
        raise Unfaithful(node.sql("duckdb"))
    otherwise = [] if default is None else [write.as_kind(default, kind)]
    return call(node.key, write.as_kind(node.this, kind), offset.copy() if offset else number(1), *otherwise)


def _placed(node: exp.Expr, write: Writer) -> exp.Expr:
    """The value of the first, the last or a numbered row of the frame."""
    numbered = node.args.get("offset")
    if isinstance(node, exp.NthValue) and not (isinstance(numbered, exp.Literal) and numbered.is_int):
        raise Unfaithful(node.sql("duckdb"))
    return call(_PLACED[type(node)], write(node.this), *([] if numbered is None else [numbered.copy()]))


_PLACED: Mapping[type[exp.Expr], str] = {
    exp.FirstValue: "first_value",
    exp.LastValue: "last_value",
    exp.NthValue: "nth_value",
}


_RANKS: Mapping[type[exp.Expr], str] = {
    exp.RowNumber: "row_number",
    exp.Rank: "rank",
    exp.DenseRank: "dense_rank",
    exp.PercentRank: "percent_rank",
    exp.CumeDist: "cume_dist",
    exp.Ntile: "ntile",
}
_ENDS = {"UNBOUNDED", "CURRENT ROW"}


def _frame_is_known(node: exp.Expr) -> bool:
    spec = node.args.get("spec")
    if spec is None:
        return True
    kind, ends = str(spec.args.get("kind")).upper(), [spec.args.get("start"), spec.args.get("end")]
    if spec.args.get("exclude") is not None or kind not in {"ROWS", "RANGE"}:
        return False
    plain = all(end is None or (isinstance(end, str) and end.upper() in _ENDS) for end in ends)
    counted = all(not isinstance(end, exp.Expr) or (isinstance(end, exp.Literal) and end.is_int) for end in ends)
    return plain or (counted and kind == "ROWS")


def _sum(node: exp.Expr, write: Writer, wrap: Wrap, whole: exp.Expr) -> exp.Expr:
    return write.made(wrap(_total(node, write)), whole)


def _total(node: exp.Expr, write: Writer) -> exp.Expr:
    value, distinct = _argument(node)
    kind = write.kind(value)
    written = write(value)
    if is_exact(kind) or kind.this is T.BOOLEAN:
        scale = kind.expressions[1].name if kind.this is T.DECIMAL and len(kind.expressions) > 1 else "0"
        written = cast(written, f"DECIMAL(38, {scale})")
    elif kind.this in FLOATS:
        written = cast(written, "DOUBLE")
    else:
        raise Unfaithful(f"the sum of {kind.sql('duckdb')}")
    return exp.Sum(this=_each(written, distinct))


def _average(node: exp.Expr, write: Writer, wrap: Wrap, whole: exp.Expr) -> exp.Expr:
    value, distinct = _argument(node)
    count = wrap(exp.Count(this=_each(write(value), distinct)))
    total = cast(wrap(_total(node, write)), "DOUBLE")
    by = cast(call("nullif", count, number(0)), "DOUBLE")
    return write.made(divided(total, by, write.kind(whole)), whole)


def _count(node: exp.Expr, write: Writer, wrap: Wrap, _: exp.Expr) -> exp.Expr:
    if node.this is None or isinstance(node.this, exp.Star):
        return wrap(exp.Count(this=exp.Star()))
    value, distinct = _argument(node)
    return wrap(exp.Count(this=_each(write(value), distinct)))


def _count_if(node: exp.Expr, write: Writer, wrap: Wrap, whole: exp.Expr) -> exp.Expr:
    one = exp.If(this=write(node.this), true=cast(number(1), "DECIMAL(38, 0)"))
    none = exp.If(this=exp.Not(this=exp.paren(write(node.this))), true=cast(number(0), "DECIMAL(38, 0)"))
    return write.made(wrap(exp.Sum(this=exp.Case(ifs=[one, none]))), whole)


def _extreme(node: exp.Expr, write: Writer, wrap: Wrap, whole: exp.Expr) -> exp.Expr:
    value, _ = _argument(node)
    kind, name = write.kind(value), "max" if isinstance(node, exp.Max) else "min"
    written = write(value)
    if kind.this in NESTED:
        return wrap(call(f"{name}_by", written, order_key(written, kind)))
    if kind.this is T.NULL:
        return write.made(wrap(call(name, written)), whole)
    return wrap(call(name, written))


def _logical(node: exp.Expr, write: Writer, wrap: Wrap, _: exp.Expr) -> exp.Expr:
    return wrap(call("bool_and" if isinstance(node, exp.LogicalAnd) else "bool_or", write(node.this)))


def _argument(node: exp.Expr) -> tuple[exp.Expr, bool]:
    """The one argument, and whether its distinct values are meant."""
    value = node.this
    distinct = isinstance(value, exp.Distinct)
    if distinct and len(value.expressions) == 1 and value.args.get("on") is None:
        value = value.expressions[0]
    if node.expressions or node.args.get("count") or isinstance(value, exp.Distinct | exp.Order | exp.Star | exp.Tuple):
        raise Unfaithful(node.sql("duckdb"))
    return value, distinct


def _each(value: exp.Expr, distinct: bool) -> exp.Expr:
    return exp.Distinct(expressions=[value]) if distinct else value


# Of the call, what writes, what puts its FILTER and OVER around, and the node that has them, which has its type.
_AGGREGATES: dict[type[exp.Expr], Callable[[exp.Expr, Writer, Wrap, exp.Expr], exp.Expr]] = {
    exp.Sum: _sum,
    exp.Avg: _average,
    exp.Count: _count,
    exp.CountIf: _count_if,
    exp.Min: _extreme,
    exp.Max: _extreme,
    exp.LogicalAnd: _logical,
    exp.LogicalOr: _logical,
}


RULES: Rules = {**dict.fromkeys(_AGGREGATES, _called), exp.Filter: _called, exp.Window: _window}
