"""One dashboard, live: its tiles are evaluated once for all who watch it and sent when their rows change."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from headrace.errors import EngineError, HeadraceError, NodeError
from headrace.project import Tile
from headrace.security import Principal
from headrace.serve.encode import columns_of, dumps, to_rows
from headrace.serve.errors import known
from headrace.serve.limits import Limits
from headrace.serve.protocol import Answer, Node, OnStart
from headrace.serve.queries import Queries
from headrace.serve.sse import Mailbox, event

_MOVES_WITH_TIME = re.compile(r"(?i)\b(now\s*\(|current_(date|time|timestamp)\b|today\s*\()")
"""Such a tile changes with the epoch's logical time, even when no relation does. Too many matches only cost a query."""

_PATIENCE = 5
"""A tile that failed waits this many times what it took, so that one that always times out leaves room for others."""


@dataclass
class TileState:
    """A tile and the newest that is known of it."""

    id: str
    tile: Tile
    relations: frozenset[str] | None = None
    """What it reads; None until it has been answered: then anything may concern it."""
    dirty: bool = True
    task: asyncio.Task[None] | None = None
    content: str = ""
    """The last rows, or the last error, to tell whether an evaluation changed anything."""
    event: bytes | None = None
    not_before: float = 0.0

    def concerned(self, changed: Collection[str]) -> bool:
        """Tell whether an epoch that changed these relations may change the tile."""
        timed = _MOVES_WITH_TIME.search(self.tile.sql) is not None
        return timed or self.relations is None or not self.relations.isdisjoint(changed)


class Board:
    """A dashboard as one principal sees it, while somebody watches.

    Rounds: evaluate every tile that may have changed, then tell the clients, at most once per interval. A slow tile
    does not hold up the others, and no tile is evaluated twice at once.
    """

    def __init__(
        self, tiles: dict[str, Tile], principal: Principal, node: Node, queries: Queries, limits: Limits
    ) -> None:
        self._states = [TileState(id_, tile) for id_, tile in tiles.items()]
        self._principal = principal
        self._node = node
        self._queries = queries
        self._limits = limits
        self._clients: set[Mailbox] = set()
        self._fresh: set[str] = set()
        self._wake = asyncio.Event()
        self._epoch: bytes | None = None
        self._shown = False
        self._task: asyncio.Task[None] | None = None

    @property
    def watched(self) -> bool:
        """Whether anybody watches."""
        return bool(self._clients)

    def join(self, client: Mailbox) -> None:
        """Send a client all there is, and from now on what changes."""
        self._clients.add(client)
        for state in self._states:
            if state.event is not None:
                client.put(state.id, state.event)
        if self._known:
            self._tell_epoch(client)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._rounds())
            self._wake.set()

    def leave(self, client: Mailbox) -> None:
        """Forget a client; without any, the board rests."""
        self._clients.discard(client)
        if not self._clients:
            self.close()

    def close(self) -> None:
        """Stop evaluating."""
        tasks = [self._task, *(state.task for state in self._states)]
        for task in tasks:
            if task is not None:
                task.cancel()

    def mark(self, changed: Collection[str]) -> None:
        """Note that relations changed."""
        for state in self._states:
            if state.concerned(changed):
                state.dirty = True
                self._wake.set()

    def mark_all(self) -> None:
        """Note that every tile may have changed: a verdict on a model did."""
        for state in self._states:
            state.dirty = True
        self._wake.set()

    def tell_epoch(self, event_: bytes) -> None:
        """Pass on the node's progress, once every tile has been shown."""
        self._epoch = event_
        if self._shown:
            for client in self._clients:
                self._tell_epoch(client)

    @property
    def _known(self) -> bool:
        """Whether there is something to show of every tile."""
        return all(state.event is not None for state in self._states)

    def _tell_epoch(self, client: Mailbox) -> None:
        if self._epoch is not None:
            client.put("epoch", self._epoch)

    async def _rounds(self) -> None:
        now = asyncio.get_running_loop().time
        while True:
            await self._wake.wait()
            self._wake.clear()
            began = now()
            started = self._start_due(began)
            if started:
                await asyncio.wait(started, timeout=self._limits.interval_seconds)
            self._publish()
            if started:
                # Only after asking: a round that just passes on what a slow tile found must not delay the next change.
                await asyncio.sleep(max(0.0, began + self._limits.interval_seconds - now()))

    def _start_due(self, now: float) -> list[asyncio.Task[None]]:
        started = []
        for state in self._states:
            if state.dirty and state.task is None and state.not_before <= now:
                state.dirty = False
                state.task = asyncio.get_running_loop().create_task(self._evaluate(state))
                started.append(state.task)
        return started

    def _publish(self) -> None:
        fresh, self._fresh = self._fresh, set()
        for state in self._states:
            if state.id in fresh and state.event is not None:
                for client in self._clients:
                    client.put(state.id, state.event)
        # Only what has been passed on is shown: an epoch told between finding a tile's rows and sending them would come too early.
        self._shown = self._known
        if fresh and self._shown:
            for client in self._clients:
                self._tell_epoch(client)

    async def _evaluate(self, state: TileState) -> None:
        began = asyncio.get_running_loop().time()
        try:
            answer, content = await self._queries.run(self._call(state.tile), seconds=self._limits.tile_seconds)
            state.relations = frozenset(answer.relations)
            self._note(state, content, lambda: _tile_event(state.id, answer, content))
        except Exception as error:  # noqa: BLE001 - whatever fails, it is this tile's error, shown on it
            self._fail(state, error, began)
        finally:
            state.task = None
            self._wake.set()

    def _call(self, tile: Tile) -> Callable[[OnStart], tuple[Answer, str]]:
        def call(on_start: OnStart) -> tuple[Answer, str]:
            most = self._limits.tile_rows
            answer = self._node.query(tile.sql, self._principal, limit=most + 1, on_start=on_start)
            if answer.table.num_rows > most:
                raise _too_many(most)
            columns = dumps(columns_of(answer.table))
            return answer, f'"columns":{columns},"rows":{to_rows(answer.table)},"parity":{dumps(answer.parity)}'

        return call

    def _fail(self, state: TileState, error: Exception, began: float) -> None:
        if isinstance(error, NodeError) and error.code == "HR-845":
            return
        state.relations = None
        state.dirty = True
        loop = asyncio.get_running_loop()
        spent = loop.time() - began
        state.not_before = loop.time() + max(self._limits.retry_seconds, _PATIENCE * spent)
        loop.call_at(state.not_before, self._wake.set)
        self._note(state, repr(error), lambda: _error_event(state.id, known(error)))

    def _note(self, state: TileState, content: str, make: Callable[[], bytes]) -> None:
        if content != state.content:
            state.content, state.event = content, make()
            self._fresh.add(state.id)


def _tile_event(id_: str, answer: Answer, content: str) -> bytes:
    about = dumps({"epoch": answer.epoch, "as_of": answer.as_of, "complete_to": answer.complete_to})
    return event("tile", f'{{"tile":{dumps(id_)},{content},{about[1:]}')


def _error_event(id_: str, error: HeadraceError) -> bytes:
    return event("error", dumps({"tile": id_, **error.as_dict()}))


def _too_many(most: int) -> EngineError:
    return EngineError(
        f"the tile has more than {most:,} rows",
        code="HR-642",
        fix="Aggregate in the tile's SQL, or give it ORDER BY and LIMIT.",
    )
