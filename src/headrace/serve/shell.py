"""The browser side's files: one page for every address that a person visits, and its assets, which never change."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from headrace.serve.errors import error_response, not_found
from headrace.serve.site import Site

BUILD = "python -m pip install -e ."
"""The command that builds the browser side in a checkout; a wheel carries it built."""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
body{{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}}
</style></head><body><h1>{title}</h1>{body}</body></html>
"""


class Assets(StaticFiles):
    """Files whose names carry a hash of their content."""

    async def check_config(self) -> None:
        """Take a folder that is not there for an empty one: the pages may be built while the node runs."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, to be kept for a year without asking again."""
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


async def shell(site: Site, _request: Request) -> Response:
    """Return the page; its script reads the address and asks for the data."""
    index = site.static_dir / "index.html"
    if index.is_file():
        return FileResponse(index, headers={"cache-control": "no-cache"})
    advice = f"The browser side is not built. Run <code>{BUILD}</code> in the checkout, then reload."
    return HTMLResponse(page("Headrace runs", [advice, "The API under <code>/v1/</code> works without it."]), 503)


async def icon(site: Site, request: Request) -> Response:
    """Return the icon that browsers ask for unasked."""
    file = site.static_dir / Path(request.url.path).name
    return FileResponse(file) if file.is_file() else error_response(not_found("there is no icon", "Build the pages."))


def page(title: str, paragraphs: list[str]) -> str:
    """Return a plain page; the paragraphs are HTML."""
    return _PAGE.format(title=title, body="".join(f"<p>{text}</p>" for text in paragraphs))
