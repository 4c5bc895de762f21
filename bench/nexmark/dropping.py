"""Raw rows leave the engine as they go to the lake in a node."""

from __future__ import annotations

from collections.abc import Mapping

from headrace.engine import Arrived, Engine, Mark

# A node's lake takes them by default once it lacks 100,000, of epochs whose state is saved.
ROWS_UNTIL_TIERED = 250_000


class Dropping:
    """Tells an engine that the lake has its raw rows, after every quarter of a million."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting = 0

    def after(self, mark: Mark, arrived: Mapping[str, Arrived]) -> None:
        """An epoch was committed."""
        self._waiting += sum(table.rows.num_rows for table in arrived.values())
        if self._waiting >= ROWS_UNTIL_TIERED:
            for name, stop in mark.offsets.items():
                self._engine.tiered(name, stop, "")
            self._waiting = 0
