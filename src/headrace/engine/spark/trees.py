"""Building Spark's expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

Write = Callable[[exp.Expr], exp.Expr]


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


def number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def named(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)
