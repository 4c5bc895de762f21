"""Ctrl-C and SIGTERM, for a command that runs until it is told to end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ending(end: Callable[[], None]) -> Iterator[None]:
    """Call ``end`` at each of them, instead of what the process does otherwise; afterwards all is as before."""

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a signal handler's signature is the system's
        end()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
