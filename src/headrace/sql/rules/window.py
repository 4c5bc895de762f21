"""Window functions: a partition of which a row has changed is computed again."""

from __future__ import annotations

from headrace.sql.batch import windowed
from headrace.sql.nodes import Recompute, Window
from headrace.sql.rules import recompute
from headrace.sql.rules.emitter import Change, Emitter


def change(node: Window, emitter: Emitter) -> Change:
    made = recompute.change(as_recompute(node), emitter)
    emitter.move(as_recompute(node), node)
    return made


def as_recompute(node: Window) -> Recompute:
    keys = (node.partition,) if node.partition else None
    why = "" if keys else "a window function without PARTITION BY looks at all rows"
    return Recompute("window functions", windowed(node), (node.child,), keys, node.columns, why)
