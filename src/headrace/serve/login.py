"""The one-click link: a token in the address becomes a session cookie."""

from __future__ import annotations

import html

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from headrace.errors import AccessDenied
from headrace.serve.access import cookie_name
from headrace.serve.errors import error_response
from headrace.serve.shell import page
from headrace.serve.site import Site


async def login(site: Site, request: Request) -> Response:
    """Sign a browser in and send it to the first page, so that the token leaves the address bar."""
    principal = site.principals.authenticate(request.query_params.get("token", ""))
    if principal is None:
        return _refused(request)
    response = RedirectResponse("/", 303)
    response.set_cookie(
        cookie_name(request.scope),
        site.sessions.open(principal),
        max_age=int(site.limits.session_seconds),
        httponly=True,
        samesite="strict",
    )
    return response


def _refused(request: Request) -> Response:
    error = AccessDenied(
        "this link does not sign anybody in: its token is not valid",
        code="HR-940",
        fix="Open the link that `headrace run` prints now; a new token makes old links invalid.",
    )
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(page("Not signed in", [html.escape(error.what), html.escape(error.fix)]), 401)
    return error_response(error)
