"""From a model's SQL text to its delta program."""

from __future__ import annotations

import re

from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

from headrace.errors import SqlError
from headrace.sql.build import build
from headrace.sql.catalog import Catalog
from headrace.sql.dates import dated
from headrace.sql.fuse import fused
from headrace.sql.keys import key
from headrace.sql.narrow import narrowed
from headrace.sql.nodes import Node, Project, children, column, scans
from headrace.sql.passes import PASSES, logical_time
from headrace.sql.program import WEIGHT, WHOLE, Applied, Program
from headrace.sql.rules.emitter import Emitter
from headrace.sql.rules.weighted import net, sub
from headrace.sql.sessions import sessions
from headrace.sql.text import SqlText, parse
from headrace.sql.tops import first_rows
from headrace.sql.whole import whole


def compile_model(name: str, text: SqlText, catalog: Catalog) -> Program:
    """The delta program of model ``name``.

    Raises:
        SqlError: the text is not a SELECT that can be maintained; it says where and what to write instead.
    """
    query, names = settled(text, catalog)
    node = None if _is_closed(query) else fused(dated(first_rows(sessions(build(query, catalog), catalog.oracle))))
    if node is None or len(node.columns) != len(names):
        node = whole(query, catalog, {}, "a SELECT whose columns only the engine knows", names)
    growing = {name for name, relation in catalog.relations.items() if relation.append_only}
    node = narrowed(_named(node, names, text), growing)
    emitter = Emitter(name, catalog, node)
    change = emitter.change(node)
    appended = emitter.append_only(node)
    live = emitter.kept_by_group(node)
    exact = change.net or appended or live is not None
    seal = emitter.finished(node, live=live is not None)
    outputs = [*(column(c) for c in node.columns), exp.column(WEIGHT)]

    def shown(rows: exp.Query) -> exp.Query:
        return exp.select(*outputs).from_(sub(rows, "o"))

    emitter.computed(
        shown(change.query if exact else net(change.query, node.columns)),
        change.needs,
        timely=change.timely,
        name=name,
        simple=shown(change.query) if change.grows and not exact else None,
        unless=change.grows or frozenset(),
        stored=live is None,
    )
    return Program(
        model=name,
        columns=node.columns,
        reads=scans(node),
        steps=tuple(emitter.steps),
        advance=tuple(emitter.advance),
        key=key(node, catalog),
        append_only=appended,
        batch=_whole_text(query, node.columns),
        live=live,
        applied=tuple(_in_order(node, emitter.applied)),
        seal=seal,
        frontier=emitter.retention.frontiers.of(node),
    )


def settled(text: SqlText, catalog: Catalog) -> tuple[exp.Query, tuple[str, ...]]:
    """The text taken through every pass, and the output column names that the engine gives the text as it was written."""
    query = parse(text)
    names: tuple[str, ...] = ()
    for step in PASSES:
        query = step(query, catalog, text)
        if step is logical_time:
            names = _described(query, text, catalog)
            if _is_closed(query):
                break
    return query, names


def _is_closed(query: exp.Query) -> bool:
    """Only the engine can tell the columns: the text is taken as it stands."""
    return query.find(exp.Pivot) is not None


def _described(query: exp.Query, text: SqlText, catalog: Catalog) -> tuple[str, ...]:
    """The engine binds the query: what is wrong with its names and types comes out here, with its place."""
    try:
        columns = catalog.oracle.describe(query)
    except SqlError as error:
        words = re.search(
            r'"([^"]+)" (?:not found|does not)|column (?:named )?"?(\w+)"?|[Ff]unction with name "?(\w+)"?|\'(\w+)\(',
            error.what,
        )
        found = next((g for g in words.groups() if g), "") if words else ""
        place = text.find(found) if found else text.place(1, 1)
        what, _, hint = error.what.partition("\n")
        raise SqlError(what, code="HR-308", where=place, fix=" ".join(hint.split()) or error.fix) from None
    for name, kind in columns:
        if "STRUCT(" in kind and _has_unnamed(exp.DataType.build(kind, dialect="duckdb")):
            raise SqlError(
                f"the column {name} holds a row whose values have no names, and no table keeps such a row",
                code="HR-308",
                where=text.place(1, 1),
                fix="name the values, as in {'a': …, 'b': …}, or make each a column",
            )
    return tuple(name for name, _ in columns)


def _has_unnamed(kind: exp.DataType) -> bool:
    structs = (s for s in kind.find_all(exp.DataType) if s.is_type("struct"))
    return any(not isinstance(field, exp.ColumnDef) for struct in structs for field in struct.expressions)


def _whole_text(query: exp.Query, names: tuple[str, ...]) -> exp.Query:
    """The settled text itself, over whole relations (``all.R``): no operator of ours has a part in it.

    So a defect in taking the text apart, or in a rule, makes the batch answer and the kept one differ.
    """
    text = query.copy()
    for scope in traverse_scope(text):
        for table in scope.tables:
            if isinstance(table.this, exp.Identifier) and not table.db and table.name not in scope.cte_sources:
                table.set("db", exp.to_identifier(WHOLE, quoted=True))
    rows = sub(text, "q")
    rows.args["alias"].set("columns", [exp.to_identifier(name, quoted=True) for name in names])
    return exp.select(*map(column, names)).from_(rows)


def reads(text: SqlText, known: set[str]) -> tuple[str, ...]:
    """The names of ``known`` relations that the text mentions, in order of first mention; for ordering models."""
    found = (table.name.lower() for table in parse(text).find_all(exp.Table))
    return tuple(dict.fromkeys(name for name in found if name in known))


def _named(node: Node, names: tuple[str, ...], text: SqlText) -> Node:
    """``node`` with those output names."""
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise SqlError(
                f"two columns are called {name!r}", code="HR-307", where=text.find(name), fix="name them apart with AS"
            )
        seen.add(name.lower())
    if names == node.columns:
        return node
    return Project(node, tuple((name, column(old)) for name, old in zip(names, node.columns, strict=True)))


def _in_order(node: Node, applied: dict[Node, Applied]) -> list[Applied]:
    """Lines of ``explain``, the result first."""
    lines: list[Applied] = []

    def visit(current: Node, depth: int) -> None:
        line = applied.get(current)
        if line is not None:
            lines.append(Applied(line.operator, line.rule, line.reason, line.detail, line.states, depth))
        # An operator without a line of its own is a part of the one above.
        for child in children(current):
            visit(child, depth + (line is not None))

    visit(node, 0)
    return lines
