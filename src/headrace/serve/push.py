"""Push: rows in over HTTP, durable when the answer comes."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from headrace.errors import UsageError
from headrace.serve.errors import bad_request
from headrace.serve.site import Site, answer_json, find, read_body, require_admin

CONTENT_TYPES = ("application/x-ndjson", "application/json", "application/vnd.apache.arrow.stream")
_LONGEST_KEY = 255
_PARTS = (
    "Rows may come in several requests, each with an Idempotency-Key of its own: that makes it safe to send one again."
)


async def push(site: Site, request: Request) -> Response:
    """Append rows to a push source; the same Idempotency-Key again appends nothing and answers as the first time."""
    require_admin(request, "push rows")
    source = find("source", request, site.node.project.sources)
    if source.kind != "push":
        raise bad_request(
            f"source {source.name} takes no pushed rows: it is a {source.kind} source",
            f"Push to a source with `kind: push`, or change sources/{source.name}.yaml.",
        )
    content_type, key = _content_type(request), _key(request)
    async with site.pushes:
        body = await read_body(request, site.limits, _PARTS)
        return answer_json(await site.call(lambda: site.node.push(source.name, body, content_type, key)))


def _content_type(request: Request) -> str:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in CONTENT_TYPES:
        raise UsageError(
            f"rows cannot be read from {content_type or 'a body without a Content-Type'}",
            code="HR-145",
            state="Nothing was taken.",
            fix=f"Send one of: {', '.join(CONTENT_TYPES)}.",
        )
    return content_type


def _key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= _LONGEST_KEY and key.isprintable()):
        raise bad_request("the Idempotency-Key cannot be kept", f"Use 1 to {_LONGEST_KEY} printable characters.")
    return key
