"""From the epoch thread to the event loop: hears every commit and tells boards, status watchers and subscribers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from headrace.errors import NodeError
from headrace.project import Tile
from headrace.security import Principal
from headrace.serve.board import Board
from headrace.serve.changes import Subscription
from headrace.serve.encode import dumps
from headrace.serve.errors import known, stopping
from headrace.serve.limits import Limits
from headrace.serve.protocol import EpochResult, Node
from headrace.serve.queries import Queries
from headrace.serve.sse import Mailbox, event


class Live:
    """Every open stream of one server.

    Args:
        tiles: the pool that evaluates tiles.
        calls: the pool that asks the node for its status.
    """

    def __init__(self, node: Node, *, tiles: Queries, calls: Queries, limits: Limits) -> None:
        self._node = node
        self._tiles = tiles
        self._calls = calls
        self._limits = limits
        self._boards: dict[tuple[str, str], Board] = {}
        self._watchers: set[Mailbox] = set()
        self._mailboxes: set[Mailbox] = set()
        self._subscriptions: tuple[Subscription, ...] = ()
        self._lock = threading.Lock()
        self._changed: set[str] = set()
        self._scheduled = False
        self._epoch = 0
        self._status: bytes | None = None
        self._progress: bytes | None = None
        self._receipts: Mapping[str, Any] = {}
        self._someone = asyncio.Event()
        self._closing = False

    async def start(self) -> None:
        """Begin to watch the node."""
        self._loop = asyncio.get_running_loop()
        self._unwatch = self._node.watch(self._committed)
        status, self._receipts = await self._ask()
        self._epoch = max(self._epoch, int(status.get("epoch") or 0))
        self._ticker = self._loop.create_task(self._tick())

    def close(self) -> None:
        """Stop watching and end every stream."""
        if self._closing:
            return
        self._closing = True
        self._unwatch()
        self._ticker.cancel()
        for client in self._mailboxes:
            client.close()
        for subscription in self._subscriptions:
            subscription.close()
        for board in self._boards.values():
            board.close()

    @property
    def streams(self) -> int:
        """Open event streams."""
        return len(self._mailboxes) + len(self._subscriptions)

    def watch_dashboard(
        self, name: str, tiles: dict[str, Tile], principal: Principal
    ) -> tuple[Mailbox, Callable[[], None]]:
        """Open a dashboard's stream. Returns the mailbox to send from and what ends it."""
        client = self._mailbox()
        key = (name, principal.name)
        board = self._boards.get(key)
        if board is None:
            board = self._boards[key] = Board(tiles, principal, self._node, self._tiles, self._limits)
            if self._progress is not None:
                board.tell_epoch(self._progress)
        board.join(client)

        def leave() -> None:
            board.leave(client)
            self._forget(client)
            if not board.watched and self._boards.get(key) is board:
                del self._boards[key]

        return client, leave

    def watch_status(self) -> tuple[Mailbox, Callable[[], None]]:
        """Open a status stream. Returns the mailbox to send from and what ends it."""
        client = self._mailbox()
        self._watchers.add(client)
        if self._status is not None:
            client.put("status", self._status)

        def leave() -> None:
            self._watchers.discard(client)
            self._forget(client)

        return client, leave

    def subscribe(self, model: str) -> tuple[Subscription, Callable[[], None]]:
        """Open a stream of a model's changes, from the next epoch on. Returns it and what ends it."""
        self._admit()
        with self._lock:
            subscription = Subscription(model, after=self._epoch, backlog=self._limits.backlog_bytes)
            self._subscriptions = (*self._subscriptions, subscription)

        def leave() -> None:
            with self._lock:
                self._subscriptions = tuple(one for one in self._subscriptions if one is not subscription)

        return subscription, leave

    def _mailbox(self) -> Mailbox:
        self._admit()
        limits = self._limits
        spacing = {"epoch": limits.tick_seconds, "status": limits.tick_seconds}
        client = Mailbox(interval=limits.interval_seconds, spacing=spacing, clock=self._loop.time)
        self._mailboxes.add(client)
        self._someone.set()
        return client

    def _forget(self, client: Mailbox) -> None:
        self._mailboxes.discard(client)
        if not self._mailboxes:
            # Nobody looks, so nothing is asked; what was known then would be stale to the next who comes.
            self._someone.clear()
            self._status = self._progress = None

    def _admit(self) -> None:
        if self._closing:
            raise stopping()
        if self.streams >= self._limits.streams:
            raise NodeError(
                f"{self.streams} event streams are open already",
                code="HR-843",
                fix="Close dashboards that nobody looks at.",
            )

    def _committed(self, result: EpochResult) -> None:
        """Hear of a commit, on the epoch thread. Epochs that come faster than the loop turns are taken together."""
        with self._lock:
            self._epoch = result.epoch
            subscriptions = self._subscriptions
            self._changed |= result.changed
            schedule, self._scheduled = not self._scheduled, True
        if schedule:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._deliver)
        for subscription in subscriptions:
            if subscription.model in result.changed:
                subscription.offer(result)

    def _deliver(self) -> None:
        with self._lock:
            changed, self._changed = self._changed, set()
            self._scheduled = False
        for board in self._boards.values():
            board.mark(changed)

    async def _tick(self) -> None:
        while True:
            await self._someone.wait()
            try:
                self._tell(*await self._ask())
            except Exception as error:  # noqa: BLE001 - dashboards go on without the node's progress; the log says why
                known(error)
            await asyncio.sleep(self._limits.tick_seconds)

    async def _ask(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        return await self._calls.run(
            lambda _: (self._node.status(), self._node.receipts()), seconds=self._limits.call_seconds
        )

    def _tell(self, status: Mapping[str, Any], receipts: Mapping[str, Any]) -> None:
        if not self._mailboxes:
            return
        # Every second, changed or not: a browser is not shown heartbeat comments, and takes silence for a dead line.
        self._status = event("status", dumps(status))
        self._progress = event("epoch", dumps(progress(status)))
        for client in self._watchers:
            client.put("status", self._status)
        for board in self._boards.values():
            board.tell_epoch(self._progress)
        if receipts != self._receipts:
            self._receipts = receipts
            for board in self._boards.values():
                board.mark_all()


def progress(status: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an ``epoch`` event says, out of the node's status."""
    keys = ("epoch", "time", "complete_to", "rows_per_second", "lag_rows")
    return {**{key: status.get(key) for key in keys}, "as_of": status.get("time")}
