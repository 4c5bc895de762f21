"""A result column keeps the name it would have had, when a constant takes the place of what gave the name."""

from __future__ import annotations

from sqlglot import exp

from headrace.security.dialect import DIALECT


def keep_name(node: exp.Expr) -> None:
    """Name the column of the SELECT that `node` stands in after its text, unless it has a name already."""
    column = node
    while column.parent is not None and not isinstance(column.parent, exp.Select):
        column = column.parent
    if column.arg_key != "expressions" or isinstance(column, (exp.Alias, exp.Star)) or column.find(exp.Columns):
        return
    text = column.sql(dialect=DIALECT, comments=False, normalize_functions="lower")
    name = text.lower() if isinstance(column, exp.Func) else text
    holder = exp.Alias(alias=exp.to_identifier(name, quoted=True))
    column.replace(holder)
    holder.set("this", column)
