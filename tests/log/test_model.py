"""Any sequence of operations, against a log made of dicts and lists."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from headrace.errors import LogError
from headrace.log import Epoch, Part, Receipt

from .implementations import IMPLEMENTATIONS, SetClock

STREAMS = st.sampled_from(["a", "b"])
PARTS = st.lists(st.tuples(STREAMS, st.integers(0, 4)), max_size=3)
KEYS = st.one_of(st.none(), st.sampled_from(["k", "l", "m"]))
POSITIONS = st.one_of(st.none(), st.text(max_size=3))
UNIT = st.floats(0, 1)


class LogMachine(RuleBasedStateMachine):
    implementation: str

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.clock = SetClock()
        self.log = IMPLEMENTATIONS[self.implementation].open(self.folder, self.clock)
        self.rows: dict[str, list[int]] = {}
        self.starts: dict[str, int] = {}
        self.batches: dict[str, list[tuple[int, object]]] = defaultdict(list)
        self.receipts: dict[str, Receipt] = {}
        self.position: str | None = None
        self.epochs: list[Epoch] = []
        self.appended = 0

    def teardown(self) -> None:
        self.log.close()
        IMPLEMENTATIONS[self.implementation].delete(self.folder)

    @rule(parts=PARTS, key=KEYS, position=POSITIONS)
    def append(self, parts: list[tuple[str, int]], key: str | None, position: str | None) -> None:
        drawn = []
        for stream, size in parts:
            drawn.append((stream, list(range(self.appended, self.appended + size))))
            self.appended += size
        tables = [Part(stream, pa.table({"n": pa.array(values, pa.int64())})) for stream, values in drawn]
        receipt = self.log.append(tables, source="test", position=position, key=key)
        if key in self.receipts:
            assert receipt == Receipt(self.receipts[key].offsets, duplicate=True)
            return
        assert receipt == Receipt(self._take(drawn), duplicate=False)
        self.position = self.position if position is None else position
        if key is not None:
            self.receipts[key] = receipt

    def _take(self, drawn: list[tuple[str, list[int]]]) -> dict[str, tuple[int, int]]:
        offsets: dict[str, tuple[int, int]] = {}
        for stream, values in drawn:
            rows = self.rows.setdefault(stream, [])
            self.starts.setdefault(stream, 0)
            first = offsets.get(stream, (len(rows),))[0]
            rows.extend(values)
            offsets[stream] = (first, len(rows))
            if values:
                self.batches[stream].append((len(rows), self.clock.now))
        return offsets

    @rule(hours=st.integers(0, 5))
    def time_passes(self, hours: int) -> None:
        self.clock.advance(timedelta(hours=hours))

    @precondition(lambda self: self.rows)
    @rule(stream=STREAMS, low=UNIT, high=UNIT)
    def read(self, stream: str, low: float, high: float) -> None:
        rows = self.rows.get(stream, [])
        start, stop = sorted((round(low * len(rows)), round(high * len(rows))))
        if start < self.starts.get(stream, 0) and start < stop:
            with pytest.raises(LogError, match="HR-502"):
                self.log.read(stream, start, stop)
        else:
            assert [row["n"] for row in self.log.read(stream, start, stop).to_pylist()] == rows[start:stop]

    @rule(stream=STREAMS, share=UNIT, age=st.integers(0, 6))
    def trim(self, stream: str, share: float, age: int) -> None:
        upto, before = round(share * len(self.rows.get(stream, []))), self.clock.now - timedelta(hours=age)
        was = self.starts.get(stream, 0)
        kept = self.batches[stream]
        while kept and kept[0][0] <= upto and kept[0][1] < before:
            self.starts[stream] = kept.pop(0)[0]
        assert self.log.trim({stream: upto}, before) == self.starts.get(stream, 0) - was

    @rule(share=UNIT, seconds=st.integers(0, 3))
    def record(self, share: float, seconds: int) -> None:
        last = self.epochs[-1] if self.epochs else Epoch(0, {}, self.clock.now)
        offsets = {}
        for stream, rows in self.rows.items():
            past = last.offsets.get(stream, 0)
            offsets[stream] = past + round(share * (len(rows) - past))
        epoch = Epoch(last.id + 1, offsets, last.time + timedelta(seconds=seconds))
        self.log.record(epoch)
        self.epochs.append(epoch)

    @precondition(lambda self: self.epochs)
    @rule(after=st.integers(0, 5), seconds=st.integers(-1, 8))
    def look_up_epochs(self, after: int, seconds: int) -> None:
        time = self.epochs[0].time + timedelta(seconds=seconds)
        assert self.log.epochs(after) == self.epochs[after:]
        assert self.log.epoch_at(time) == next((e for e in reversed(self.epochs) if e.time <= time), None)
        assert self.log.epoch(after) == next((e for e in self.epochs if e.id == after), None)

    @rule()
    def reopen(self) -> None:
        self.log.close()
        self.log = IMPLEMENTATIONS[self.implementation].open(self.folder, self.clock)

    @invariant()
    def bounds_agree(self) -> None:
        assert self.log.ends() == {stream: len(rows) for stream, rows in self.rows.items()}
        assert self.log.starts() == self.starts
        assert {stream: kept.rows for stream, kept in self.log.counts().items()} == {
            stream: len(rows) - self.starts[stream] for stream, rows in self.rows.items()
        }
        assert self.log.position("test") == self.position
        assert self.log.last_epoch() == (self.epochs[-1] if self.epochs else None)
        assert self.log.wait(self.log.ends(), timeout=0) is False
        assert self.log.wait({}, timeout=0) is any(self.rows.values())


def test_any_sequence_of_operations(implementation: str) -> None:
    machine = type("Machine", (LogMachine,), {"implementation": implementation})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=IMPLEMENTATIONS[implementation].examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
