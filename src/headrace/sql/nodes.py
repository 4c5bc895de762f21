"""The operators of a model, as a tree of frozen dataclasses holding sqlglot expressions.

Every node has named output columns. Expressions over one input name its columns unqualified; a Join's condition and a
Recompute's query say which input they mean by the table names in ``INPUTS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

from sqlglot import exp

INPUTS = tuple(f"in{i}" for i in range(64))

Named = tuple[str, exp.Expr]
E = TypeVar("E", bound=exp.Expr)


def column(name: str, table: str | None = None) -> exp.Column:
    """A quoted column reference, so that generated names such as ``f.carrier`` pass as they are."""
    return exp.column(exp.to_identifier(name, quoted=True), table=table, copy=False)


@lru_cache(maxsize=1000)
def _type(text: str) -> exp.DataType:
    return exp.DataType.build(text, dialect="duckdb")


def cast(value: exp.Expr, kind: str) -> exp.Cast:
    """A copy of ``value``, cast to a type that is given as the engine writes it."""
    return exp.cast(value, _type(kind), dialect="duckdb")


def changed(node: E, **args: object) -> E:
    """``node`` with other arguments. The rest is shared, and still says that it is ``node``'s."""
    made = type(node)()
    made.args = {**node.args, **args}
    return made


@dataclass(frozen=True)
class Scan:
    """A source or another model."""

    relation: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Project:
    """Filter, then compute columns."""

    child: Node
    outputs: tuple[Named, ...]
    where: exp.Expr | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.outputs)


@dataclass(frozen=True)
class Expire:
    """A filter on the epoch's logical time: rows enter and leave as time passes.

    Attributes:
        where: all conditions that mention ``:now``.
        expired: a condition that, once true for a row, stays true as time passes; None when there is no such.
    """

    child: Node
    where: exp.Expr
    expired: exp.Expr | None

    @property
    def columns(self) -> tuple[str, ...]:
        return self.child.columns


@dataclass(frozen=True)
class Union:
    """UNION ALL of inputs with the same columns."""

    children: tuple[Node, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return self.children[0].columns


@dataclass(frozen=True)
class Join:
    """Inner (or, with ``on`` None, cross) join. Output: the left columns, then the right ones; their names differ."""

    left: Node
    right: Node
    on: exp.Expr | None

    @property
    def columns(self) -> tuple[str, ...]:
        return self.left.columns + self.right.columns


@dataclass(frozen=True)
class Aggregate:
    """GROUP BY ``keys`` with ``aggregates``; no keys means one row, always."""

    child: Node
    keys: tuple[Named, ...]
    aggregates: tuple[Named, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.keys + self.aggregates)


@dataclass(frozen=True)
class Recompute:
    """A query over clean inputs, kept up to date by running it again: for the affected keys, or as a whole.

    Attributes:
        operator: what it is, in words.
        query: reads the inputs as tables ``in0``, ``in1``, ...
        keys: for each input the expressions by which rows that can influence one another agree; None: the whole.
        columns: the output columns of ``query``.
        by_left: each row of ``in0`` has its part of the result whatever the other rows of ``in0`` are.
    """

    operator: str
    query: exp.Query
    inputs: tuple[Node, ...]
    keys: tuple[tuple[exp.Expr, ...], ...] | None
    columns: tuple[str, ...]
    why: str = ""
    by_left: bool = False


@dataclass(frozen=True)
class Window:
    """Window functions, each a further column.

    Attributes:
        partition: expressions that every function partitions by; () when there is none.
        functions: the window functions as written.
    """

    child: Node
    partition: tuple[exp.Expr, ...]
    functions: tuple[Named, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return self.child.columns + tuple(name for name, _ in self.functions)


@dataclass(frozen=True)
class Top:
    """The first ``limit`` rows of each partition in an order, with their number in it, from 1, as a further column."""

    child: Node
    partition: tuple[exp.Expr, ...]
    order: tuple[exp.Expr, ...]
    limit: int
    number: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.child.columns, self.number)


@dataclass(frozen=True)
class Expand:
    """Each row with the rows that a table function or a lateral SELECT makes of it alone.

    Attributes:
        source: what is read beside ``in0``, the row; its alias is ``made``.
        names: the columns of ``made``, as (output, its own) names.
        outer: a row of which nothing is made is kept, with NULLs.
    """

    child: Node
    source: exp.Expr
    names: tuple[tuple[str, str], ...]
    outer: bool

    @property
    def columns(self) -> tuple[str, ...]:
        return self.child.columns + tuple(name for name, _ in self.names)


@dataclass(frozen=True)
class Session:
    """Rows with the first and the last time of their session: a row opens a new one when it is more than ``gap`` after the one before.

    Attributes:
        keys: columns of the child whose values have sessions of their own.
        time: a column of the child that is never NULL.
        gap: a constant; adding it to times never changes their order.
        first, last: the names of the two columns.
    """

    child: Node
    keys: tuple[exp.Expr, ...]
    time: exp.Expr
    gap: exp.Expr
    first: str
    last: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.child.columns, self.first, self.last)


Node = Scan | Project | Expire | Union | Join | Aggregate | Recompute | Window | Top | Expand | Session


def constant(node: Node) -> set[str]:
    """Columns that are 1 in every row: the number of the first row, where there is no second."""
    return {node.number} if isinstance(node, Top) and node.limit == 1 else set()


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Scan():
            return ()
        case Project() | Expire() | Aggregate() | Window() | Top() | Expand() | Session():
            return (node.child,)
        case Union():
            return node.children
        case Join():
            return (node.left, node.right)
        case Recompute():
            return node.inputs


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """``node`` with ``change`` made to every operator, those below first."""
    match node:
        case Scan():
            made: Node = node
        case Project() | Expire() | Aggregate() | Window() | Top() | Expand() | Session():
            made = replace(node, child=rebuilt(node.child, change))
        case Union():
            made = replace(node, children=tuple(rebuilt(child, change) for child in node.children))
        case Join():
            made = replace(node, left=rebuilt(node.left, change), right=rebuilt(node.right, change))
        case Recompute():
            made = replace(node, inputs=tuple(rebuilt(child, change) for child in node.inputs))
    return change(made)


def scans(node: Node) -> dict[str, tuple[str, ...]]:
    """The relations below ``node``, in order of first mention, with the columns of each that are read."""
    if isinstance(node, Scan):
        return {node.relation: node.columns}
    found: dict[str, tuple[str, ...]] = {}
    for child in children(node):
        for name, columns in scans(child).items():
            found[name] = tuple(dict.fromkeys([*found.get(name, ()), *columns]))
    return found
