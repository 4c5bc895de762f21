"""Which columns of sources a query's output is made of: what a value tells is followed, through as many models as there are.

Only values are followed. What a row's being there tells (``WHERE``, the side of a join that is not selected) is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

Origins = frozenset[tuple[str, str]]
"""Columns of sources: (relation, column), both in lower case."""

Known = Callable[[str], Mapping[str, Origins]]
"""What each column of a relation is made of."""

NOTHING: Origins = frozenset()

_COUNTS = (exp.Count, exp.CountIf, exp.ApproxDistinct, exp.Is, exp.Exists)
_COUNTING = frozenset({"count", "count_star", "count_if", "countif", "approx_count_distinct"})
"""Their result is a number, or whether there is a value, and does not tell the value."""


def origins(query: exp.Query, known: Known, masks: frozenset[str]) -> Sequence[Origins]:
    """What each output column of a query is made of.

    A column that cannot be followed is taken to be made of everything that the query reads.

    Args:
        query: a query whose columns are qualified, as a program's `batch` and what the gate admits are.
        known: what the columns of the relations are made of.
        masks: functions, in lower case, whose result is made of nothing.
    """
    following = _Following(query, known, masks)
    try:
        return following.found()
    except (SqlglotError, RecursionError):
        return [following.everything] * max(1, len(query.named_selects))


class _Following:
    def __init__(self, query: exp.Query, known: Known, masks: frozenset[str]) -> None:
        self._query = query
        self._known = known
        self._masks = masks | _COUNTING
        self._outputs: dict[int, dict[str, Origins]] = {}
        """By the identity of a scope's expression: what its columns are made of."""
        tables = [table for table in query.find_all(exp.Table) if isinstance(table.this, exp.Identifier)]
        self.everything: Origins = NOTHING.union(*(o for table in tables for o in known(table.name.lower()).values()))

    def found(self) -> Sequence[Origins]:
        last: list[tuple[str, Origins]] = []
        for scope in traverse_scope(self._query):
            last = self._of_scope(scope)
            self._outputs[id(scope.expression)] = dict(last)
        return [made for _, made in last] or [self.everything]

    def _of_scope(self, scope: Scope) -> list[tuple[str, Origins]]:
        query = scope.expression
        if isinstance(query, exp.SetOperation):
            return self._of_both(query)
        if not isinstance(query, exp.Select) or query.args.get("pivots"):
            return self._unknown(query)
        found: list[tuple[str, Origins]] = []
        for value in query.expressions:
            star = value.this if isinstance(value, exp.Column) else value
            if isinstance(star, exp.Star):
                found += self._of_star(star, value.table if isinstance(value, exp.Column) else "", scope)
            elif isinstance(value, exp.Identifier):
                found.append((value.name.lower(), self._unless_alone(value.name.lower(), scope)))
            else:
                found.append((value.alias_or_name.lower(), self._of_value(value, scope)))
        return found

    def _of_both(self, query: exp.SetOperation) -> list[tuple[str, Origins]]:
        left, right = (self._outputs.get(id(_bare(side))) for side in (query.left, query.right))
        if left is None or right is None or len(left) != len(right):
            return self._unknown(query)
        return [(name, a | b) for (name, a), b in zip(left.items(), right.values(), strict=True)]

    def _of_star(self, star: exp.Star, table: str, scope: Scope) -> list[tuple[str, Origins]]:
        """Each column of the relations that a star stands for."""
        gone = {one.name.lower() for one in star.args.get("except_") or ()}
        found: list[tuple[str, Origins]] = []
        for name, source in scope.sources.items():
            if table and name.lower() != table.lower():
                continue
            columns = self._columns(source)
            found += [("*", self.everything)] if columns is None else list(columns.items())
        if star.args.get("replace") or not found:
            return [(name, self.everything) for name, _ in found] or [("*", self.everything)]
        return [(name, made) for name, made in found if name not in gone]

    def _unknown(self, query: exp.Expr) -> list[tuple[str, Origins]]:
        return [(name, self.everything) for name in _names(query)] or [("*", self.everything)]

    def _columns(self, source: exp.Expr | Scope) -> Mapping[str, Origins] | None:
        """What the columns of something in FROM are made of; None where that is not known."""
        if isinstance(source, Scope):
            return self._renamed(source)
        return self._known(source.name.lower()) if isinstance(source.this, exp.Identifier) else None

    def _of_value(self, value: exp.Expr, scope: Scope) -> Origins:
        made: Origins = NOTHING
        for part in self._telling(value):
            if isinstance(part, exp.Column):
                made |= self._of_column(part, scope)
            elif isinstance(part, exp.Query):
                made |= NOTHING.union(*self._outputs.get(id(part), {"": self.everything}).values())
            elif isinstance(part, exp.Star):
                made |= self.everything
        return made

    def _telling(self, value: exp.Expr) -> Iterator[exp.Expr]:
        """The columns and inner queries of an expression whose values its own value may tell."""
        if isinstance(value, _COUNTS) or self._is_mask(value):
            return
        if isinstance(value, exp.Column | exp.Query | exp.Star):
            yield value.unnest() if isinstance(value, exp.Subquery) else value
            return
        if isinstance(value, exp.Window):
            yield from self._telling(value.this)
            return
        for part in value.iter_expressions():
            yield from self._telling(part)

    def _is_mask(self, value: exp.Expr) -> bool:
        if not isinstance(value, exp.Func):
            return False
        name = value.name if isinstance(value, exp.Anonymous) else value.sql("duckdb").partition("(")[0]
        return name.lower() in self._masks

    def _of_column(self, column: exp.Column, scope: Scope) -> Origins:
        name = column.name.lower()
        if not column.table:
            return self._unless_alone(name, scope)
        within: Scope | None = scope
        while within is not None and column.table not in within.sources:
            within = within.parent
        columns = None if within is None else self._columns(within.sources[column.table])
        if columns is None:
            return self.everything
        return columns.get(name, self.everything if columns else NOTHING)

    def _unless_alone(self, name: str, scope: Scope) -> Origins:
        """A column without its table's name: that of the only relation that has it, if all are known."""
        found = []
        for source in scope.sources.values():
            columns = self._columns(source)
            if columns is None:
                return self.everything
            found += [columns[name]] if name in columns else []
        return NOTHING.union(*found) if found else self.everything

    def _renamed(self, source: Scope) -> dict[str, Origins] | None:
        """A derived table's columns by the names that its alias gives them."""
        outputs = self._outputs.get(id(source.expression))
        if outputs is None:
            return None
        parent = source.expression.parent
        alias = parent.args.get("alias") if isinstance(parent, exp.Subquery | exp.CTE) else None
        names = [column.name.lower() for column in alias.columns] if isinstance(alias, exp.TableAlias) else []
        return dict(zip(names, outputs.values(), strict=False)) if names else outputs


def _bare(side: exp.Expr) -> exp.Expr:
    return side.unnest() if isinstance(side, exp.Subquery) else side


def _names(query: exp.Expr) -> list[str]:
    return list(query.named_selects) if isinstance(query, exp.Query) else []
