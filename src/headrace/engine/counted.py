"""Late rows that count after all: up to which offset, and since which epoch, as reconciles have had it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb

from headrace.engine.protocol import Counted

META = "CREATE TABLE IF NOT EXISTS headrace.counted (source VARCHAR, epoch BIGINT, below BIGINT)"


class CountedRows:
    """What has been counted in of each source's late rows, in the state database with all else."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        connection.execute(META)
        self._all: list[Counted] = []
        self.load()

    def load(self) -> None:
        """What was committed last."""
        rows = self._connection.execute("SELECT source, epoch, below FROM headrace.counted ORDER BY epoch").fetchall()
        self._all = [Counted(*row) for row in rows]

    def add(self, counted: Sequence[Counted]) -> None:
        """Within the caller's transaction."""
        for one in counted:
            self._connection.execute(
                "INSERT INTO headrace.counted VALUES (?, ?, ?)", [one.source, one.epoch, one.below]
            )
        self.load()

    def all(self) -> list[Counted]:
        return list(self._all)

    def below(self, source: str, epoch: int | None = None) -> int:
        """Late rows below this offset count, in that epoch, or now."""
        found = (one.below for one in self._all if one.source == source and (epoch is None or one.epoch <= epoch))
        return max(found, default=0)

    def of(self, sources: Sequence[str], epoch: int | None = None) -> Mapping[str, int]:
        """The same for several."""
        return {source: self.below(source, epoch) for source in sources}
