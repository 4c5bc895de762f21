"""Logic and comparisons.

| DuckDB | Spark | |
| --- | --- | --- |
| `a IS [NOT] DISTINCT FROM b` | `[NOT] a <=> b` | NULLs agree, also within a STRUCT |
| `a < b`, `a IN (b, c)`, `BETWEEN`, `NULLIF` | the same | of two numbers, texts, times or truth values; two kinds are DuckDB's to compare, for each engine turns the one into the other by rules of its own |
| `'2013-01-01' < ts` | `TIMESTAMP_NTZ '2013-01-01' < ts` | a text beside a time is a time, if it is written as ISO 8601 has it |
| `greatest`, `least`, `coalesce`, `CASE` | the same, of one type | all values are first made what DuckDB makes of them |
| `max`, `greatest` of a STRUCT | by a key in which NULL is the largest | Spark's NULL is the smallest |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from headrace.engine.spark import casts
from headrace.engine.spark.kinds import NESTED, TIMES, T, is_number, is_text
from headrace.engine.spark.refusal import Unfaithful
from headrace.engine.spark.trees import Rules, again, call, named

if TYPE_CHECKING:
    from headrace.engine.spark.render import Writer


def _unchanged(node: exp.Expr, write: Writer) -> exp.Expr:
    return again(node, write)


def compared(node: exp.Expr, write: Writer) -> exp.Expr:
    left, right = _alike([node.this, node.expression], write)
    kind = write.kind(node.this)
    if isinstance(node, exp.GT | exp.GTE | exp.LT | exp.LTE) and kind.this in NESTED:
        left, right = order_key(left, kind), order_key(right, kind)
    if isinstance(node, exp.NullSafeNEQ):
        return exp.Not(this=exp.paren(exp.NullSafeEQ(this=left, expression=right), copy=False))
    return type(node)(this=left, expression=right)


def among(node: exp.Expr, write: Writer) -> exp.Expr:
    if node.args.get("unnest") is not None:
        raise Unfaithful(node.sql("duckdb"))
    value, *others = _alike([node.this, *node.expressions], write)
    return exp.In(this=value, expressions=others)


def _between(node: exp.Expr, write: Writer) -> exp.Expr:
    if node.args.get("symmetric"):
        raise Unfaithful("BETWEEN SYMMETRIC")
    value, low, high = _alike([node.this, node.args["low"], node.args["high"]], write)
    return exp.Between(this=value, low=low, high=high)


def _nullif(node: exp.Expr, write: Writer) -> exp.Expr:
    left, right = _alike([node.this, node.expression], write)
    return write.made(call("nullif", left, right), node)


def _is(node: exp.Expr, write: Writer) -> exp.Expr:
    if not isinstance(node.expression, exp.Null | exp.Boolean):
        raise Unfaithful(node.sql("duckdb"))
    return again(node, write)


def _alike(values: Sequence[exp.Expr], write: Writer) -> list[exp.Expr]:
    """Values of one family, which the engines compare alike; literal texts beside times become times."""
    others = [write.kind(value) for value in values if not _is_text_literal(value)]
    times = [kind for kind in others if kind.this in TIMES]
    written = []
    for value in values:
        if times and _is_text_literal(value):
            written.append(casts.from_literal(value, times[0]))
        else:
            written.append(write(value))
    of_one_family(others if times else [write.kind(value) for value in values])
    return written


def of_one_family(kinds: Sequence[exp.DataType]) -> None:
    """
    Raises:
        Unfaithful: the engines do not compare such values alike.
    """
    families = {_family(kind) for kind in kinds} - {None}
    if len(families) > 1:
        raise Unfaithful("a comparison of " + " with ".join(sorted(str(f) for f in families)))


def _is_text_literal(value: exp.Expr) -> bool:
    return isinstance(value, exp.Literal) and value.is_string


def _family(kind: exp.DataType) -> str | None:
    """What a type may be compared with; NULL with anything."""
    if kind.this is T.NULL:
        return None
    if is_number(kind):
        return "a number"
    if is_text(kind):
        return "a text"
    return "a time" if kind.this in TIMES else kind.sql("duckdb")


def _case(node: exp.Expr, write: Writer) -> exp.Expr:
    if node.this is not None:
        _alike([node.this, *(i.this for i in node.args["ifs"])], write)
    kind = write.kind(node)
    ifs = [exp.If(this=write(i.this), true=write.as_kind(i.args["true"], kind)) for i in node.args["ifs"]]
    default = node.args.get("default")
    return exp.Case(
        this=None if node.this is None else write(node.this),
        ifs=ifs,
        default=None if default is None else write.as_kind(default, kind),
    )


def _if(node: exp.Expr, write: Writer) -> exp.Expr:
    kind, other = write.kind(node), node.args.get("false")
    return exp.Case(
        ifs=[exp.If(this=write(node.this), true=write.as_kind(node.args["true"], kind))],
        default=None if other is None else write.as_kind(other, kind),
    )


def _coalesce(node: exp.Expr, write: Writer) -> exp.Expr:
    kind = write.kind(node)
    return call("coalesce", *(write.as_kind(value, kind) for value in (node.this, *node.expressions)))


def extreme(name: str, node: exp.Expr, values: Sequence[exp.Expr], write: Writer) -> exp.Expr:
    """The least or greatest of some values; NULLs do not count."""
    kind = write.kind(node)
    written = [write.as_kind(value, kind) for value in values]
    first, *others = written
    if kind.this not in NESTED:
        return call(name, first, *others) if others else first
    for other in others:
        first = _further(name, first, other, kind)
    return first


def _further(name: str, one: exp.Expr, other: exp.Expr, kind: exp.DataType) -> exp.Expr:
    beyond = (exp.GTE if name == "greatest" else exp.LTE)(this=order_key(one, kind), expression=order_key(other, kind))
    stays = exp.or_(exp.Is(this=other.copy(), expression=exp.Null()), beyond)
    return exp.Case(ifs=[exp.If(this=stays, true=one.copy())], default=other.copy())


def order_key(value: exp.Expr, kind: exp.DataType) -> exp.Expr:
    """What orders a STRUCT in Spark as DuckDB orders it; NULL of one that is NULL."""
    if kind.this is not T.STRUCT or any(field.kind.this in NESTED for field in kind.expressions):
        raise Unfaithful(f"the order of {kind.sql('duckdb')}")
    parts: list[exp.Expr] = []
    for i, field in enumerate(kind.expressions):
        part = exp.Dot(this=exp.paren(value.copy()), expression=named(field.name))
        parts += [exp.Literal.string(f"n{i}"), exp.Is(this=part, expression=exp.Null())]
        parts += [exp.Literal.string(f"v{i}"), part.copy()]
    present = exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))
    return exp.Case(ifs=[exp.If(this=present, true=call("named_struct", *parts))])


def _least(node: exp.Expr, write: Writer) -> exp.Expr:
    return extreme("least", node, [node.this, *node.expressions], write)


def _greatest(node: exp.Expr, write: Writer) -> exp.Expr:
    return extreme("greatest", node, [node.this, *node.expressions], write)


RULES: Rules = {
    **dict.fromkeys((exp.And, exp.Or, exp.Not, exp.Paren, exp.Null, exp.Boolean), _unchanged),
    # The other comparisons, and IN, may be with what a query gives: see ``subqueries``.
    **dict.fromkeys((exp.NullSafeEQ, exp.NullSafeNEQ), compared),
    exp.Between: _between,
    exp.Nullif: _nullif,
    exp.Is: _is,
    exp.Case: _case,
    exp.If: _if,
    exp.Coalesce: _coalesce,
    exp.Least: _least,
    exp.Greatest: _greatest,
}
