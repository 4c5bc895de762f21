"""Window functions: a partition of which a row has changed is computed again."""

from __future__ import annotations

from headrace.sql.fuse import as_recompute
from headrace.sql.nodes import Window
from headrace.sql.rules import recompute
from headrace.sql.rules.emitter import Change, Emitter


def change(node: Window, emitter: Emitter) -> Change:
    return recompute.instead(node, as_recompute(node), emitter)
