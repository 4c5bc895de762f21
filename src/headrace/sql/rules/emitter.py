"""Collects the steps of a delta program while the operator tree is walked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.nodes import (
    Aggregate,
    Expand,
    Expire,
    Join,
    Node,
    Project,
    Recompute,
    Scan,
    Session,
    Top,
    Union,
    Window,
    column,
    constant,
)
from headrace.sql.program import Advance, Append, Applied, Compute, Seal, State
from headrace.sql.rules.retention import Retention
from headrace.sql.rules.weighted import (
    bag,
    columns,
    delta_table,
    live_table,
    projected,
    semi_join,
    state_table,
    sub,
    union_all,
    weight,
)

if TYPE_CHECKING:
    from headrace.sql.rules import algebraic


GROWS = (
    "grows with every row that arrives; if old ones do not matter, leave them out: WHERE ts > now() - INTERVAL 1 DAY"
)


@dataclass(frozen=True)
class Change:
    """A query for an operator's delta: its columns and ``__w``.

    Attributes:
        needs: deltas without which it is empty.
        timely: time alone can make it non-empty.
        net: no row occurs with both weights.
        direct: computed row by row from one stored delta, so cheap enough to be written out wherever it is read.
        grows: while these deltas are empty, rows only arrive, so that it is net whatever is made of the columns; None: rows may leave.
    """

    query: exp.Query
    needs: frozenset[str]
    timely: bool = False
    net: bool = True
    direct: bool = False
    grows: frozenset[str] | None = None


class Emitter:
    """State of one compilation. Operators that occur twice are maintained once.

    Args:
        root: the operator whose rows are the model's.
    """

    def __init__(self, model: str, catalog: Catalog, root: Node) -> None:
        self.model = model
        self.catalog = catalog
        self.root = root
        self.steps: list[State | Compute] = []
        self.advance: list[Advance] = []
        self.applied: dict[Node, Applied] = {}
        self.grouped: dict[Aggregate, algebraic.Grouped] = {}
        self.retention = Retention(catalog)
        self._changes: dict[Node, Change] = {}
        self._named: dict[Node, Change] = {}
        self._olds: dict[Node, exp.Query] = {}
        self._clean: set[Node] = set()
        self._depth = 0

    @property
    def states(self) -> list[State]:
        return [step for step in self.steps if isinstance(step, State)]

    def change(self, node: Node) -> Change:
        """The delta of ``node``, as a query to be placed in another."""
        from headrace.sql.rules import algebraic, bilinear, linear, recompute, session, temporal, top, window

        if node not in self._changes:
            self._depth += 1
            match node:
                case Project():
                    made = algebraic.through(node, self) or linear.change(node, self)
                case Scan() | Union() | Expand():
                    made = linear.change(node, self)
                case Expire():
                    made = temporal.change(node, self)
                case Join():
                    made = bilinear.change(node, self)
                case Aggregate():
                    made = session.grouped(node, self) or algebraic.change(node, self)
                case Recompute():
                    made = recompute.change(node, self)
                case Window():
                    made = window.change(node, self)
                case Top():
                    made = top.change(node, self)
                case Session():
                    made = session.change(node, self)
            self._depth -= 1
            self._changes[node] = made
        return self._changes[node]

    def named(self, node: Node) -> Change:
        """The delta of ``node`` for more than one reader: computed once into a relation of its own, unless that is dearer."""
        if node not in self._named:
            change = self.change(node)
            if not change.direct:
                change = self.computed(
                    change.query, change.needs, timely=change.timely, net=change.net, grows=change.grows
                )
            self._named[node] = change
        return self._named[node]

    def computed(
        self,
        query: exp.Query,
        needs: frozenset[str],
        *,
        timely: bool = False,
        net: bool = True,
        name: str = "",
        simple: exp.Query | None = None,
        unless: frozenset[str] = frozenset(),
        stored: bool = True,
        grows: frozenset[str] | None = None,
    ) -> Change:
        """A Compute step for ``query``; returns the change that reads its result."""
        name = name or f"{self.model}.{len(self.steps)}"
        self.steps.append(Compute(name, query, needs, timely, simple, unless, stored))
        return Change(
            exp.select("*").from_(delta_table(name), copy=False),
            frozenset({name}),
            timely,
            net,
            direct=True,
            grows=grows,
        )

    def state(self, shape: exp.Query, bound: str, *, weighted: bool = True, warning: str = "") -> str:
        name = f"{self.model}.s{len(self.steps)}"
        self.steps.append(State(name, shape, bound, weighted, warning))
        return name

    def old(self, node: Node, done: exp.Expr | None = None) -> exp.Query:
        """``node``'s rows before this epoch, with weights; kept as a state when nothing else holds them.

        Args:
            done: holds for rows that this reader needs no more, as watermarks rise; None: it needs all of them.
        """
        self.retention.read(node, done)
        if node not in self._olds:
            held = self._held(node)
            if held is not None or self.append_only(node):
                self._clean.add(node)
            self._olds[node] = held or self._kept(node)
        return self._olds[node]

    def hold(self, node: Node, query: exp.Query, *, clean: bool = True) -> None:
        """Tell that ``query`` gives ``node``'s rows before this epoch, so that no second state is needed."""
        if node not in self._olds:
            self._olds[node] = query
            if clean:
                self._clean.add(node)

    def clean(self, node: Node) -> bool:
        """Whether :meth:`old` has each row of ``node`` just once, none of them leaving."""
        return node in self._clean

    def new(self, node: Node, done: exp.Expr | None = None) -> exp.Query:
        """``node``'s rows after this epoch, with weights: what was there and what changes."""
        return union_all(
            [
                exp.select(*columns(node), weight()).from_(sub(self.old(node, done), "o"), copy=False),
                exp.select(*columns(node), weight()).from_(sub(self.named(node).query, "d"), copy=False),
            ]
        )

    def result(self, node: Node) -> exp.Query | None:
        """``node``'s rows before this epoch, read from the model's own table; None when the model shows other rows."""
        names = {name: name for name in self.root.columns}
        at = self.root
        while at != node:
            if not isinstance(at, Project) or at.where is not None:
                return None
            shown = {value.name: name for name, value in at.outputs if isinstance(value, exp.Column)}
            if not set(shown) >= set(at.child.columns) - constant(at.child) or len(shown) != len(at.outputs):
                return None
            names = {below: names[name] for below, name in shown.items()}
            at = at.child
        one = exp.cast(exp.Literal.number(1), "BIGINT")
        values = [column(names[name]) if name in names else one.copy() for name in node.columns]
        outputs = [exp.alias_(value, name, quoted=True) for value, name in zip(values, node.columns, strict=True)]
        return exp.select(*outputs, weight(1)).from_(live_table(self.model), copy=False)

    def kept_by_group(self, node: Node, only: exp.Expr | None = None) -> exp.Query | None:
        """The current rows of a result that is a grouping, from the state that the grouping keeps; None for other results.

        Args:
            only: of the groups, those for which this holds.
        """
        if isinstance(node, Project):
            below = self.kept_by_group(node.child, only)
            if below is None:
                return None
            outputs = [exp.alias_(value, name, quoted=True) for name, value in node.outputs]
            query = exp.select(*outputs).from_(sub(below, "t"), copy=False)
            return query if node.where is None else query.where(node.where.copy(), copy=False)
        if isinstance(node, Aggregate) and node in self._clean:
            rows = exp.select(*columns(node)).from_(sub(self._olds[node], "t"), copy=False)
            return rows if only is None else rows.where(only.copy(), copy=False)
        return None

    def finished(self, node: Node, *, live: bool) -> Seal | None:
        """Let states go as watermarks pass, once every reader of each is known; what of the result is final.

        Args:
            live: the result is a view of its grouping's state, whose groups must be sealed when they go.
        """
        root = _grouping(node) if live else None
        done = self.retention.finish(self, root)
        if root is not None:
            rows = self.kept_by_group(node, done) if done is not None else None
            return None if rows is None else Seal(rows, None)
        where = self.retention.passed(node)
        if where is None:
            return None
        return Seal(exp.select(*columns(node)).from_(live_table(self.model), copy=False).where(where), where)

    def append_only(self, node: Node) -> bool:
        """Rows never leave ``node``."""
        match node:
            case Scan():
                return self.catalog.relations[node.relation].append_only
            case Project() | Expand():
                return self.append_only(node.child)
            case Union():
                return all(self.append_only(child) for child in node.children)
            case Join():
                return self.append_only(node.left) and self.append_only(node.right)
            case Aggregate() | Expire() | Recompute() | Window() | Top() | Session():
                return False

    def explain(self, node: Node, line: Applied) -> None:
        self.applied[node] = Applied(line.operator, line.rule, line.reason, line.detail, line.states, self._depth)

    def states_of(self, *nodes: Node) -> tuple[str, ...]:
        """The names of this model's states that hold these operators' rows."""
        read = {table.name for node in nodes for table in self._olds[node].find_all(exp.Table) if table.db == "state"}
        return tuple(state.name for state in self.states if state.name in read)

    def affected(
        self,
        node: Node,
        keys: Sequence[exp.Expr],
        changed: exp.Query,
        *,
        before: bool,
        least: Sequence[exp.Expr | None],
    ) -> exp.Select:
        """The clean rows of ``node``, before or after this epoch, whose keys are among the changed ones.

        Args:
            changed: columns k0, k1, ..., a value of ``keys`` a row. NULL keys agree with each other.
            least: for each of ``keys``, the least value that can still be changed.
        """
        done = self.retention.below(keys, least)
        rows = self.old(node, done) if before else self.new(node, done)
        chosen = self.agreeing(exp.select(*columns(node), weight()).from_(sub(rows, "r"), copy=False), keys, changed)
        return bag(chosen, node.columns, append_only=self.append_only(node) or (before and self.clean(node)))

    def agreeing(self, rows: exp.Select, keys: Sequence[exp.Expr], changed: exp.Query) -> exp.Select:
        """Those of ``rows`` whose keys are among the changed ones."""
        if not keys:
            return rows
        pairs = (
            exp.NullSafeEQ(this=exp.paren(k), expression=exp.column(f"k{i}", table="a")) for i, k in enumerate(keys)
        )
        return semi_join(rows, sub(changed, "a"), exp.and_(*pairs))

    def move(self, made: Node, node: Node) -> None:
        """What is told of the operator ``made`` is told of ``node``, which was made into it."""
        self.applied[node] = self.applied.pop(made)
        if made in self._olds:
            self.hold(node, self._olds[made], clean=made in self._clean)

    def _held(self, node: Node) -> exp.Query | None:
        """From what is kept already, live content or the state of a grouping, without a state of its own."""
        if node in self._clean:
            return self._olds[node]
        if isinstance(node, Scan) and self.catalog.relations[node.relation].live:
            return exp.select(*columns(node), weight(1)).from_(live_table(node.relation), copy=False)
        if isinstance(node, Project):
            held = self._held(node.child)
            return None if held is None else projected(node, held)
        return None

    def _kept(self, node: Node) -> exp.Query:
        change = self.named(node)
        grows = self.append_only(node)
        bound = "every row of the input" if grows else "the current rows of the input"
        name = self.state(change.query, bound, warning=GROWS if grows else "")
        self.retention.keep(node, name)
        self.advance.append(Append(name, change.query, change.needs, not self.append_only(node)))
        return exp.select("*").from_(state_table(name), copy=False)


def _grouping(node: Node) -> Aggregate:
    """The grouping below projections."""
    while isinstance(node, Project):
        node = node.child
    assert isinstance(node, Aggregate)
    return node
