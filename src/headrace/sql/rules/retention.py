"""What states may forget: rows that no step will read again, as watermarks rise.

Every reader of an operator's kept rows says which of them it is done with. Rows go when all readers are, and only where every
watermark that this rests on belongs to a source that sets late rows aside. Where one does not, ``explain`` says what it would do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from headrace.sql.catalog import Catalog
from headrace.sql.frontier import Frontiers, lifted, watermarks
from headrace.sql.functions import substituted
from headrace.sql.nodes import Aggregate, Node, Project, column
from headrace.sql.program import Forget, State

if TYPE_CHECKING:
    from headrace.sql.rules.emitter import Emitter


@dataclass(frozen=True)
class _Held:
    """A state: a copy of rows, for its readers only, or rows that are final when ``own`` holds.

    Attributes:
        values: the operator's columns over those of the state, as far as they are there; None: they are the same.
    """

    state: str
    values: Mapping[str, exp.Expr] | None = None
    own: exp.Expr | None = None


@dataclass
class Retention:
    catalog: Catalog
    _readers: dict[Node, list[exp.Expr | None]] = field(default_factory=dict)
    _held: dict[Node, _Held] = field(default_factory=dict)
    _alone: list[_Held] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.frontiers = Frontiers(self.catalog.relations)

    def read(self, node: Node, done: exp.Expr | None) -> None:
        """A step reads ``node``'s kept rows, but no more those for which ``done`` holds."""
        self._readers.setdefault(node, []).append(done)

    def keep(self, node: Node, state: str, values: Mapping[str, exp.Expr] | None = None) -> None:
        """``state`` holds the rows of ``node``; with ``values``, it is a row for each group, with these columns of ``node``."""
        if values is None:
            self._held[node] = _Held(state)
        else:
            self._held[node] = _Held(state, values, self._below_frontier([column(name) for name in values], node))

    def alone(self, state: str, keys: Sequence[exp.Expr], values: Sequence[exp.Expr], child: Node) -> None:
        """``state`` holds rows that nothing else reads; each of ``keys`` is one of ``values`` over ``child``."""
        least = [lifted(value, self.frontiers.of(child)) for value in values]
        self._alone.append(_Held(state, {}, self.below(keys, least)))

    def below(self, values: Sequence[exp.Expr], least: Sequence[exp.Expr | None]) -> exp.Expr | None:
        """Holds where one of ``values`` is below the least that it can still be; None where there is no least."""
        pairs = zip(values, least, strict=True)
        return self.any_of(
            [exp.LT(this=exp.paren(v.copy()), expression=bound.copy()) for v, bound in pairs if bound is not None]
        )

    def any_of(self, conditions: Sequence[exp.Expr]) -> exp.Expr | None:
        """One of them; of those that hold for certain, if there are any."""
        certain = [c for c in conditions if self._certain(c)]
        chosen = certain or conditions
        return exp.or_(*chosen) if chosen else None

    def passed(self, node: Node) -> exp.Expr | None:
        """Holds for rows of ``node`` that a watermark has passed for certain."""
        found = self._below_frontier([column(name) for name in node.columns], node)
        return found if found is not None and self._certain(found) else None

    def _below_frontier(self, shown: Sequence[exp.Column], node: Node) -> exp.Expr | None:
        frontier = self.frontiers.of(node)
        return self.below(shown, [frontier.get(c.name) for c in shown])

    def finish(self, emitter: Emitter, root: Aggregate | None) -> exp.Expr | None:
        """Add the steps that let rows go; when those of ``root``'s groups go that are the model's content."""
        self._pass_down()
        sealed = None
        for node, held in self._held.items():
            done = self._all(held, self._readers.get(node, []))
            forgets = self._settle(emitter, held, done)
            sealed = done if node == root and forgets else sealed
        for held in self._alone:
            self._settle(emitter, replace(held, values=None), held.own)
        return sealed

    def _pass_down(self) -> None:
        """Who reads a projection that keeps nothing of its own reads what is below."""
        for node in list(self._readers):
            above = node
            dones = self._readers[node]
            while isinstance(above, Project) and above not in self._held:
                values = dict(above.outputs)
                dones = [None if done is None else substituted(done, values) for done in dones]
                above = above.child
                self._readers.setdefault(above, []).extend(dones)

    def _all(self, held: _Held, readers: Sequence[exp.Expr | None]) -> exp.Expr | None:
        parts = [*([held.own] if held.values is not None else []), *readers]
        if not parts or any(part is None for part in parts):
            return None
        return exp.and_(*dict.fromkeys(part for part in parts if part is not None))

    def _settle(self, emitter: Emitter, held: _Held, done: exp.Expr | None) -> bool:
        if done is not None and held.values is not None:
            known = {c.name for c in done.find_all(exp.Column)} <= held.values.keys()
            done = substituted(done, held.values) if known else None
        if done is None:
            return False
        if self._certain(done):
            emitter.advance.append(Forget(held.state, done))
            _say(emitter, held.state, f"; until the watermark of {_listed(watermarks(done))} passes", "")
            return True
        lax = [s for s in watermarks(done) if not self.catalog.relations[s].sets_aside]
        hint = f"grows with time; `late: ledger` on {_listed(lax)} would let go of what the watermark has passed"
        _say(emitter, held.state, "", hint)
        return False

    def _certain(self, condition: exp.Expr) -> bool:
        return all(self.catalog.relations[source].sets_aside for source in watermarks(condition))


def _say(emitter: Emitter, state: str, bound: str, warning: str) -> None:
    for i, step in enumerate(emitter.steps):
        if isinstance(step, State) and step.name == state:
            emitter.steps[i] = replace(step, bound=step.bound + bound, warning=warning)


def _listed(sources: Sequence[str] | frozenset[str]) -> str:
    return " and ".join(sorted(sources))
