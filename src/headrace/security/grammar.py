"""Pass: every node of the tree is of a class, in a place and with a text that a query may have."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from sqlglot import exp

from headrace.errors import AccessDenied
from headrace.security.request import Request
from headrace.security.syntax import NODES, TABLE_PARTS, TYPES

WORDS = re.compile(r"[A-Za-z_ ]*\Z")
NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")
FREE_TEXT = (exp.Anonymous, exp.Identifier, exp.Literal, exp.Placeholder, exp.RawString)
"""Written between quotes, replaced, or judged by name. In any other node a text is keywords, and is written bare."""

NAME_PLACES = (
    exp.CTE,
    exp.Column,
    exp.Dot,
    exp.Join,
    exp.Pivot,
    exp.PivotAlias,
    exp.Star,
    exp.Table,
    exp.TableAlias,
    exp.UnpivotColumns,
)
"""Where the parser takes a placeholder for a name. A value is never a name."""


def check_syntax(query: exp.Query, request: Request) -> exp.Query:
    """Refuse what `syntax.py` does not list.

    Raises:
        AccessDenied: HR-902 a clause or an operator, HR-903 a function that has a syntax of its own.
    """
    for node in query.walk():
        if type(node) not in NODES:
            raise _unlisted(node, request)
        _check_words(node, request)
        check = CHECKS.get(type(node))
        problem = check(node) if check else None
        if problem:
            raise request.denied(problem[0], "HR-902", node, problem[1])
    return query


def _unlisted(node: exp.Expr, request: Request) -> AccessDenied:
    if isinstance(node, exp.Func):
        return request.denied(f"`{node.sql_name().lower()}` may not be called in a query", "HR-903", node)
    what = re.sub(r"(?<!^)(?=[A-Z])", " ", type(node).__name__).upper()
    fix = FIXES.get(type(node), "leave it out: a query may only read, by the syntax in docs/concepts/gate.md")
    return request.denied(f"{what} may not stand in a query", "HR-902", node, fix)


def _check_words(node: exp.Expr, request: Request) -> None:
    for text in node.args.values():
        if isinstance(text, str) and not isinstance(node, FREE_TEXT) and not WORDS.match(text):
            raise request.denied(f"`{text}` is not a word that may stand here", "HR-902", node, "leave it out")


FIXES: dict[type[exp.Expr], str] = {
    exp.ByteString: "write it between plain quotes; chr(10) is a line break",
    exp.National: "write it between plain quotes",
    exp.Fetch: "write LIMIT",
}

Problem = tuple[str, str] | None
"""What is wrong, and the fix."""


def _literal(node: exp.Expr) -> Problem:
    if node.is_string or NUMBER.match(str(node.this)):
        return None
    return f"`{node.this}` is not a number that can be passed on", "write it in decimal digits"


def _table(node: exp.Expr) -> Problem:
    extra = [key for key, value in node.args.items() if value and key not in TABLE_PARTS]
    if extra == ["catalog"] or isinstance(node.this, exp.Dot):
        return "a relation of another database may not be read", "name the relation alone"
    if extra:
        return f"{extra[0].upper().replace('_', ' ')} may not stand at a relation", "name the relation alone"
    if not isinstance(node.this, (exp.Identifier, exp.Anonymous)):
        return "this does not name a relation", "write the relation's name, not a parameter or a text"
    return None


def _lateral(node: exp.Expr) -> Problem:
    if node.args.get("view") or node.args.get("outer"):
        return "LATERAL VIEW and APPLY may not stand in a query", "join LATERAL (SELECT …)"
    return None


def _in(node: exp.Expr) -> Problem:
    if node.args.get("unnest"):
        return "IN UNNEST may not stand in a query", "write IN and the list, without UNNEST"
    if isinstance(node.parent, exp.Pivot) and not _constant_values(node):
        return _PIVOT
    return None


def _pivot(node: exp.Expr) -> Problem:
    found = node.this and not node.args.get("unpivot")
    if found and not all(isinstance(value, exp.In) for value in node.expressions):
        return _PIVOT
    return None


_PIVOT = (
    "a PIVOT whose columns are found while it runs changes the engine's catalog",
    "list the values: ON column IN ('a', 'b')",
)


def _constant_values(node: exp.Expr) -> bool:
    return bool(node.expressions) and not any(value.find(exp.Query) for value in node.expressions)


def _type(node: exp.Expr) -> Problem:
    if node.this in TYPES:
        return None
    return f"`{node.args.get('kind') or node.sql()}` is not a type that a query may name", "cast to a built-in type"


def _placeholder(node: exp.Expr) -> Problem:
    key_of_struct = isinstance(node.parent, exp.PropertyEQ) and node.arg_key == "this"
    if isinstance(node.parent, NAME_PLACES) or node.arg_key == "alias" or key_of_struct:
        return "a parameter stands where a name belongs", "write the name itself; a parameter is a value"
    return None


CHECKS = cast(
    Mapping[Any, Callable[[exp.Expr], Problem]],
    {
        exp.DataType: _type,
        exp.In: _in,
        exp.Lateral: _lateral,
        exp.Literal: _literal,
        exp.Pivot: _pivot,
        exp.Placeholder: _placeholder,
        exp.Table: _table,
    },
)
