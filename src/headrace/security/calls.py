"""Pass: every function is on the list for the place where it is called."""

from __future__ import annotations

from sqlglot import exp

from headrace.errors import AccessDenied
from headrace.security.functions import CLOCK, FUNCTIONS, REASONS, TABLE_FUNCTIONS
from headrace.security.request import Request, nearest


def check_calls(query: exp.Query, request: Request) -> exp.Query:
    """Refuse functions that neither `functions.py` lists nor the project has, and write the others in lower case.

    A method call `x.f()`, a call in a schema `main.f()` and a quoted `"f"()` are calls of f.

    Raises:
        AccessDenied: HR-903 a function in an expression, HR-905 a function in FROM.
    """
    for call in query.find_all(exp.Anonymous):
        name = call.name.lower()
        if isinstance(call.parent, (exp.Table, exp.Lateral)):
            _check_table_function(name, call, request)
        elif name not in FUNCTIONS | request.catalog.functions:
            raise _refused(name, call, request)
        elif isinstance(call.parent, exp.Dot) and (name in CLOCK or name == "age"):
            raise request.denied(f"`{name}` may not be called as a method", "HR-903", call, f"write {name}(…)")
        call.set("this", name)
    return query


def _check_table_function(name: str, call: exp.Anonymous, request: Request) -> None:
    if name not in TABLE_FUNCTIONS:
        reason, fix = _reason(name)
        fix = fix or f"FROM may call {', '.join(sorted(TABLE_FUNCTIONS))}"
        raise request.denied(f"`{name}` may not be called in FROM{reason}", "HR-905", call, fix)
    if call.parent and call.parent.args.get("db"):
        raise request.denied(f"`{name}` may not be called in a schema", "HR-905", call, f"write {name}(…)")


def _refused(name: str, call: exp.Anonymous, request: Request) -> AccessDenied:
    reason, fix = _reason(name)
    fix = fix or nearest(name, FUNCTIONS | request.catalog.functions, "use a function from docs/concepts/gate.md")
    return request.denied(f"`{name}` may not be called in a query{reason}", "HR-903", call, fix)


def _reason(name: str) -> tuple[str, str]:
    for reason, fix, starts in REASONS:
        if name.startswith(starts):
            return f": {reason}", fix
    return "", ""
