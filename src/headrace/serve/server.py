"""Runs the application on the node's sockets, in a thread beside the epochs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from typing import Literal

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from headrace.errors import NodeError
from headrace.serve.limits import Limits
from headrace.serve.logs import adopt
from headrace.serve.sockets import Sockets

_GRACE_SECONDS = 2
"""What uvicorn gives requests at shutdown before it cancels them; queries are interrupted before that."""
_START_SECONDS = 10.0
_STOP_SECONDS = 5.0


def configured(app: Starlette, *, lifespan: Literal["on", "off"]) -> uvicorn.Config:
    """How any application is served here: plainly, and with logs of our own."""
    return uvicorn.Config(
        app,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan=lifespan,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


class Server:
    """One application on two sockets.

    Args:
        app: what `headrace.serve.app` returned; a server runs it once.
        sockets: what `bind` returned; the server closes them when it stops.
    """

    def __init__(self, app: Starlette, sockets: Sockets, *, limits: Limits | None = None) -> None:
        adopt("uvicorn.error")
        config = configured(app, lifespan="on")
        self.sockets = sockets
        self._app = app
        self._uvicorn = _Uvicorn(config, app, (limits or Limits()).drain_seconds)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address for browsers; empty without TCP."""
        return self.sockets.url

    def start(self) -> None:
        """Serve in a thread; return once requests are answered.

        Raises:
            NodeError: HR-842, the application did not start.
        """
        self._thread = threading.Thread(target=self._serve, name="headrace-http", daemon=True)
        self._thread.start()
        if not self._uvicorn.up.wait(_START_SECONDS) or not self._uvicorn.started:
            self.stop()
            raise self._did_not_start()

    def stop(self) -> None:
        """End streams, answer what is under way, close the sockets: within 3 s. Calling it again does nothing."""
        self._uvicorn.should_exit = True
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
        self.sockets.close()

    def run(self) -> None:
        """Serve until `stop` is called from another thread or this one is interrupted, and then stop.

        Raises:
            NodeError: HR-842, the application did not start.
            KeyboardInterrupt: after a clean stop.
        """
        self.start()
        try:
            if self._thread is not None:
                self._thread.join()
        finally:
            self.stop()

    def _serve(self) -> None:
        try:
            self._uvicorn.run(sockets=self.sockets.all)
        except SystemExit:
            # Uvicorn exits the process when the lifespan fails; whoever started us decides about that.
            pass
        finally:
            self._uvicorn.up.set()

    def _did_not_start(self) -> NodeError:
        cause = getattr(self._app.state, "failure", None)
        error = NodeError(
            f"the HTTP server did not start: {cause or 'no reason known'}",
            code="HR-842",
            state="The data directory is as it was.",
            fix="Mend what the log above names, then `headrace run` again.",
        )
        error.__cause__ = cause
        return error


class _Uvicorn(uvicorn.Server):
    """Uvicorn with our own way to stop: streams end first, and nobody who has stopped reading holds us up."""

    def __init__(self, config: uvicorn.Config, app: Starlette, drain_seconds: float) -> None:
        super().__init__(config)
        self.up = threading.Event()
        self._app = app
        self._drain_seconds = drain_seconds

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process that we are part of."""
        yield

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self._app.state.drain()
        cut = asyncio.get_running_loop().call_later(self._drain_seconds, self._cut)
        await super().shutdown(sockets)
        cut.cancel()
        for connection in self._connections():
            connection.transport.abort()

    def _cut(self) -> None:
        """Interrupt what still runs, and drop clients that do not read what was sent: they would never be done."""
        self._app.state.halt()
        for connection in self._connections():
            if connection.flow.write_paused:
                connection.transport.abort()

    def _connections(self) -> list[H11Protocol]:
        return [one for one in self.server_state.connections if isinstance(one, H11Protocol)]
