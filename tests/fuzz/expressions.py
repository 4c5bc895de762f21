"""Typed random expressions, from templates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from .maker import COMPARABLE, Maker, Scope
from .templates import LITERALS, TEMPLATES, TYPES

_SLOT = re.compile(r"\$([A-Z]+)")


def value(make: Maker, kind: str, scope: Scope, depth: int = 2) -> str:
    """An expression of ``kind``; the deeper, the likelier a plain column."""
    if depth > 0 and make.chance(0.35):
        return computed(make, kind, scope, depth)
    return leaf(make, kind, scope)


def computed(make: Maker, kind: str, scope: Scope, depth: int = 2) -> str:
    """An expression of ``kind`` that is more than a column, of columns where there are such."""
    if fitting := _fitting(kind, frozenset(column.kind for column in scope.columns)):
        return filled(make, make.pick(fitting), scope, depth - 1)
    return filled(make, make.pick(TEMPLATES[kind]), scope, depth - 1)


def possible(kinds: Sequence[str], scope: Scope) -> list[str]:
    """Those of ``kinds`` that there is a column of, or something that can be made of columns; all, when there is no column."""
    present = frozenset(column.kind for column in scope.columns)
    return [kind for kind in kinds if kind in present or _fitting(kind, present)] or list(kinds)


@cache
def _fitting(kind: str, kinds: frozenset[str]) -> tuple[str, ...]:
    """The templates of ``kind`` whose every slot can hold a column of ``kinds``."""
    return tuple(t for t in TEMPLATES[kind] if kinds.issuperset(slots := set(_SLOT.findall(t))) and slots)


def filled(make: Maker, template: str, scope: Scope, depth: int) -> str:
    """``template`` with an expression in each slot. ``$COL`` is a column, ``$ORD`` anything that can be ordered by."""

    def slot(match: re.Match[str]) -> str:
        kind = match[1]
        if kind == "COL":
            return column(make, scope)
        return value(make, _ordered(make, scope) if kind == "ORD" else kind, scope, depth)

    return _SLOT.sub(slot, template)


def _ordered(make: Maker, scope: Scope) -> str:
    return make.pick(scope.of(*COMPARABLE)).kind if scope.of(*COMPARABLE) else "INT"


def leaf(make: Maker, kind: str, scope: Scope) -> str:
    """A column if there is one of ``kind``, or what can be made of columns in one step; else a literal, seldom a NULL."""
    columns = scope.of(kind)
    if columns and make.chance(0.93):
        return make.pick(columns).ref
    fitting = _fitting(kind, frozenset(column.kind for column in scope.columns))
    if not columns and fitting and make.chance(0.8):
        return filled(make, make.pick(fitting), scope, 0)
    if make.chance(0.1):
        make.mark("NULL literal")
        # NULL::VARCHAR || 'x' is an INTEGER for DuckDB.
        return "nullif('', '')" if kind == "STR" else f"NULL::{TYPES[kind]}"
    return make.pick(LITERALS[kind])


def column(make: Maker, scope: Scope) -> str:
    """Any column that can be compared, or a literal where there is none."""
    columns = scope.of(*COMPARABLE)
    return make.pick(columns).ref if columns else "1"
