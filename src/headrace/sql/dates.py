"""Groups by a date that is written out as text are groups by the date: it is compared faster, and is text only in the result."""

from __future__ import annotations

import re
from dataclasses import replace

from sqlglot import exp

from headrace.sql.nodes import Aggregate, Node, Project, column, rebuilt

# In this order, none left out, a format's fields say which second, minute, ... a time is in, and nothing else.
UNITS = {"Y": "YEAR", "m": "MONTH", "d": "DAY", "H": "HOUR", "M": "MINUTE", "S": "SECOND"}

_FIELD = re.compile(r"%(.)", re.DOTALL)


def dated(node: Node) -> Node:
    """
    Example:
        GROUP BY strftime(at, '%Y-%m-%d')  ->  GROUP BY date_trunc('day', at), of which the text is shown
    """
    return rebuilt(node, lambda n: _dated(n) if isinstance(n, Aggregate) else n)


def _dated(node: Aggregate) -> Node:
    units = {name: unit for name, value in node.keys if (unit := unit_of(value))}
    if not units:
        return node
    keys = tuple(
        (name, exp.TimestampTrunc(this=value.this.copy(), unit=exp.var(units[name])) if name in units else value)
        for name, value in node.keys
    )
    texts = {name: _of(value, column(name)) for name, value in node.keys if name in units}
    return Project(replace(node, keys=keys), tuple((name, texts.get(name, column(name))) for name in node.columns))


def unit_of(value: exp.Expr) -> str:
    """The unit of time in which two times have to be for the texts that ``value`` writes to be equal; '' when it is none."""
    if not isinstance(value, exp.TimeToStr) or isinstance(value.this, exp.Literal):
        return ""
    written = value.args["format"]
    fields = [f for f in _FIELD.findall(written.name) if f != "%"] if isinstance(written, exp.Literal) else []
    known = list(UNITS)[: len(fields)]
    return UNITS[known[-1]] if fields and sorted(fields) == sorted(known) else ""


def key_of_text(value: exp.Expr, child: Node) -> str | None:
    """The key of ``child`` of which ``value`` writes the text, another for each of its values; None for what is no such text."""
    unit = unit_of(value)
    key = dict(child.keys).get(value.this.name) if unit and isinstance(child, Aggregate) else None
    return value.this.name if isinstance(key, exp.TimestampTrunc) and key.text("unit") == unit else None


def _of(written: exp.Expr, time: exp.Expr) -> exp.Expr:
    text = written.copy()
    text.set("this", time)
    return text
