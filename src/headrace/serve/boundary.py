"""The outermost layer: security headers on every answer, one log line per request, and nothing unexpected gets out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headrace.serve.access import VISITOR
from headrace.serve.errors import error_response, known

log = structlog.get_logger("headrace.serve")

SECURITY_HEADERS = {
    "content-security-policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

_LONGEST_PATH = 200
"""Of a path in the log: a client chooses it, and may choose 16 kB."""

Measure = Callable[[Scope, int, float], None]
"""Told of each finished request: its scope, its status, and its seconds."""


class Boundary:
    """ASGI middleware around everything else.

    Args:
        headers: of every answer that has none of its own by these names.
    """

    def __init__(self, app: ASGIApp, *, measure: Measure, headers: Mapping[str, str] = SECURITY_HEADERS) -> None:
        self._app = app
        self._headers = headers
        self._measure = measure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0
        began = time.perf_counter()

        async def secured(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _secure(message, self._headers)
            await send(message)

        try:
            await self._app(scope, receive, secured)
        except ClientDisconnect:
            pass
        except Exception as error:  # noqa: BLE001 - the last line before the client; it is logged with an id
            # Once the answer has begun, ending it early is all that can be said: the client sees a cut stream.
            if status == 0:
                await error_response(error)(scope, receive, secured)
            else:
                known(error)
        finally:
            self._report(scope, status, time.perf_counter() - began)

    def _report(self, scope: Scope, status: int, seconds: float) -> None:
        self._measure(scope, status, seconds)
        visitor = scope.get(VISITOR)
        log.info(
            "request",
            method=scope["method"],
            # Without the query: `/login?token=…` must not reach a log.
            path=scope["path"][:_LONGEST_PATH],
            status=status,
            milliseconds=round(seconds * 1000, 1),
            principal=visitor.principal.name if visitor else None,
        )


def _secure(message: Message, wanted: Mapping[str, str]) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in wanted.items():
        headers.setdefault(name, value)
    headers.setdefault("cache-control", "no-store")
