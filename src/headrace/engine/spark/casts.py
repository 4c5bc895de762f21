"""Casts.

| DuckDB | Spark | |
| --- | --- | --- |
| integer to integer, to BOOLEAN, to DOUBLE | the same | what does not fit fails in both |
| integer or DECIMAL to DECIMAL | the same | half away from zero |
| DECIMAL to integer | `CAST(round(x, 0) AS …)` | half away from zero; Spark cuts off |
| DATE to TIMESTAMP, TIMESTAMP to DATE, TIMESTAMP to and from TIMESTAMPTZ | the same | in UTC |
| integer, BOOLEAN, DATE to VARCHAR | the same | |
| a literal to DATE, TIMESTAMP, TIMESTAMPTZ | the same | if it is written as ISO 8601 has it |

DuckDB computes: VARCHAR to anything (the engines accept different spellings), DOUBLE to integers, DECIMAL and VARCHAR (other roundings and
digits), TRY_CAST.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlglot import exp

from headrace.engine.spark.kinds import FLOATS, INTEGERS, TIMES, T, is_exact, is_text, same, spark_type
from headrace.engine.spark.refusal import Unfaithful
from headrace.engine.spark.trees import Rules, call, cast, number

if TYPE_CHECKING:
    from headrace.engine.spark.render import Writer

_DAY = r"\d{4}-(0\d|1[0-2])-([0-2]\d|3[01])"
_MOMENT = _DAY + r"([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?)?"
_WRITTEN = {T.DATE: _DAY, T.TIMESTAMPNTZ: _MOMENT, T.TIMESTAMPTZ: _MOMENT + r"([+-]\d\d(:\d\d)?|Z)?"}
_SHOWN = {*INTEGERS, T.BOOLEAN, T.DATE}


def _cast(node: exp.Expr, write: Writer) -> exp.Expr:
    to = write.kind(node)
    if isinstance(node.this, exp.Literal) and node.this.is_string and to.this in TIMES:
        return from_literal(node.this, to)
    return convert(write(node.this), write.kind(node.this), to)


def from_literal(literal: exp.Expr, to: exp.DataType) -> exp.Expr:
    """A text as the time that both engines read in it."""
    if not re.fullmatch(_WRITTEN[to.this], literal.name):
        raise Unfaithful(f"the text '{literal.name}' as {to.sql('duckdb')}")
    return cast(exp.Literal.string(literal.name), spark_type(to))


def convert(value: exp.Expr, kind: exp.DataType, to: exp.DataType) -> exp.Expr:
    """A written value of one DuckDB type as another.

    Raises:
        Unfaithful: the engines may convert it differently.
    """
    if same(kind, to) and not is_text(kind):
        return value
    if is_text(kind) and is_text(to):
        return value
    if kind.this is T.DECIMAL and to.this in INTEGERS:
        value = call("round", value, number(0))
    elif not _alike(kind, to):
        raise Unfaithful(f"a cast of {kind.sql('duckdb')} to {to.sql('duckdb')}")
    return cast(value, spark_type(to))


def _alike(kind: exp.DataType, to: exp.DataType) -> bool:
    if kind.this is T.NULL:
        return True
    if kind.this in INTEGERS:
        return to.this in INTEGERS or to.this in FLOATS or to.this in {T.DECIMAL, T.BOOLEAN} or is_text(to)
    if is_exact(kind):
        return to.this is T.DECIMAL or to.this in FLOATS
    if kind.this in FLOATS:
        return to.this is T.DOUBLE
    if kind.this is T.BOOLEAN:
        return to.this in INTEGERS or is_text(to)
    if kind.this in TIMES:
        return to.this in TIMES or (kind.this in _SHOWN and is_text(to))
    return False


RULES: Rules = {exp.Cast: _cast}
