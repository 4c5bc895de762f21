r"""Texts and structs.

| DuckDB | Spark | |
| --- | --- | --- |
| `length(text)` | `char_length` | code points |
| `a \|\| b` | `concat(a, b)` | NULL if one is |
| `concat(a, b)` | `concat_ws('', a, b)` | NULLs count as '' |
| `LIKE 'a\%'` | `LIKE 'a\\%'` | a backslash is only itself |
| `starts_with`, `contains`, `replace` | `startswith`, `contains`, `replace` | every occurrence; none of '' |
| `{'x': 1}`, `struct_extract(s, 'x')` | `named_struct('x', 1)`, `s.x` | |

Refused: `lower` and `upper` (each engine has its own table of letters), regular expressions, formats, JSON, lists and lambdas.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from headrace.engine.spark.kinds import is_text
from headrace.engine.spark.refusal import Unfaithful
from headrace.engine.spark.trees import Rules, call, named

if TYPE_CHECKING:
    from headrace.engine.spark.render import Writer


def _texts(node: exp.Expr, write: Writer, *values: exp.Expr) -> list[exp.Expr]:
    if not all(is_text(write.kind(value)) for value in values):
        raise Unfaithful(f"{node.sql('duckdb')}, which is not of texts,")
    return [write(value) for value in values]


def _length(node: exp.Expr, write: Writer) -> exp.Expr:
    return write.made(call("char_length", *_texts(node, write, node.this)), node)


def _joined(node: exp.Expr, write: Writer) -> exp.Expr:
    return call("concat", *_texts(node, write, node.this, node.expression))


def _concatenated(node: exp.Expr, write: Writer) -> exp.Expr:
    return call("concat_ws", exp.Literal.string(""), *_texts(node, write, *node.expressions))


def _like(node: exp.Expr, write: Writer) -> exp.Expr:
    if not (isinstance(node.expression, exp.Literal) and node.expression.is_string):
        raise Unfaithful(f"{node.sql('duckdb')}, whose pattern is not written out,")
    (value,) = _texts(node, write, node.this)
    return exp.Like(this=value, expression=exp.Literal.string(node.expression.name.replace("\\", "\\\\")))


def _found(node: exp.Expr, write: Writer) -> exp.Expr:
    name = "startswith" if isinstance(node, exp.StartsWith) else "contains"
    return call(name, *_texts(node, write, node.this, node.expression))


def _replaced(node: exp.Expr, write: Writer) -> exp.Expr:
    return call("replace", *_texts(node, write, node.this, node.expression, node.args["replacement"]))


def _struct(node: exp.Expr, write: Writer) -> exp.Expr:
    parts: list[exp.Expr] = []
    for field in node.expressions:
        if not isinstance(field, exp.PropertyEQ):
            raise Unfaithful(node.sql("duckdb"))
        parts += [exp.Literal.string(field.this.name), write(field.expression)]
    return call("named_struct", *parts)


def _field(node: exp.Expr, write: Writer) -> exp.Expr:
    if not (isinstance(node.expression, exp.Literal) and node.expression.is_string):
        raise Unfaithful(node.sql("duckdb"))
    return exp.Dot(this=exp.paren(write(node.this)), expression=named(node.expression.name))


RULES: Rules = {
    exp.Length: _length,
    exp.DPipe: _joined,
    exp.Concat: _concatenated,
    exp.Like: _like,
    **dict.fromkeys((exp.StartsWith, exp.Contains), _found),
    exp.Replace: _replaced,
    exp.Struct: _struct,
    exp.StructExtract: _field,
}
