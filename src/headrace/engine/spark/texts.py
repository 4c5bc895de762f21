r"""Texts and structs.

| DuckDB | Spark | |
| --- | --- | --- |
| `length(text)` | `char_length` | code points |
| `a \|\| b` | `concat(a, b)` | NULL if one is |
| `concat(a, b)` | `concat_ws('', a, b)` | NULLs count as '' |
| `LIKE 'a\%'` | `LIKE 'a\\%'` | a backslash is only itself |
| `starts_with`, `contains`, `replace` | `startswith`, `contains`, `replace` | every occurrence; none of '' |
| `lower`, `upper` | `translate` by DuckDB's table of letters | Spark's is another, and looks at letters around |
| `split_part(text, '/', 2)` | the same | separator and number written out, neither empty nor 0 |
| `regexp_extract(text, '(&\|^)id=([^&]*)', 2)` | the same | of plain patterns: signs, classes of them, groups, `\|`, `^`, `*`, `+`, `?` |
| `{'x': 1}`, `struct_extract(s, 'x')` | `named_struct('x', 1)`, `s.x` | |

DuckDB computes: other regular expressions and formats, JSON, lists. Refused: lambdas.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import duckdb
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
    texts = _texts(node, write, node.this, node.expression)
    # Of a part that is NULL whatever the row, as nullif('', ''), DuckDB gives the whole no type: nor has it a value.
    return call("concat", *texts) if is_text(write.kind(node)) else exp.Null()


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


def _cased(node: exp.Expr, write: Writer) -> exp.Expr:
    letters, others = _letters("lower" if isinstance(node, exp.Lower) else "upper")
    return call("translate", *_texts(node, write, node.this), exp.Literal.string(letters), exp.Literal.string(others))


@cache
def _letters(function: str) -> tuple[str, str]:
    """The letters that a function of DuckDB changes, and what it makes of each: it looks at one code point at a time."""
    points = "SELECT i FROM range(1, 55296) AS t(i) UNION ALL SELECT i FROM range(57344, 1114112) AS t(i)"
    changed = f"SELECT chr(i::INTEGER) AS c, {function}(c) AS other FROM ({points}) WHERE c <> other ORDER BY i"
    with duckdb.connect() as connection:
        found = connection.execute(changed).fetchall()
    return "".join(c for c, _ in found), "".join(other for _, other in found)


def _part(node: exp.Expr, write: Writer) -> exp.Expr:
    separator, place = node.args["delimiter"], node.args["part_index"]
    at = place.this if isinstance(place, exp.Neg) else place
    written = isinstance(separator, exp.Literal) and separator.is_string and separator.name and at.is_int
    if not written or int(at.name) == 0:
        raise Unfaithful(f"{node.sql('duckdb')}, whose separator and number are not written out,")
    return call("split_part", *_texts(node, write, node.this, separator), write(place))


# What RE2 and Java's regular expressions have in common, and read alike: no escapes, no `.`, no `$`, no counts, nothing lazy or possessive.
_PLAIN_PATTERN = re.compile(
    r"(?:(?:[\w=&/:, @#;!~%<>'\"-]|\[\^?[\w=&/:, @#;]+\]|\))[*+?]?(?![*+?])|\((?!\?)|\||\^)+", re.ASCII
)


def _extracted(node: exp.Expr, write: Writer) -> exp.Expr:
    pattern, group = node.expression, node.args.get("group") or exp.Literal.number(0)
    plain = isinstance(pattern, exp.Literal) and pattern.is_string and _PLAIN_PATTERN.fullmatch(pattern.name)
    if not plain or not group.is_int or pattern.name.count("(") < int(group.name):
        raise Unfaithful(f"{node.sql('duckdb')}, which is not a plain regular expression,")
    return call("regexp_extract", *_texts(node, write, node.this, pattern), write(group))


RULES: Rules = {
    exp.RegexpExtract: _extracted,
    **dict.fromkeys((exp.Lower, exp.Upper), _cased),
    exp.SplitPart: _part,
    exp.Length: _length,
    exp.DPipe: _joined,
    exp.Concat: _concatenated,
    exp.Like: _like,
    **dict.fromkeys((exp.StartsWith, exp.Contains), _found),
    exp.Replace: _replaced,
    exp.Struct: _struct,
    exp.StructExtract: _field,
}
