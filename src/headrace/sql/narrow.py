"""Columns that nothing above reads are dropped as far below as they come in, so that no state holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import replace

from sqlglot import exp

from headrace.sql.functions import expands
from headrace.sql.nodes import (
    Aggregate,
    Expand,
    Expire,
    Join,
    Named,
    Node,
    Project,
    Recompute,
    Scan,
    Session,
    Top,
    Union,
    Window,
    column,
)


def narrowed(node: Node, growing: Set[str]) -> Node:
    """``node`` with the same rows, from narrower inputs. An operator that is read from several places stays one.

    Args:
        growing: the relations whose rows never leave. Of others every column is read: with fewer, a row could leave and arrive.
    """
    needs: dict[Node, set[str]] = {}
    _need(node, set(node.columns), needs)
    return _Narrow(needs, growing).of(node)


def _need(node: Node, wanted: set[str], needs: dict[Node, set[str]]) -> None:
    """Add to what is needed of ``node``, and so of those below it."""
    known = needs.get(node)
    if known is not None and wanted <= known:
        return
    needs[node] = (known or set()) | wanted
    for child, below in _below(node, needs[node]):
        _need(child, below, needs)


def _below(node: Node, wanted: set[str]) -> Iterator[tuple[Node, set[str]]]:
    """What ``node`` reads of those below it to give the columns that are wanted."""
    match node:
        case Scan():
            return
        case Project():
            yield node.child, _read(value for _, value in _some(node.outputs, wanted)) | _read([node.where])
        case Expire():
            yield node.child, wanted | _read([node.where, node.expired])
        case Union():
            kept = {name for name, _ in _some(tuple((c, column(c)) for c in node.columns), wanted)}
            yield from ((child, kept) for child in node.children)
        case Join():
            used = wanted | _read([node.on])
            yield node.left, used & set(node.left.columns)
            yield node.right, used & set(node.right.columns)
        case Aggregate():
            yield node.child, _read(value for _, value in (*node.keys, *_calls(node, wanted)))
        case Window():
            functions = _read(v for name, v in node.functions if name in wanted)
            yield node.child, (wanted & set(node.child.columns)) | functions | _read(node.partition)
        case Top():
            yield node.child, (wanted & set(node.child.columns)) | _read([*node.partition, *node.order])
        case Session():
            yield node.child, (wanted & set(node.child.columns)) | _read([*node.keys, node.time])
        case Expand():
            yield node.child, (wanted & set(node.child.columns)) | (_read([node.source]) & set(node.child.columns))
        case Recompute():
            used = _read([_selecting(node, wanted)])
            for i, child in enumerate(node.inputs):
                keys = _read(node.keys[i]) if node.keys is not None else set()
                yield child, (used | keys) & set(child.columns) if _is_open(node) else set(child.columns)


def _some(named: tuple[Named, ...], wanted: set[str]) -> tuple[Named, ...]:
    """Those that are wanted or make several rows of one, and at least one: a row without any column is no row."""
    return tuple(pair for pair in named if pair[0] in wanted or expands(pair[1])) or named[:1]


def _calls(node: Aggregate, wanted: set[str]) -> tuple[Named, ...]:
    if node.keys:
        return tuple(pair for pair in node.aggregates if pair[0] in wanted)
    return _some(node.aggregates, wanted)


def _read(values: Iterable[exp.Expr | None]) -> set[str]:
    return {c.name for value in values if value is not None for c in value.find_all(exp.Column)}


def _is_open(node: Recompute) -> bool:
    """Whether its query is one that we wrote, column by column: fewer columns are then the same rows."""
    query = node.query
    return (
        isinstance(query, exp.Select)
        and node.operator != "SELECT"
        and not query.args.get("distinct")
        and not any(s.is_star for select in query.find_all(exp.Select) for s in select.selects)
        and tuple(s.alias_or_name for s in query.selects) == node.columns
    )


def _selecting(node: Recompute, wanted: set[str]) -> exp.Query:
    if not _is_open(node):
        return node.query
    query = node.query.copy()
    chosen = [s for s in query.selects if s.alias_or_name in wanted]
    query.set("expressions", chosen or query.selects[:1])
    return query


class _Narrow:
    """Rebuilds operators with what is needed of them."""

    def __init__(self, needs: dict[Node, set[str]], growing: Set[str]) -> None:
        self._needs = needs
        self._growing = growing
        self._made: dict[Node, Node] = {}

    def of(self, node: Node) -> Node:
        if node not in self._made:
            self._made[node] = self._narrow(node, self._needs[node])
        return self._made[node]

    def _narrow(self, node: Node, wanted: set[str]) -> Node:
        match node:
            case Scan():
                some = tuple(c for c in node.columns if c in wanted) or node.columns[:1]
                return replace(node, columns=some) if node.relation in self._growing else node
            case Project():
                return Project(self.of(node.child), _some(node.outputs, wanted), node.where)
            case Expire() | Top() | Expand() | Session():
                return replace(node, child=self.of(node.child))
            case Union():
                kept = _some(tuple((c, column(c)) for c in node.columns), wanted)
                return Union(tuple(Project(self.of(child), kept) for child in node.children))
            case Join():
                return Join(self.of(node.left), self.of(node.right), node.on)
            case Aggregate():
                return Aggregate(self.of(node.child), node.keys, _calls(node, wanted))
            case Window():
                functions = tuple(f for f in node.functions if f[0] in wanted)
                return Window(self.of(node.child), node.partition, functions)
            case Recompute():
                return self._recompute(node, wanted)

    def _recompute(self, node: Recompute, wanted: set[str]) -> Node:
        inputs = tuple(self.of(child) for child in node.inputs)
        if not _is_open(node):
            return replace(node, inputs=inputs)
        query = _selecting(node, wanted)
        return replace(node, inputs=inputs, query=query, columns=tuple(s.alias_or_name for s in query.selects))
