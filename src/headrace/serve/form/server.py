"""Runs a form's application on loopback, in this thread, until it is told to end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from headrace.serve.logs import adopt
from headrace.serve.server import configured
from headrace.serve.sockets import bind_tcp, url

HOST = "127.0.0.1"


class FormServer:
    """A port of this machine alone; whoever connects before `run` waits.

    Args:
        port: 0 takes any free one.

    Raises:
        NodeError: HR-840 the port is taken, HR-842 it cannot be bound.
    """

    def __init__(self, port: int) -> None:
        self._socket = bind_tcp(HOST, port, "headrace design form")
        self.url = url(self._socket)
        self._uvicorn: _Uvicorn | None = None
        self._ended = False

    def run(self, app: Starlette) -> None:
        """Serve until `end` is called, from a signal's handler or another thread."""
        adopt("uvicorn.error")
        config = configured(app, lifespan="off")
        self._uvicorn = _Uvicorn(config)
        self._uvicorn.should_exit = self._ended
        try:
            self._uvicorn.run(sockets=[self._socket])
        finally:
            self.close()

    def end(self) -> None:
        """Answer what is under way, then end; called again, end at once."""
        if self._uvicorn is not None:
            self._uvicorn.force_exit = self._ended
            self._uvicorn.should_exit = True
        self._ended = True

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()


class _Uvicorn(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the command that we are part of."""
        yield
