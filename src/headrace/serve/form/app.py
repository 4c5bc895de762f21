"""The application of a form: one table of addresses, and the layers that every request passes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from headrace.errors import HeadraceError, UsageError
from headrace.serve.access import Access
from headrace.serve.boundary import SECURITY_HEADERS, Boundary
from headrace.serve.errors import bad_request, error_response, not_found
from headrace.serve.form.link import LINK, Link, Nobody
from headrace.serve.form.protocol import Form
from headrace.serve.limits import Limits
from headrace.serve.sessions import Clock, Sessions
from headrace.serve.site import answer_json, read_fields

PAGE = Path(__file__).parent / "page"
LIMITS = Limits(body_bytes=2**20, body_seconds=10.0, sessions=1)
"""One browser at a time, and no requirements that are longer than a book."""

HEADERS = {
    **SECURITY_HEADERS,
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "require-trusted-types-for 'script'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
}
DESIGN_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'none'"
)
"""Of the page of a design, whose styles are in it, and which has no script."""

Endpoint = Callable[[Form, Request], Awaitable[Response]]


@dataclass(frozen=True)
class Address:
    """One address, and whether it is open to anybody."""

    path: str
    endpoint: Endpoint
    method: str = "GET"
    open: bool = False


async def _index(_form: Form, _request: Request) -> Response:
    return FileResponse(PAGE / "form.html")


async def _icon(_form: Form, _request: Request) -> Response:
    return FileResponse(PAGE / "icon.svg")


async def _opening(form: Form, _request: Request) -> Response:
    return answer_json(form.opening())


async def _check(form: Form, request: Request) -> Response:
    asked = await _asked(request, {"values": "what is filled in"})
    return answer_json(await run_in_threadpool(form.check, asked["values"]))


async def _load(form: Form, request: Request) -> Response:
    asked = await _asked(request, {"name": "the file's name", "content": "its text"})
    name, content = asked["name"], asked["content"]
    if not isinstance(name, str) or not isinstance(content, str):
        raise bad_request("a file is a name and a text", "Send both as text.")
    return answer_json(await run_in_threadpool(form.load, name, content))


async def _save(form: Form, request: Request) -> Response:
    return await _written(form.save, request)


async def _design(form: Form, request: Request) -> Response:
    return await _written(form.make, request)


async def _written(write: Callable[..., Any], request: Request) -> Response:
    asked = await _asked(request, {"values": "what is filled in", "replace": "true to write over what is there"})
    return answer_json(await run_in_threadpool(write, asked["values"], replace=asked["replace"] is True))


async def _architecture(form: Form, _request: Request) -> Response:
    page = form.page()
    if page is None or not page.is_file():
        raise not_found("no design has been made here yet", "Make it on the form's page.")
    return FileResponse(page, headers={"content-security-policy": DESIGN_POLICY})


ADDRESSES = (
    Address("/", _index, open=True),
    Address("/favicon.ico", _icon, open=True),
    Address("/v1/form", _opening),
    Address("/v1/check", _check, "POST"),
    Address("/v1/load", _load, "POST"),
    Address("/v1/save", _save, "POST"),
    Address("/v1/design", _design, "POST"),
    Address("/architecture.html", _architecture),
)


def form_app(form: Form, link: Link, *, clock: Clock) -> Starlette:
    """Return the application that serves a form.

    Args:
        link: signs one browser in, once.
        clock: the time now, UTC; only the session depends on it.
    """
    sessions = Sessions(clock=clock, seconds=LIMITS.session_seconds, most=LIMITS.sessions)
    opened: list[BaseRoute] = [
        Route("/login", link.endpoint(sessions, LIMITS)),
        Mount("/assets", StaticFiles(directory=PAGE)),
        *(_route(form, address) for address in ADDRESSES if address.open),
    ]
    return Starlette(
        routes=[*opened, *(_route(form, address) for address in ADDRESSES if not address.open)],
        middleware=[
            Middleware(Boundary, measure=lambda *_: None, headers=HEADERS),
            Middleware(Access, principals=Nobody(), sessions=sessions, is_open=_matcher(opened), link=LINK),
        ],
        exception_handlers={HeadraceError: _known, HTTPException: _http},
    )


async def _asked(request: Request, known: dict[str, str]) -> dict[str, Any]:
    """Return the JSON object of the body, with everything that is known in it."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        what, fix = "the body is not said to be JSON", "Send Content-Type: application/json."
        raise UsageError(what, code="HR-145", state="Nothing was taken.", fix=fix)
    found = await read_fields(request, LIMITS, known)
    return {name: found.get(name) for name in known}


def _route(form: Form, address: Address) -> Route:
    async def endpoint(request: Request) -> Response:
        return await address.endpoint(form, request)

    return Route(address.path, endpoint, methods=[address.method])


def _matcher(routes: list[BaseRoute]) -> Callable[[Scope], bool]:
    return lambda scope: any(route.matches(scope)[0] is not Match.NONE for route in routes)


async def _known(_request: Request, error: Exception) -> Response:
    return error_response(error)


async def _http(request: Request, error: Exception) -> Response:
    """Say what Starlette's router has to say in our own shape."""
    path, status = request.url.path, error.status_code if isinstance(error, HTTPException) else 400
    if status == 405:
        fix = "Fill in the form at /."
        return error_response(UsageError(f"{path} does not take {request.method}", code="HR-142", fix=fix))
    return error_response(not_found(f"there is nothing at {path}", "The form is at /."))
