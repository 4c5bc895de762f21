"""Driving one engine through a case, and what must hold after each epoch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa

from headrace.engine import Arrived, Committed, DuckDBEngine, Mark

from .bags import Bag, bag, weighed
from .batch import Batch
from .case import Case
from .compiling import Fault, compiled
from .sources import schema
from .stream import Epoch


class Play:
    """An engine with a case's models, taken from epoch to epoch."""

    def __init__(self, folder: Path, case: Case) -> None:
        self._folder = folder
        self._case = case
        self._schemas = {source.name: schema(source) for source in case.sources}
        self._offsets = dict.fromkeys(self._schemas, 0)
        self._epoch = 0
        self.engine = self._opened()
        self.compiled = compiled(case.models, case.sources, self.engine.oracle)
        self._install()
        self._rows = self.contents()

    def _opened(self) -> DuckDBEngine:
        # Both ways for rows to come in within one case.
        return DuckDBEngine(self._folder / "state.duckdb", self._folder / "lake", read_directly=8)

    def _install(self) -> None:
        self.built = self.engine.install(self._case.sources, list(self.compiled.programs.values()))
        self._reader = self.engine._connection.cursor()
        self._reader.execute("SET TimeZone = 'UTC'")
        for model in self.compiled.programs:
            self._reader.execute(f'PREPARE "content.{model}" AS SELECT * FROM node.live."{model}"')
        self._batch = Batch(self.engine, {s.name: s for s in self._case.sources}, self.compiled.programs)

    def step(self, epoch: Epoch) -> list[Fault]:
        """Run one epoch, then hold every model against a recompute, and its change against its content."""
        committed = self.run(epoch)
        before, self._rows = self._rows, self.contents()
        recomputed = self._batch.contents(epoch.time, epoch.rows.keys())
        unequal = [model for model, rows in recomputed.items() if rows != self._rows[model]]
        faults = self.differences(unequal) if unequal else []
        for model in self.compiled.programs:
            faults += self._change_faults(model, before[model], told=model in committed.changed)
        return faults

    def run(self, epoch: Epoch) -> Committed:
        """Run one epoch, and check nothing."""
        arrived = {}
        for source, rows in epoch.rows.items():
            arrived[source] = Arrived(pa.Table.from_pylist(rows, schema=self._schemas[source]), self._offsets[source])
            self._offsets[source] += len(rows)
        self._epoch += 1
        return self.engine.run(Mark(self._epoch, dict(self._offsets), epoch.time), arrived)

    def differences(self, models: Sequence[str]) -> list[Fault]:
        """Those of ``models`` whose kept content is not what the engine's own recompute gives."""
        _, results = self.engine.recompute(models)
        return [
            self._fault(r.model, "differs", f"{r.missing} missing, {r.extra} extra of {r.rows}")
            for r in results
            if r.missing or r.extra
        ]

    def _change_faults(self, model: str, before: Bag, *, told: bool) -> Iterable[Fault]:
        """
        Args:
            told: whether the epoch says that the model has changed.
        """
        arrived, left = weighed(self.engine.changes(model)) if told else (Counter[object](), Counter[object]())
        after = self._rows[model]
        if arrived & left:
            yield self._fault(model, "change is not net", f"{list(arrived & left)[:3]}")
        expected = Counter(before)
        expected.update(arrived)
        expected.subtract(left)
        if expected != after:
            yield self._fault(model, "change is not the difference of contents", difference(expected, after))

    def _fault(self, model: str, kind: str, detail: str) -> Fault:
        return Fault(model, kind, detail, self._epoch - 1)

    def _content(self, model: str) -> Bag:
        # One prepared statement; `engine.content` sets up a connection for each call, which would be half of the time.
        return bag(self._reader.execute(f'EXECUTE "content.{model}"').to_arrow_table())

    def contents(self) -> dict[str, Bag]:
        return {model: self._content(model) for model in self.compiled.programs}

    def reopen(self) -> Sequence[Fault]:
        """Close and open the engine. Nothing is built anew, and everything is as it was."""
        self.close()
        self.engine = self._opened()
        self._install()
        before, self._rows = self._rows, self.contents()
        faults = [self._fault(model, "is built anew when reopened", "") for model in self.built]
        for model, rows in self._rows.items():
            if rows != before[model]:
                faults.append(self._fault(model, "is not the same when reopened", difference(before[model], rows)))
        return faults

    def close(self) -> None:
        self._batch.close()
        self._reader.close()
        self.engine.close()


def difference(expected: Bag, found: Bag) -> str:
    missing = {row: n for row in expected if (n := expected[row] - found[row]) > 0}
    extra = {row: n for row in found if (n := found[row] - expected[row]) > 0}
    return f"expected but not there: {dict(list(missing.items())[:3])}; there but not expected: {dict(list(extra.items())[:3])}"
