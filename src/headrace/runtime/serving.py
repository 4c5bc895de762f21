"""A node that keeps nothing: it serves, from a copy of its own, the models that the node of the same target keeps and publishes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from headrace.engine import DuckDBEngine, Engine
from headrace.engine.following import FollowingEngine
from headrace.errors import NodeError
from headrace.project import Project
from headrace.runtime.datadir import DataDir
from headrace.runtime.following import Following, FollowLoop, LakeWatch, history_at
from headrace.runtime.loop import EpochLoop
from headrace.runtime.node import Node, Settings
from headrace.runtime.publishing import build_of
from headrace.runtime.receipts import Receipts
from headrace.runtime.services import open_published
from headrace.runtime.tiering import History


class ServingNode(Node):
    """See the module; like any node it takes rows that are pushed, as it appends to the same log."""

    def __init__(self, project: Project, data: DataDir, clock: Callable[[], datetime]) -> None:
        super().__init__(project, data, Settings(intake=False), clock)

    def open(self) -> None:
        """Take over what is published.

        Raises:
            LogError: HR-521, HR-522, or the broker does not answer; NodeError: HR-808; UsageError: HR-115.
        """
        if self.data.state.exists():
            raise NodeError(
                f"{self.data.root} is the data directory of a node that keeps models",
                code="HR-808",
                state="nothing was changed",
                fix="serve with another --data DIR, or without: the default is one of its own",
            )
        super().open()

    def start(self) -> None:
        """Follow."""
        self._loop.start()
        self._tiering.start()

    def reconcile(self) -> dict[str, Any]:
        raise NodeError(
            "a serving node keeps no models that it could reconcile",
            code="HR-810",
            state="nothing was changed",
            fix="ask the node that keeps them",
        )

    def receipts(self) -> dict[str, dict[str, Any]]:
        """The newest of each model: of the node that keeps them, or made here."""
        found: dict[str, dict[str, Any]] = json.loads(self._following.receipts)
        own = self._receipts.newest()
        later = {name: one for name, one in own.items() if name not in found or one["epoch"] >= found[name]["epoch"]}
        return {name: one for name, one in {**found, **later}.items() if name in self.project.models}

    def _open_engine(self) -> Engine:
        self._following = Following(open_published(self.project, self.data, self._clock))
        self._opened.append(self._following.close)
        self._following.begin()
        lake = self._lake
        return FollowingEngine(
            self._following,
            self.data.copy,
            lambda: DuckDBEngine(self.data.copy, lake.readable, self.project.functions, preparation=lake.preparation),
        )

    def _open_receipts(self) -> Receipts:
        self.data.receipts.unlink(missing_ok=True)  # they may be of another version of the project
        return super()._open_receipts()

    def _assembled(self) -> None:
        self._following.expect(build_of(self._assembly, self.project))

    def _history(self, source: str) -> tuple[int, str]:
        return history_at(self._lake, source, self._following.mark().offsets.get(source, 0))

    def _make_loop(self) -> EpochLoop:
        return FollowLoop(
            self._log,
            self._engine,
            frozenset(self._assembly.sources),
            self._event_times,
            None,
            timely=False,
            epoch_rows=self._settings.epoch_rows,
            ended=self._exhausted,
            committed=self._committed,
            failed=self._fail,
            following=self._following,
            waits=self._waits,
        )

    def _make_tiering(self) -> History:
        def taken(source: str) -> tuple[int, str]:
            return history_at(self._lake, source, self._loop.mark.offsets.get(source, 0))

        return LakeWatch(self._engine, tuple(self._assembly.sources), taken, self._fail, self._waits)

    @property
    def _goes_on(self) -> bool:
        return True

    def _exhausted(self) -> frozenset[str]:
        return self._following.ended
