"""The link that signs one browser in, once: its token in the address becomes a session cookie."""

from __future__ import annotations

import html
import secrets
import threading
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from headrace.errors import AccessDenied
from headrace.security import Principal
from headrace.serve.access import cookie_name
from headrace.serve.errors import error_response
from headrace.serve.limits import Limits
from headrace.serve.sessions import Sessions

LINK = "Open the link that `headrace design form` prints; it works once, so start the form again for another browser."
_PERSON = Principal("form")


class Nobody:
    """No token but the link's lets anybody in."""

    def authenticate(self, token: str) -> Principal | None:  # noqa: ARG002 - as every kind of principals has it
        return None


class Link:
    """A token that is good once."""

    def __init__(self, token: str | None = None) -> None:
        self._token: str | None = token or secrets.token_urlsafe(32)
        self._using = threading.Lock()

    def address(self, url: str) -> str:
        """The link, where `url` is the server's; for whoever prints it before it is used."""
        return f"{url}/login?token={self._token}"

    def use(self, token: str) -> bool:
        """Tell whether this is the token, and let it be good no more."""
        with self._using:
            good = self._token is not None and secrets.compare_digest(token.encode(), self._token.encode())
            if good:
                self._token = None
            return good

    def endpoint(self, sessions: Sessions, limits: Limits) -> Callable[[Request], Awaitable[Response]]:
        """Return what answers to the link: the first page, in a session. Who has one already only goes there."""

        async def login(request: Request) -> Response:
            name = cookie_name(request.scope)
            if sessions.find(request.cookies.get(name, "")) is not None:
                return RedirectResponse("/", 303)
            if request.method != "GET" or not self.use(request.query_params.get("token", "")):
                return _refused(request)
            response = RedirectResponse("/", 303)
            seconds = int(limits.session_seconds)
            response.set_cookie(name, sessions.open(_PERSON), max_age=seconds, httponly=True, samesite="strict")
            return response

        return login


def _refused(request: Request) -> Response:
    error = AccessDenied("this link does not sign anybody in: it is wrong, or was used", code="HR-940", fix=LINK)
    if "text/html" not in request.headers.get("accept", ""):
        return error_response(error)
    told = f"<p>{html.escape(error.what)}</p><p>{html.escape(error.fix)}</p>"
    page = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Not signed in</title><link rel="stylesheet" href="/assets/form.css"></head>'
    return HTMLResponse(f"{page}<body><main><h1>Not signed in</h1>{told}</main></body></html>", 401)
