"""Window functions over window functions: where the outer partitions are made of whole inner ones, both are computed in one go."""

from __future__ import annotations

from sqlglot import exp

from headrace.sql.batch import projected, windowed
from headrace.sql.nodes import Node, Project, Recompute, Window, column, rebuilt

OPERATOR = "window functions"


def fused(node: Node) -> Node:
    """``node`` with such operators made one, which keeps its input once."""
    return rebuilt(node, _Fuse())


class _Fuse:
    """Makes a window one with those below it; remembers under which names the keys of what it has made come out."""

    def __init__(self) -> None:
        self._keys: dict[Recompute, list[str]] = {}

    def __call__(self, node: Node) -> Node:
        return self._pair(node) or node if isinstance(node, Window) else node

    def _pair(self, outer: Window) -> Node | None:
        projects: list[Project] = []
        below = outer.child
        while isinstance(below, Project):
            projects.append(below)
            below = below.child
        if isinstance(below, Window):
            inner = as_recompute(below)
            keys = [key.name if isinstance(key, exp.Column) else "" for key in below.partition]
        elif isinstance(below, Recompute) and below in self._keys:
            inner, keys = below, self._keys[below]
        else:
            return None
        keys = _shown(keys, projects)
        if not {column(name) for name in keys} <= set(outer.partition):
            return None
        rows: exp.Query = inner.query
        for project in reversed(projects):
            rows = projected(project, rows)
        query = windowed(outer)
        query.args["from_"].set(
            "this", exp.Subquery(this=rows.copy(), alias=exp.TableAlias(this=exp.to_identifier("w")))
        )
        made = Recompute(OPERATOR, query, inner.inputs, inner.keys, outer.columns, inner.why)
        self._keys[made] = keys
        return made


def _shown(names: list[str], projects: list[Project]) -> list[str]:
    """The names of columns after the projections; a name that no column has, for one that is not shown."""
    for project in reversed(projects):
        shown = {value.name: name for name, value in project.outputs if isinstance(value, exp.Column)}
        names = [shown.get(name, "") for name in names]
    return names


def as_recompute(node: Window) -> Recompute:
    keys = (node.partition,) if node.partition else None
    why = "" if keys else "a window function without PARTITION BY looks at all rows"
    return Recompute(OPERATOR, windowed(node), (node.child,), keys, node.columns, why)
