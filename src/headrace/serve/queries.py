"""Runs blocking calls on worker threads, bounded in number and in time, so that the event loop stays free."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from headrace.errors import EngineError
from headrace.serve.errors import stopping
from headrace.serve.protocol import OnStart, Stop

T = TypeVar("T")

_STRIKE_SECONDS = 0.02
"""Time between two interrupts of one call. DuckDB loses an interrupt that comes just before the query starts, so one is
not enough."""


class Handle:
    """The way to stop one call, from the moment that the node said how until the call has returned."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop: Stop | None = None
        self._over = False

    def arm(self, stop: Stop) -> None:
        """Take what stops the query: the node's `on_start`."""
        with self._lock:
            self._stop = None if self._over else stop

    def disarm(self) -> None:
        """Forget it: the cursor may run somebody else's query next."""
        with self._lock:
            self._stop, self._over = None, True

    def strike(self) -> None:
        """Stop the query if it runs."""
        with self._lock:
            if self._stop is not None:
                # A connection that is closing refuses; the call then ends by itself.
                with suppress(Exception):
                    self._stop()


class Queries:
    """A bounded pool of worker threads for calls that can be interrupted.

    Args:
        workers: calls at once.
        queue: calls that may wait; one more is refused with HR-641.
        name: of the threads.
    """

    def __init__(self, *, workers: int, queue: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._most = workers + queue
        self._calls: dict[Handle, Future[Any]] = {}
        self._reapers: set[asyncio.Task[None]] = set()
        self._closing = False

    @property
    def running(self) -> int:
        """Calls under way or waiting."""
        return len(self._calls)

    async def run(self, call: Callable[[OnStart], T], *, seconds: float) -> T:
        """Run ``call(on_start)`` on a worker and return its result.

        When `seconds` have passed, waiting included, or when the awaiting task is cancelled, the call is interrupted;
        its worker is free again as soon as the engine has obeyed.

        Raises:
            EngineError: HR-640 out of time, HR-641 too many calls are waiting.
            NodeError: HR-845 the node is stopping.
        """
        handle, future = self._submit(call)
        waiter = asyncio.wrap_future(future)
        try:
            done, _ = await asyncio.wait([waiter], timeout=seconds)
        except asyncio.CancelledError:
            self._abandon(handle, future, waiter)
            raise
        if not done:
            self._abandon(handle, future, waiter)
            raise _too_slow(seconds)
        return self._result(waiter)

    def close(self) -> None:
        """Refuse new calls and interrupt those under way; their callers get HR-845."""
        self._closing = True
        for handle, future in list(self._calls.items()):
            self._reap(handle, future)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _submit(self, call: Callable[[OnStart], T]) -> tuple[Handle, Future[T]]:
        if self._closing:
            raise stopping()
        if len(self._calls) >= self._most:
            raise _busy(self._most)
        handle = Handle()
        future = self._pool.submit(_disarming, call, handle)
        self._calls[handle] = future
        future.add_done_callback(lambda _: self._calls.pop(handle, None))
        return handle, future

    def _result(self, waiter: asyncio.Future[T]) -> T:
        if waiter.cancelled():
            raise stopping()
        if self._closing and waiter.exception() is not None:
            # The engine reports an interrupt in its own words; the reason is ours.
            raise stopping()
        return waiter.result()

    def _abandon(self, handle: Handle, future: Future[Any], waiter: asyncio.Future[Any]) -> None:
        self._reap(handle, future)
        # Nobody reads its outcome any more; a cancelled future does not complain of that.
        waiter.cancel()

    def _reap(self, handle: Handle, future: Future[Any]) -> None:
        if not future.cancel():
            task = asyncio.get_running_loop().create_task(_strike_until_done(handle, future))
            self._reapers.add(task)
            task.add_done_callback(self._reapers.discard)


def _disarming(call: Callable[[OnStart], T], handle: Handle) -> T:
    try:
        return call(handle.arm)
    finally:
        handle.disarm()


async def _strike_until_done(handle: Handle, future: Future[Any]) -> None:
    while not future.done():
        handle.strike()
        await asyncio.sleep(_STRIKE_SECONDS)


def _too_slow(seconds: float) -> EngineError:
    return EngineError(
        f"the query did not finish within {seconds:g} s and was stopped",
        code="HR-640",
        state="Nothing was changed; the live models are not affected.",
        fix="Narrow it down (WHERE, fewer columns, LIMIT), or make it a model, which is kept up to date.",
    )


def _busy(most: int) -> EngineError:
    return EngineError(
        f"{most} queries are running or waiting already",
        code="HR-641",
        state="Nothing was changed.",
        fix="Ask again in a moment.",
    )
