"""Building Spark's expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlglot import exp

if TYPE_CHECKING:
    from headrace.engine.spark.render import Writer

Write = Callable[[exp.Expr], exp.Expr]
Rule: TypeAlias = "Callable[[exp.Expr, Writer], exp.Expr]"
Rules: TypeAlias = Mapping[type[exp.Expr], Rule]


def again(node: exp.Expr, write: Write) -> exp.Expr:
    """The same node over what its children are written as."""
    return type(node)(**{name: _each(value, write) for name, value in node.args.items()})


def _each(value: Any, write: Write) -> Any:
    if isinstance(value, list):
        return [_each(one, write) for one in value]
    return write(value) if isinstance(value, exp.Expr) else value


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """A function of Spark's, which sqlglot is not to translate."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def cast(value: exp.Expr, kind: exp.DataType | str) -> exp.Cast:
    """A cast, also of a cast: sqlglot's own takes two DECIMAL of different digits for the same type.

    Args:
        kind: Spark's.
    """
    return exp.Cast(
        this=value, to=kind if isinstance(kind, exp.DataType) else exp.DataType.build(kind, dialect="spark")
    )


def number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def named(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)


def conjuncts(node: exp.Expr) -> list[exp.Expr]:
    """What AND joins: nodes of the tree itself, whose types are known."""
    if isinstance(node, exp.And):
        return [*conjuncts(node.this), *conjuncts(node.expression)]
    return conjuncts(node.this) if isinstance(node, exp.Paren) and isinstance(node.this, exp.And) else [node]
