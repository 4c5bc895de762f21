"""What every endpoint is given, and the few things that all of them do with a request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from headrace.errors import AccessDenied, UsageError
from headrace.project.dashboard import Page
from headrace.security import Principal, Principals
from headrace.serve.access import VISITOR
from headrace.serve.encode import dumps
from headrace.serve.errors import bad_request, unknown
from headrace.serve.limits import Limits
from headrace.serve.live import Live
from headrace.serve.metrics import Metrics
from headrace.serve.protocol import Node
from headrace.serve.queries import Queries
from headrace.serve.sessions import Sessions, Visitor
from headrace.serve.sse import EventStream

T = TypeVar("T")


@dataclass(frozen=True)
class Site:
    """The node and everything this server keeps about serving it."""

    node: Node
    principals: Principals
    sessions: Sessions
    static_dir: Path
    limits: Limits
    queries: Queries
    calls: Queries
    tiles: Queries
    pushes: asyncio.Semaphore
    live: Live
    metrics: Metrics
    summary: dict[str, Any] = field(default_factory=dict)
    """The answer of ``/v1/project``, once it is made: a project does not change while its node runs."""

    async def call(self, work: Callable[[], T]) -> T:
        """Run a call of the node that ends by itself, on a worker thread."""
        return await self.calls.run(lambda _: work(), seconds=self.limits.call_seconds)


Endpoint = Callable[[Site, Request], Awaitable[Response]]


def visitor(request: Request) -> Visitor:
    """Return who asks; only for addresses that need a principal."""
    found: Visitor = request.scope[VISITOR]
    return found


def principal(request: Request) -> Principal:
    """Return on whose behalf to ask the node."""
    return visitor(request).principal


def require_admin(request: Request, deed: str) -> None:
    """Refuse whoever is no administrator, for what no policy covers yet.

    Raises:
        AccessDenied: HR-943.
    """
    if not principal(request).admin:
        raise AccessDenied(
            f"only an administrator may {deed}",
            code="HR-943",
            state="Nothing was changed.",
            fix="Ask with an administrator's token.",
        )


def principal_within(site: Site, request: Request, page: Page) -> Principal:
    """Return on whose behalf a page's queries are asked: whoever looks at it, they read what its domain may.

    Raises:
        AccessDenied: HR-944, it is the page of another domain.
    """
    who = principal(request)
    if not site.node.project.domains:
        return who
    if who.domain is not None and page.domain not in ("", who.domain):
        raise closed(page.name, page.domain)
    return replace(who, domain=page.domain)


def require_own(request: Request, name: str, domain: str, *, published: bool = False) -> None:
    """Refuse whoever asks from within another domain than the one that a source or model is of.

    Raises:
        AccessDenied: HR-944.
    """
    if principal(request).domain not in (None, domain) and not published:
        raise closed(name, domain)


def closed(name: str, domain: str) -> AccessDenied:
    """Return the refusal of something that a domain keeps to itself."""
    return AccessDenied(
        f"{name} is {domain}'s own",
        code="HR-944",
        state="Nothing was read.",
        fix=f"Read what {domain} publishes: the catalog of products has it.",
    )


def find(kind: str, request: Request, things: Mapping[str, T]) -> T:
    """Return the thing that the address names, or raise `unknown` with the names that exist."""
    name = request.path_params["name"]
    if name not in things:
        raise unknown(kind, name, list(things))
    return things[name]


def answer_json(value: object, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    return Response(dumps(value), headers=headers, media_type="application/json")


def stream(site: Site, request: Request, events: Any, leave: Callable[[], None]) -> EventStream:
    """Return an event stream that ends with the visitor's session."""
    who = visitor(request)
    return EventStream(events, over=lambda: site.sessions.ended(who), leave=leave)


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Await `work`, but cancel it when the client hangs up: nobody would read the answer. The body must be read."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        task.cancel()
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def read_body(request: Request, limits: Limits, parts: str = "") -> bytes:
    """Return the body.

    Args:
        parts: what to say of sending it in several requests, where that can be done.

    Raises:
        UsageError: HR-144 larger than allowed, HR-145 compressed, HR-146 not there in time.
    """
    encoding = request.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise UsageError(
            f"the body is encoded as {encoding}", code="HR-145", state="Nothing was taken.", fix="Send it as it is."
        )
    if int(request.headers.get("content-length", 0)) > limits.body_bytes:
        raise _too_large(limits.body_bytes, parts)
    try:
        return await asyncio.wait_for(_collect(request, limits.body_bytes, parts), limits.body_seconds)
    except TimeoutError:
        raise UsageError(
            f"the body did not arrive within {limits.body_seconds:g} s",
            code="HR-146",
            state="Nothing was taken.",
            fix=f"Send it again, or less at once if the line is slow. {parts}".rstrip(),
        ) from None


async def _collect(request: Request, most: int, parts: str) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise _too_large(most, parts)
    return bytes(body)


def _too_large(most: int, parts: str) -> UsageError:
    return UsageError(
        f"the body is larger than {most // 2**20} MB",
        code="HR-144",
        state="Nothing was taken.",
        fix=f"Send less at once. {parts}".rstrip(),
    )


async def read_fields(request: Request, limits: Limits, known: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON object of the body, whose keys must be among `known` (name -> what it is).

    Raises:
        UsageError: HR-140, it is not that.
    """
    body = await read_body(request, limits)
    fix = f"Send a JSON object with: {', '.join(f'{name} ({what})' for name, what in known.items())}."
    try:
        fields = json.loads(body) if body else {}
    except (ValueError, RecursionError) as error:
        raise bad_request(f"the body is not JSON: {error}", fix) from None
    if not isinstance(fields, dict):
        raise bad_request("the body is not a JSON object", fix)
    strange = sorted(set(fields) - set(known))
    if strange:
        raise bad_request(f"the body has keys that mean nothing here: {', '.join(strange)}", fix)
    return fields
