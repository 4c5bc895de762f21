"""Arithmetic.

| DuckDB | Spark | |
| --- | --- | --- |
| `a + b` of integers | of DuckDB's type of it | beyond that type both fail; a HUGEINT fails at 38 digits |
| `a + b`, `a * b` of DECIMAL | cast to DuckDB's precision | exact in between: `allowPrecisionLoss` is off |
| `a / b` | of DOUBLE, `b = 0` as IEEE has it | also of integers and DECIMAL; Spark fails at 0 |
| `a // b` of integers | `div(a, nullif(b, 0))` | towards zero; by zero it is NULL |
| `a % b` of integers | `a % nullif(b, 0)` | by zero it is NULL |
| `sign(x)` | a CASE | a TINYINT, in Spark a DOUBLE |
| `round(x, n)` of DECIMAL | the same | half away from zero |
| `1`, `1.5`, `1e5` | the same | INTEGER, DECIMAL, DOUBLE |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from headrace.engine.spark.kinds import FLOATS, INTEGERS, T, is_exact, is_number
from headrace.engine.spark.refusal import Unfaithful
from headrace.engine.spark.times import shifted
from headrace.engine.spark.trees import Rules, again, call, cast, number

if TYPE_CHECKING:
    from headrace.engine.spark.render import Writer


def _added(node: exp.Expr, write: Writer) -> exp.Expr:
    if isinstance(node.expression, exp.Interval):
        return shifted(node, write)
    return _arithmetic(node, write)


def _arithmetic(node: exp.Expr, write: Writer) -> exp.Expr:
    kind, left, right = write.kind(node), write.kind(node.this), write.kind(node.expression)
    if not (is_number(kind) and is_number(left) and is_number(right)):
        raise Unfaithful(f"{left.sql('duckdb')} {node.key} {right.sql('duckdb')}")
    if kind.this is T.DECIMAL:
        return write.made(again(node, write), node)
    return type(node)(this=write.as_kind(node.this, kind), expression=write.as_kind(node.expression, kind))


def _divided(node: exp.Expr, write: Writer) -> exp.Expr:
    kind = write.kind(node)
    if kind.this not in FLOATS:
        raise Unfaithful(f"a division that gives {kind.sql('duckdb')}")
    over, by = write.as_kind(node.this, kind), write.as_kind(node.expression, kind)
    return divided(over, by, kind)


def divided(over: exp.Expr, by: exp.Expr, kind: exp.DataType) -> exp.Expr:
    """As IEEE 754 has it, by zero as well."""
    zero = exp.EQ(this=by, expression=number(0))
    negative = exp.EQ(this=cast(by.copy(), "STRING"), expression=exp.Literal.string("-0.0"))
    endless = call("if", negative, *(cast(exp.Literal.string(f"{s}Infinity"), kind.copy()) for s in ("-", "")))
    ratio = exp.Div(this=over.copy(), expression=by.copy(), typed=True, safe=False)
    times = exp.Mul(this=over.copy(), expression=endless)
    return exp.Case(ifs=[exp.If(this=zero, true=times)], default=ratio)


def _whole_division(node: exp.Expr, write: Writer) -> exp.Expr:
    kind = _integers(node, write)
    left, right = (write.as_kind(value, kind) for value in (node.this, node.expression))
    return write.made(call("div", left, call("nullif", right, number(0))), node)


def _remainder(node: exp.Expr, write: Writer) -> exp.Expr:
    kind = _integers(node, write)
    left, right = (write.as_kind(value, kind) for value in (node.this, node.expression))
    return write.made(call("mod", left, call("nullif", right, number(0))), node)


def _integers(node: exp.Expr, write: Writer) -> exp.DataType:
    kind = write.kind(node)
    if any(write.kind(value).this not in INTEGERS for value in (node, node.this, node.expression)):
        raise Unfaithful(f"{node.sql('duckdb')}, which is not of integers,")
    return kind


def _one(node: exp.Expr, write: Writer) -> exp.Expr:
    if not is_number(write.kind(node.this)):
        raise Unfaithful(node.sql("duckdb"))
    return again(node, write)


def _sign(node: exp.Expr, write: Writer) -> exp.Expr:
    if not is_exact(write.kind(node.this)):
        raise Unfaithful(f"{node.sql('duckdb')}, whose argument is no exact number,")
    value = write(node.this)
    signs = ((exp.GT, 1), (exp.LT, -1), (exp.EQ, 0))
    ifs = [exp.If(this=test(this=value.copy(), expression=number(0)), true=number(sign)) for test, sign in signs]
    return write.made(exp.Case(ifs=ifs), node)


def _round(node: exp.Expr, write: Writer) -> exp.Expr:
    digits = node.args.get("decimals")
    if write.kind(node.this).this is not T.DECIMAL or not (digits is None or digits.is_int):
        raise Unfaithful(f"{node.sql('duckdb')}, whose argument is no DECIMAL,")
    return write.made(call("round", write(node.this), digits.copy() if digits is not None else number(0)), node)


def _literal(node: exp.Expr, _: Writer) -> exp.Expr:
    return node.copy()


RULES: Rules = {
    exp.Literal: _literal,
    exp.Add: _added,
    exp.Sub: _added,
    exp.Mul: _arithmetic,
    exp.Div: _divided,
    exp.IntDiv: _whole_division,
    exp.Mod: _remainder,
    exp.Neg: _one,
    exp.Abs: _one,
    exp.Sign: _sign,
    exp.Round: _round,
}
