"""Which columns of sources a query's output is made of: what a value tells is followed, through as many models as there are.

Only values are followed. What a row's being there tells (``WHERE``, the side of a join that is not selected), and what a count tells,
is not. Whatever is not known to be followed rightly is made of everything that the query reads.
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

_Outputs = list[tuple[str, Origins]]
"""Columns in order; names may be there twice."""

_COUNTS = (exp.Count, exp.CountIf, exp.ApproxDistinct, exp.Exists)
"""Their result is a number, or whether there is a row, and does not tell a value."""
_COUNTING = frozenset({"count", "count_star", "count_if", "countif", "approx_count_distinct"})
_VALUELESS = (exp.Literal, exp.Null, exp.Boolean, exp.DataType, exp.Var, exp.Placeholder, exp.Parameter, exp.Interval)
_NAMED = {exp.PropertyEQ: "this", exp.Kwarg: "this", exp.Dot: "expression", exp.Alias: "alias"}
"""Where a bare name is no column: the field that is made or looked up, the name that is given."""
_OPAQUE = (exp.Columns, exp.PositionalColumn, exp.TableColumn, exp.Lambda, exp.Values)
_NOT_FOLLOWED = (exp.Pivot,)


def origins(query: exp.Query, known: Known, masks: frozenset[str]) -> Sequence[Origins]:
    """What each output column of a query is made of.

    Args:
        query: a query whose columns are qualified, as a program's `batch` is, or one that the gate admits.
        known: what the columns of the relations are made of, in order.
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
        self._outputs: dict[int, _Outputs] = {}
        """By the identity of a scope's expression."""
        tables = [table for table in query.find_all(exp.Table) if isinstance(table.this, exp.Identifier)]
        self.everything: Origins = NOTHING.union(*(o for table in tables for o in known(table.name.lower()).values()))

    def found(self) -> Sequence[Origins]:
        recursive = any(with_.recursive for with_ in self._query.find_all(exp.With))
        if recursive or self._query.find(*_NOT_FOLLOWED) is not None:
            return [self.everything] * max(1, len(_names(self._query)))
        last: _Outputs = []
        for scope in traverse_scope(self._query):
            last = self._of_scope(scope)
            self._outputs[id(scope.expression)] = last
        return [made for _, made in last] or [self.everything]

    def _of_scope(self, scope: Scope) -> _Outputs:
        query = scope.expression
        if isinstance(query, exp.SetOperation):
            return self._of_both(query)
        if not isinstance(query, exp.Select):
            return self._unknown(query)
        found: _Outputs = []
        for value in query.expressions:
            star = value.this if isinstance(value, exp.Column) else value
            if isinstance(star, exp.Star):
                found += self._of_star(star, value.table if isinstance(value, exp.Column) else "", scope)
            elif isinstance(value, exp.Identifier):  # as the gate writes the columns of a relation
                found.append((value.name.lower(), self._of_name(value.name.lower(), scope)))
            else:
                found.append((value.alias_or_name.lower(), self._of_value(value, scope)))
        return found or self._unknown(query)

    def _of_both(self, query: exp.SetOperation) -> _Outputs:
        left, right = (self._outputs.get(id(_bare(side))) for side in (query.left, query.right))
        if left is None or right is None or query.args.get("by_name") or len(left) != len(right):
            return self._unknown(query)
        if "*" in {name for name, _ in (*left, *right)}:
            return self._unknown(query)
        return [(name, a | b) for (name, a), (_, b) in zip(left, right, strict=True)]

    def _of_star(self, star: exp.Star, table: str, scope: Scope) -> _Outputs:
        """Each column of the relations that a star stands for."""
        without = star.args.get("except_") or ()
        plain = all(isinstance(one, exp.Identifier | exp.Column) and not one.args.get("table") for one in without)
        if star.args.get("replace") or star.args.get("rename") or not plain or not self._is_plain(scope):
            return [("*", self.everything)]
        gone = {one.name.lower() for one in without}
        found: _Outputs = []
        for name, source in self._selected(scope).items():
            if table and name != table.lower():
                continue
            columns = self._columns(source)
            if columns is None:
                return [("*", self.everything)]
            found += columns
        return [(name, made) for name, made in found if name not in gone] or [("*", self.everything)]

    def _unknown(self, query: exp.Expr) -> _Outputs:
        return [(name.lower(), self.everything) for name in _names(query)] or [("*", self.everything)]

    # -- values

    def _of_value(self, value: exp.Expr, scope: Scope) -> Origins:
        made: Origins = NOTHING
        for part in self._telling(value):
            made |= self._of_part(part, scope)
        return made

    def _of_part(self, part: exp.Expr, scope: Scope) -> Origins:
        if isinstance(part, exp.Column):
            return self._of_column(part, scope)
        if isinstance(part, exp.Query):
            outputs = self._outputs.get(id(_bare(part)))
            return self.everything if not outputs else NOTHING.union(*(made for _, made in outputs))
        return self.everything

    def _telling(self, value: exp.Expr) -> Iterator[exp.Expr]:
        """What in an expression its own value may tell: columns, inner queries, and whatever is not known to tell nothing."""
        if isinstance(value, _COUNTS) or self._is_mask(value) or _asks_for_null(value):
            return
        if isinstance(value, (*_OPAQUE, exp.Column, exp.Query, exp.Star)):
            yield value
            return
        if isinstance(value, exp.Window):
            yield from self._telling(value.this)
            return
        if isinstance(value, _VALUELESS):
            return
        parts = list(value.iter_expressions())
        if not parts and not isinstance(value, exp.Func):
            yield value
        for part in parts:
            if not (isinstance(part, exp.Identifier) and _NAMED.get(type(value)) == part.arg_key):
                yield from self._telling(part)

    def _is_mask(self, value: exp.Expr) -> bool:
        if not isinstance(value, exp.Func) or isinstance(value, exp.Connector):
            return False
        if isinstance(value, exp.Anonymous):
            return value.name.lower() in self._masks
        if isinstance(value, exp.SHA2):
            return f"sha{value.args['length'].name if value.args.get('length') else 256}" in self._masks
        return bool({name.lower() for name in value.sql_names()} & self._masks)

    # -- columns

    def _of_column(self, column: exp.Column, scope: Scope) -> Origins:
        name, table = column.name.lower(), column.table.lower()
        if column.args.get("db") is not None or isinstance(column.this, exp.Star):
            return self.everything
        if not table:
            return self._of_name(name, scope)
        within: Scope | None = scope
        found = None
        while within is not None:
            selected = self._selected(within)
            if self._has(table, within):  # it may be the field of a struct in a column of that name
                return self.everything
            if found is None and table in selected:
                found = selected[table]
            within = within.parent
        columns = None if found is None else self._columns(found)
        if columns is None:
            return self.everything
        same = [made for known, made in columns if known == name]
        return NOTHING.union(*same) if same else self.everything

    def _of_name(self, name: str, scope: Scope) -> Origins:
        """A column without its table's name: those of that name of everything that is read there, if all of it is known."""
        if not self._is_plain(scope):
            return self.everything
        same: list[Origins] = []
        for source in self._selected(scope).values():
            columns = self._columns(source)
            if columns is None or "*" in {known for known, _ in columns}:
                return self.everything
            same += [made for known, made in columns if known == name]
        return NOTHING.union(*same) if same else self.everything

    def _has(self, column: str, scope: Scope) -> bool:
        """Whether something that is read there has a column of that name, or may have."""
        for source in self._selected(scope).values():
            columns = self._columns(source)
            if columns is not None and column in {known for known, _ in columns}:
                return True
        return False

    # -- relations

    def _selected(self, scope: Scope) -> dict[str, exp.Expr | Scope]:
        """What stands in FROM, by the names that it has there."""
        found: dict[str, exp.Expr | Scope] = {}
        for name, (node, source) in scope.selected_sources.items():
            alias = node.args.get("alias")
            given = isinstance(node, exp.Table) and isinstance(alias, exp.TableAlias) and bool(alias.columns)
            found[name.lower()] = exp.Null() if given else source
        return found

    def _is_plain(self, scope: Scope) -> bool:
        """Whether everything in FROM is a relation or a query."""
        query = scope.expression
        if not isinstance(query, exp.Select) or query.args.get("laterals"):
            return False
        from_ = query.args.get("from_")
        items = [] if from_ is None else [from_.this]
        items += [join.this for join in query.args.get("joins") or ()]
        tables = (item for item in items if not isinstance(item, exp.Subquery))
        return all(
            isinstance(item, exp.Table) and isinstance(item.this, exp.Identifier) for item in tables
        ) and not any(item.args.get("joins") or item.args.get("laterals") for item in items)

    def _columns(self, source: exp.Expr | Scope) -> _Outputs | None:
        """What the columns of something in FROM are made of; None where that is not known."""
        if isinstance(source, Scope):
            return self._renamed(source)
        if not isinstance(source, exp.Table) or not isinstance(source.this, exp.Identifier):
            return None
        return list(self._known(source.name.lower()).items()) or None

    def _renamed(self, source: Scope) -> _Outputs | None:
        """A derived table's columns by the names that its alias gives them."""
        outputs = self._outputs.get(id(source.expression))
        if outputs is None or "*" in {name for name, _ in outputs}:
            return None
        parent = source.expression.parent
        alias = parent.args.get("alias") if isinstance(parent, exp.Subquery | exp.CTE) else None
        names = [column.name.lower() for column in alias.columns] if isinstance(alias, exp.TableAlias) else []
        given = [*names, *(name for name, _ in outputs[len(names) :])]
        return [(name, made) for name, (_, made) in zip(given, outputs, strict=False)]


def _asks_for_null(value: exp.Expr) -> bool:
    return isinstance(value, exp.Is) and isinstance(value.expression, exp.Null)


def _bare(side: exp.Expr) -> exp.Expr:
    return side.unnest() if isinstance(side, exp.Subquery) else side


def _names(query: exp.Expr) -> list[str]:
    return list(query.named_selects) if isinstance(query, exp.Query) else []
