"""Filter, project, union all: the change of the result is the operator applied to the change."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from headrace.sql.batch import expanded
from headrace.sql.dates import key_of_text
from headrace.sql.nodes import INPUTS, Expand, Project, Scan, Union, constant
from headrace.sql.program import Applied
from headrace.sql.rules.emitter import Change, Emitter
from headrace.sql.rules.weighted import columns, delta_table, net, projected, sub, union_all, weight


def change(node: Scan | Project | Union | Expand, emitter: Emitter) -> Change:
    match node:
        case Scan():
            kind = "append-only" if emitter.append_only(node) else "rows may change"
            emitter.explain(node, Applied(f"read {node.relation}", "linear", kind))
            query = exp.select(*columns(node), weight()).from_(delta_table(node.relation), copy=False)
            alone: frozenset[str] | None = frozenset() if emitter.append_only(node) else None
            exact = emitter.catalog.relations[node.relation].net
            return Change(query, frozenset({node.relation}), net=exact, direct=True, grows=alone)
        case Project():
            child = emitter.change(node.child)
            explain(node, emitter)
            exact = child.net and _injective(node)
            rows = projected(node, child.query)
            if not exact and _drops(node, emitter):
                # What comes to nothing here is looked up nowhere, and kept in no state.
                return Change(net(rows, node.columns), child.needs, child.timely)
            return Change(rows, child.needs, child.timely, exact, child.direct, child.grows)
        case Union():
            parts = [emitter.change(child) for child in node.children]
            emitter.explain(node, Applied("union all", "linear", "works row by row: no state"))
            union = union_all(
                [exp.select(*columns(node), weight()).from_(sub(part.query, "t"), copy=False) for part in parts]
            )
            needs = frozenset().union(*(part.needs for part in parts))
            return Change(union, needs, any(part.timely for part in parts), net=False, grows=_all_grow(parts))
        case Expand():
            child = emitter.change(node.child)
            emitter.explain(
                node, Applied(f"expand {node.source.sql('duckdb')}", "linear", "works row by row: no state")
            )
            query = expanded(node, child.query, [weight(table=INPUTS[0])])
            return Change(query, child.needs, child.timely, net=False, grows=child.grows)


def _drops(node: Project, emitter: Emitter) -> bool:
    """Whether it leaves out columns of rows that may change: then a row is often replaced by one that is the same here."""
    below = node.child
    while isinstance(below, Project):
        below = below.child
    return isinstance(below, Scan) and not emitter.append_only(below)


def _all_grow(parts: Sequence[Change]) -> frozenset[str] | None:
    found = [part.grows for part in parts if part.grows is not None]
    return frozenset[str]().union(*found) if len(found) == len(parts) else None


def explain(node: Project, emitter: Emitter) -> None:
    what = "project" if node.where is None else f"filter {node.where.sql('duckdb')}"
    emitter.explain(node, Applied(what, "linear", "works row by row: no state"))


def _injective(node: Project) -> bool:
    """Whether different input rows surely give different output rows: all columns pass through, but one that is the same in all."""
    passed = {v.name if isinstance(v, exp.Column) else key_of_text(v, node.child) for _, v in node.outputs}
    return passed >= set(node.child.columns) - constant(node.child)
