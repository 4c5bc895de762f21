"""Server-sent events: their bytes, a mailbox that keeps only the newest state, and the response that streams them.

The format is the one of the HTML standard, section 9.2 "Server-sent events".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

HEARTBEAT = b": alive\n\n"
HELLO = b"retry: 2000\n\n"
"""Tells the browser to reconnect after 2 s when the stream ends: a node that restarts is back in about that time."""


def event(name: str, data: str) -> bytes:
    """Return one event. `data` is JSON of one line, as `encode` writes it."""
    return f"event: {name}\ndata: {data}\n\n".encode()


class Mailbox:
    """What one client has not been sent yet: per key the newest event, so a slow client costs no more than a fast one.

    Args:
        interval: shortest seconds between two batches.
        spacing: such times for single keys, which then, but for the first time, neither wait for the others nor hold them up.
        clock: monotonic seconds.
    """

    def __init__(self, *, interval: float, spacing: Mapping[str, float], clock: Callable[[], float]) -> None:
        self._interval = interval
        self._spacing = spacing
        self._clock = clock
        self._events: dict[str, bytes] = {}
        self._not_before: dict[str, float] = {}
        self._next = self._clock()
        self._wake = asyncio.Event()
        self._closed = False

    def put(self, key: str, event_: bytes) -> None:
        """Leave an event, in the place of an unsent one of the same key."""
        self._events[key] = event_
        self._wake.set()

    def close(self) -> None:
        """End `batches`."""
        self._closed = True
        self._wake.set()

    async def batches(self, heartbeat: float) -> AsyncIterator[bytes]:
        """Yield what there is to send, as soon as the intervals allow; a comment after `heartbeat` idle seconds."""
        spoke = self._clock()
        while not self._closed:
            self._wake.clear()
            batch, pause = self._take(self._clock())
            if not batch and self._clock() - spoke >= heartbeat:
                batch = HEARTBEAT
            if batch:
                spoke = self._clock()
                yield batch
            else:
                await self._wait(min(pause, spoke + heartbeat - self._clock()))

    def _take(self, now: float) -> tuple[bytes, float]:
        """Return the batch that may go now, or nothing and the seconds until something may."""
        due = [key for key in self._events if now >= self._ready(key)]
        if not due:
            return b"", min((self._ready(key) for key in self._events), default=float("inf")) - now
        for key in due:
            if key in self._spacing:
                self._not_before[key] = now + self._spacing[key]
            else:
                self._next = now + self._interval
        return b"".join(self._events.pop(key) for key in due), 0.0

    def _ready(self, key: str) -> float:
        if key not in self._spacing:
            return self._next
        # The first of its kind comes after what was left before it; later ones neither wait nor hold up.
        first = key not in self._not_before and any(other not in self._spacing for other in self._events)
        return self._next if first else self._not_before.get(key, 0.0)

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), max(seconds, 0.001))
        except TimeoutError:
            return


class EventStream(StreamingResponse):
    """A response that streams events until either side ends it or `over` says so, and then calls `leave`."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[bytes], *, over: Callable[[], bool], leave: Callable[[], None]) -> None:
        super().__init__(_greeted(events, over), headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()


async def _greeted(events: AsyncIterator[bytes], over: Callable[[], bool]) -> AsyncIterator[bytes]:
    # At once, so that the client's `open` event does not wait for the first row.
    yield HELLO
    async for batch in events:
        if over():
            return
        yield batch
