"""The checks every request passes before any endpoint sees it: the host it names, who asks, and from which site."""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from headrace.errors import AccessDenied
from headrace.security import Principals
from headrace.serve.errors import error_response
from headrace.serve.sessions import Sessions, Visitor

VISITOR = "headrace.visitor"
"""Where the scope of an admitted request holds its `Visitor`."""

NODE_LINK = (
    "Open the link that `headrace run` prints, or send `Authorization: Bearer TOKEN`; "
    "the token is in the file `token` of the data directory."
)

_SAFE = {"GET", "HEAD", "OPTIONS"}
_LOCAL = {"localhost", "127.0.0.1", "[::1]"}


class Access:
    """ASGI middleware: admits a request or answers 421, 401 or 403.

    Args:
        is_open: tells whether an address needs no principal; every other one does, existing or not.
        link: what whoever is not signed in has to do.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        principals: Principals,
        sessions: Sessions,
        is_open: Callable[[Scope], bool],
        link: str = NODE_LINK,
    ) -> None:
        self._app = app
        self._principals = principals
        self._sessions = sessions
        self._is_open = is_open
        self._link = link

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._admit(scope)
        except AccessDenied as error:
            await error_response(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _admit(self, scope: Scope) -> None:
        check_host(scope)
        if self._is_open(scope):
            return
        visitor = self._visitor(scope)
        if visitor is None:
            raise AccessDenied("nobody is signed in", code="HR-940", fix=self._link)
        if visitor.by_cookie:
            check_site(scope)
        scope[VISITOR] = visitor

    def _visitor(self, scope: Scope) -> Visitor | None:
        request = HTTPConnection(scope)
        header = request.headers.get("authorization")
        if header is not None:
            scheme, _, token = header.partition(" ")
            principal = self._principals.authenticate(token.strip()) if scheme.lower() == "bearer" else None
            return Visitor(principal) if principal is not None else None
        session = request.cookies.get(cookie_name(scope))
        return self._sessions.find(session) if session else None


def cookie_name(scope: Scope) -> str:
    """Return the session cookie's name. Browsers share cookies between ports, so two nodes need two names."""
    return f"headrace_{_port(scope) or 'local'}"


def check_host(scope: Scope) -> None:
    """Refuse a Host other than this machine and our port: a page that rebinds its DNS name to 127.0.0.1 sends its own.

    Connections over the Unix domain socket come from no browser and may name any host.
    """
    port = _port(scope)
    if port is None:
        return
    names = Headers(scope=scope).getlist("host")
    allowed = {f"{host}:{port}" for host in _LOCAL} | (_LOCAL if port == 80 else set())
    if len(names) != 1 or names[0].lower() not in allowed:
        raise AccessDenied(
            "the request names a host that this server is not",
            code="HR-941",
            fix=f"Use http://localhost:{port} or http://127.0.0.1:{port}.",
        )


def check_site(scope: Scope) -> None:
    """Refuse what another site makes a signed-in browser send. Other ports of localhost are other sites here."""
    headers = Headers(scope=scope)
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    own = f"{scope['scheme']}://{headers.get('host', '')}"
    ours = origin == own if origin is not None else site == "same-origin"
    if site not in (None, "same-origin", "none") or (scope["method"] not in _SAFE and not ours):
        raise AccessDenied(
            "the request does not come from this server's own pages",
            code="HR-942",
            state="Nothing was changed.",
            fix="Open the server's own page; a program sends `Authorization: Bearer TOKEN` to a node instead of the cookie.",
        )


def _port(scope: Scope) -> int | None:
    """Return the TCP port the request came in by; None on the Unix domain socket."""
    server = scope.get("server")
    return server[1] if server else None
