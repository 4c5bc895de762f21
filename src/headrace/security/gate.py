"""The one gate: a principal's SQL -> a tree that may run, and the text made from that tree.

`gate` is a pure function. It asks no database and runs nothing; what it knows is the catalog it is handed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError

from headrace.security.calls import check_calls
from headrace.security.catalog import Catalog
from headrace.security.clock import stop_clock
from headrace.security.columns import check_columns
from headrace.security.dialect import Sealed, write
from headrace.security.grammar import check_syntax
from headrace.security.parameters import bind_parameters
from headrace.security.principals import Principal
from headrace.security.reading import read
from headrace.security.relations import project_relations, relations_of, resolve_relations
from headrace.security.request import Request

Pass = Callable[[exp.Query, Request], exp.Query]

PASSES: tuple[Pass, ...] = (
    check_syntax,
    check_calls,
    resolve_relations,
    check_columns,
    bind_parameters,
    stop_clock,
    project_relations,
)
"""In order. The first four decide, on the words as they were written; the last three rewrite what was admitted."""


@dataclass(frozen=True)
class Admitted:
    """A query that may run.

    Attributes:
        expression: the admitted tree, with each relation as a table by its bare name, for the engine to place. It is
            written by the gate's own dialect, whatever dialect `.sql()` is asked for.
        sql: DuckDB SQL written from the tree, with no word of the user's text but names and constants.
        relations: the catalog's names of the relations it reads.
    """

    expression: exp.Query
    sql: str
    relations: frozenset[str]


def gate(
    principal: Principal,
    sql: str,
    catalog: Catalog,
    parameters: Mapping[str, Any] | None = None,
    *,
    now: datetime | None = None,
) -> Admitted:
    """Admit a query, or say why not.

    Args:
        principal: who asks; named in refusals.
        sql: one query: SELECT, FROM …, VALUES, a set operation, or WITH before any of them.
        catalog: what may be named.
        parameters: values for `$name`, which become constants of their own type.
        now: the logical time (UTC when naive) that `now()`, `current_date` and the like stand for. When it is not known
            yet, they are left to the engine as the placeholder `now`, a TIMESTAMPTZ that it binds to its epoch's time.

    Raises:
        UsageError: HR-150 to HR-155, the query is wrong: it cannot be read, is too large, or names what is not there.
        AccessDenied: HR-901 to HR-906, the query asks for what no query may do.
    """
    request = Request(principal, sql, catalog, parameters or {}, now)
    try:
        query = _query(read(request), request)
        for step in PASSES:
            query = step(query, request)
        return Admitted(Sealed(this=query), write(query), relations_of(query))
    except RecursionError:
        raise request.wrong("the query is nested too deeply", "HR-150", fix="move inner queries into WITH") from None
    except SqlglotError as error:
        raise request.denied(f"this cannot be passed on as it was written: {error}", "HR-902") from None


def _query(tree: exp.Expr, request: Request) -> exp.Query:
    """The statement, if it is a query; VALUES and PIVOT become what is selected from."""
    if isinstance(tree, exp.Values | exp.Pivot):
        return exp.select("*").from_(tree if isinstance(tree, exp.Values) else exp.Subquery(this=tree))
    if isinstance(tree, exp.Query):
        return tree
    what = f"`{request.sql.split(maxsplit=1)[0][:40]}` does not begin a query, and only queries may be sent"
    denied = request.denied(what, "HR-901", fix="begin with SELECT, FROM, VALUES or WITH")
    denied.where = request.first_word()
    raise denied
