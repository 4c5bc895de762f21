"""A node that serves models which another node keeps: what it follows, and the loop that takes it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import structlog

from headrace.engine import Arrived, Engine, Mark
from headrace.errors import HeadraceError, LogError
from headrace.lake import Lake
from headrace.log import Epoch
from headrace.log.refusals import stood_still
from headrace.runtime.decide import DAWN
from headrace.runtime.loop import IDLE_SECONDS, EpochLoop
from headrace.runtime.services import Waits, regularly

if TYPE_CHECKING:
    from headrace.log.kafka import Build, Marker, Published

log_ = structlog.get_logger("headrace.following")

FIRST_SECONDS = 30.0
"""How long a first epoch is waited for while no record of it comes."""
LAKE_SECONDS = 5.0


class Following:
    """What another node publishes, epoch by epoch; see :class:`headrace.engine.following.Publications`.

    Args:
        published: read from its beginning.
    """

    def __init__(self, published: Published) -> None:
        self._published = published
        self._marker: Marker | None = None
        self._expected: Mapping[str, str] | None = None

    def begin(self) -> None:
        """Wait for the first epoch.

        Raises:
            LogError: HR-521, there is none; HR-515, the broker does not answer.
        """
        deadline, taken = time.monotonic() + FIRST_SECONDS, 0
        while self._marker is None and time.monotonic() < deadline:
            self._marker = self._published.newest(1.0)
            if self._published.taken > taken:
                deadline, taken = time.monotonic() + FIRST_SECONDS, self._published.taken
        if self._marker is None or self._published.build is None:
            raise LogError(
                "nothing is published that could be served yet"
                if self._published.build is None
                else "the node that keeps the models is in the middle of publishing, or stopped there",
                code="HR-521",
                where=self._published.where,
                state="nothing was started",
                fix="run the project on this target: `headrace run` with the same target publishes its models; then serve again",
            )

    def expect(self, build: Build) -> None:
        """From now on only what is made by that is taken.

        Raises:
            LogError: HR-522, what is published is made by something else.
        """
        self._expected = build.versions
        self._check()

    def next(self, seconds: float) -> bool:
        """Go on to a later epoch, if there is one within that time; or to the same, if more has been published of it."""
        found = self._published.newest(seconds)
        self._check()
        if found is None or (self._marker is not None and found.epoch < self._marker.epoch):
            return False
        more = self._marker is None or found.epoch > self._marker.epoch or found.ends != self._marker.ends
        self._marker = found
        return more

    def mark(self) -> Mark:
        assert self._marker is not None
        return Mark(self._marker.epoch, self._marker.offsets, self._marker.time)

    @property
    def ended(self) -> frozenset[str]:
        """Bounded sources of which all input has been taken."""
        assert self._marker is not None
        return self._marker.ended

    @property
    def receipts(self) -> bytes:
        """The newest proofs of the node that keeps the models, as JSON."""
        return self._published.receipts

    def sources(self) -> Mapping[str, Mapping[str, str]]:
        assert self._published.build is not None
        return self._published.build.sources

    def records(self) -> Mapping[str, pa.Table]:
        assert self._marker is not None
        return self._published.records(self._marker)

    def close(self) -> None:
        self._published.close()

    def _check(self) -> None:
        build = self._published.build
        if self._expected is None or build is None or build.versions == self._expected:
            return
        names = sorted(
            name for name in {*build.versions, *self._expected} if build.versions.get(name) != self._expected.get(name)
        )
        raise LogError(
            f"the node that keeps the models has another version of the project: {', '.join(names)} differ",
            code="HR-522",
            where=self._published.where,
            state="what was published before is served no longer; nothing was changed",
            fix="give both nodes the same project, then start this one again",
        )


@dataclass
class FollowLoop(EpochLoop):
    """Takes the epochs that another node has run."""

    following: Following = field(kw_only=True)
    _due: bool = False

    def recover(self) -> int:
        """Begin where the copy was begun."""
        self._take_up()
        return 0

    def step(self) -> bool:
        """Take the newest epoch that is published, if it is not taken yet."""
        self._due = self._due or self.following.next(IDLE_SECONDS)
        if not self._due:
            return False
        mark = self.following.mark()
        between = [epoch for epoch in self.log.epochs(self.mark.epoch) if epoch.id < mark.epoch]
        try:
            found = self._arrived(mark.offsets)
        except LogError as error:
            if error.code != "HR-502":
                raise
            raise stood_still(error.where, "rows that it has not taken are no longer in the log") from error
        arrived = {name: self._with_stops(name, rows, between) for name, rows in found.items()}
        self._commit(Epoch(mark.epoch, mark.offsets, mark.time or DAWN), arrived, self._reach(arrived))
        self._due = False
        return True

    def _go_on(self) -> None:
        self.step()
        self._checkpoint()

    def _with_stops(self, source: str, arrived: Arrived, between: list[Epoch]) -> Arrived:
        end = arrived.start + arrived.rows.num_rows
        stops = sorted({stop for epoch in between if arrived.start < (stop := epoch.offsets.get(source, 0)) < end})
        return Arrived(arrived.rows, arrived.start, tuple(stops))


def history_at(lake: Lake, source: str, offset: int) -> tuple[int, str]:
    """Up to which offset the lake had a source's rows when that was not beyond ``offset``, and how they are selected there."""
    table = f"raw.{source}"
    for snapshot in reversed(lake.snapshots(table)):
        if (covered := lake.covered(table, snapshot=snapshot.id)) <= offset:
            return covered, lake.select(table, snapshot=snapshot.id) if covered else ""
    return 0, ""


@dataclass
class LakeWatch:
    """Sees what another node moves to the lake, and lets go of the rows here.

    Args:
        history: up to which offset the lake has a source's rows, no further than they are taken here, and how they are selected there.
    """

    engine: Engine
    sources: tuple[str, ...]
    history: Callable[[str], tuple[int, str]]
    failed: Callable[[HeadraceError], None]
    waits: Waits = field(default_factory=Waits)
    _told: dict[str, tuple[int, str]] = field(default_factory=dict)
    _end: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._loop, name="lake", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def flush(self) -> None:
        """There is nothing to move."""

    def _loop(self) -> None:
        regularly("history", "following history", LAKE_SECONDS, self._end, self._look, self.failed, self.waits)

    def _look(self) -> None:
        for source in self.sources:
            now = self.history(source)
            if now != self._told.get(source):
                self.engine.tiered(source, *now)
                self._told[source] = now
