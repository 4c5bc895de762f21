"""The web application: one table of addresses, and the layers that every request passes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import Scope

from headrace.errors import HeadraceError, UsageError
from headrace.security import Principals
from headrace.serve import catalog, dashboards, login, push, reports, shell, sql
from headrace.serve.access import Access
from headrace.serve.boundary import Boundary
from headrace.serve.errors import bad_request, error_response, not_found
from headrace.serve.limits import Limits
from headrace.serve.live import Live
from headrace.serve.metrics import ROUTE, Metrics
from headrace.serve.protocol import Node
from headrace.serve.queries import Queries
from headrace.serve.sessions import Clock, Sessions
from headrace.serve.site import Endpoint, Site


@dataclass(frozen=True)
class Address:
    """One address of the API, and whether it is open to anybody."""

    path: str
    endpoint: Endpoint
    method: str = "GET"
    open: bool = False


ADDRESSES = (
    Address("/login", login.login, open=True),
    Address("/healthz", catalog.healthz, open=True),
    Address("/", shell.shell, open=True),
    Address("/dashboards/{name}", shell.shell, open=True),
    Address("/reports/{name}", shell.shell, open=True),
    Address("/models/{name}", shell.shell, open=True),
    Address("/flow", shell.shell, open=True),
    Address("/products", shell.shell, open=True),
    Address("/sql", shell.shell, open=True),
    Address("/favicon.ico", shell.icon, open=True),
    Address("/v1/project", catalog.project),
    Address("/v1/dashboards/{name}", dashboards.dashboard),
    Address("/v1/dashboards/{name}/live", dashboards.live),
    # Before the next one, whose name would take the ending in.
    Address("/v1/reports/{name}.csv", reports.section_csv),
    Address("/v1/reports/{name}", reports.report),
    Address("/v1/models/{name}", catalog.model),
    Address("/v1/models/{name}/changes", catalog.changes),
    Address("/v1/products", catalog.products),
    Address("/v1/lineage", catalog.lineage),
    Address("/v1/status", catalog.status),
    Address("/v1/status/live", catalog.status_live),
    Address("/v1/parity", catalog.receipts),
    Address("/v1/parity", catalog.check_parity, "POST"),
    Address("/v1/reconcile", catalog.reconcile, "POST"),
    Address("/v1/sql", sql.ask, "POST"),
    Address("/v1/sources/{name}", push.push, "POST"),
    Address("/metrics", catalog.metrics),
)
ASSETS = "/assets"


def app(
    node: Node, principals: Principals, static_dir: Path, *, clock: Clock, limits: Limits | None = None
) -> Starlette:
    """Return the application that serves a node.

    It starts to watch the node in its lifespan. ``app.state.drain()`` ends the event streams, ``app.state.halt()``
    interrupts the queries: the server calls them, in that order, when it stops.

    Args:
        principals: knows the tokens.
        static_dir: the built browser side: ``index.html`` and ``assets/``. It may be missing.
        clock: the time now, UTC; only sessions depend on it.
    """
    site = _site(node, principals, static_dir, clock, limits or Limits())
    routes = [*_routes(site), Mount(ASSETS, shell.Assets(directory=static_dir / "assets", check_dir=False))]
    opened = [route for route, address in zip(routes, ADDRESSES, strict=False) if address.open] + routes[-1:]
    made = Starlette(
        routes=routes,
        middleware=[
            Middleware(Boundary, measure=site.metrics.measure),
            Middleware(Access, principals=principals, sessions=site.sessions, is_open=_matcher(opened)),
        ],
        exception_handlers={HeadraceError: _known, HTTPException: _http},
        lifespan=_lifespan(site),
    )
    made.state.drain = site.live.close
    made.state.halt = lambda: _halt(site)
    return made


def _site(node: Node, principals: Principals, static_dir: Path, clock: Clock, limits: Limits) -> Site:
    calls = Queries(workers=limits.pushes + 4, queue=limits.queue, name="headrace-call")
    # Each open dashboard has at most one evaluation of each tile in this queue, so the streams bound it.
    tiles = Queries(workers=limits.tile_workers, queue=limits.streams * 1000, name="headrace-tile")
    return Site(
        node=node,
        principals=principals,
        sessions=Sessions(clock=clock, seconds=limits.session_seconds, most=limits.sessions),
        static_dir=static_dir,
        limits=limits,
        queries=Queries(workers=limits.query_workers, queue=limits.queue, name="headrace-query"),
        calls=calls,
        tiles=tiles,
        pushes=asyncio.Semaphore(limits.pushes),
        live=Live(node, tiles=tiles, calls=calls, limits=limits),
        metrics=Metrics(),
    )


def _routes(site: Site) -> list[BaseRoute]:
    return [
        Route(address.path, _bound(site, address), methods=[address.method], name=address.path) for address in ADDRESSES
    ]


def _bound(site: Site, address: Address) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        request.scope[ROUTE] = address.path
        return await address.endpoint(site, request)

    return endpoint


def _matcher(routes: list[BaseRoute]) -> Callable[[Scope], bool]:
    return lambda scope: any(route.matches(scope)[0] is not Match.NONE for route in routes)


def _lifespan(site: Site) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(made: Starlette) -> AsyncIterator[None]:
        try:
            await site.live.start()
        except Exception as error:
            # Uvicorn only logs it; whoever starts the server wants to know.
            made.state.failure = error
            raise
        try:
            yield
        finally:
            site.live.close()
            _halt(site)

    return lifespan


def _halt(site: Site) -> None:
    for pool in (site.queries, site.tiles, site.calls):
        pool.close()


async def _known(_request: Request, error: Exception) -> Response:
    return error_response(error)


async def _http(request: Request, error: Exception) -> Response:
    """Say what Starlette's router has to say in our own shape."""
    status = error.status_code if isinstance(error, HTTPException) else 400
    path = request.url.path
    if status == 404:
        return error_response(not_found(f"there is nothing at {path}", "docs/reference/http.md lists every address."))
    if status == 405:
        fix = "docs/reference/http.md says which method each address takes."
        return error_response(UsageError(f"{path} does not take {request.method}", code="HR-142", fix=fix))
    return error_response(bad_request("the request cannot be understood", "docs/reference/http.md has examples."))
