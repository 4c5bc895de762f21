"""Pass: `$name` becomes a constant. A value never passes through text that someone wrote."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from headrace.security.constants import constant
from headrace.security.projections import keep_name
from headrace.security.request import Request, nearest


def bind_parameters(query: exp.Query, request: Request) -> exp.Query:
    """Put each parameter's value in its place, as a constant of the value's own type.

    Raises:
        UsageError: HR-155 no value was given, or one that has no constant in SQL.
    """
    for placeholder in list(query.find_all(exp.Placeholder)):
        value = constant(_value(placeholder, request))
        if value is None:
            what = f"`${placeholder.name}` has a value for which SQL has no constant"
            raise request.wrong(what, "HR-155", placeholder, "give a number, a text, a date, a time, or a list of them")
        keep_name(placeholder)
        placeholder.replace(value)
    return query


def _value(placeholder: exp.Placeholder, request: Request) -> Any:
    name = placeholder.name
    if not name or name == "?":
        raise request.wrong("`?` has no name", "HR-155", placeholder, "write $name, and give the parameter by name")
    if name not in request.parameters:
        fix = nearest(name, request.parameters, f"give a value for `{name}`, or write one in the query")
        raise request.wrong(f"the parameter `${name}` was not given", "HR-155", placeholder, fix)
    return request.parameters[name]
