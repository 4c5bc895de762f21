"""What a browser loads: the page, its assets, and the page that says they are not built."""

from __future__ import annotations

import socket

import httpx
import pytest

from .conftest import Served

SHELL = ["/", "/dashboards/operations", "/reports/monthly", "/models/departures", "/flow", "/sql"]


@pytest.fixture
def built(served: Served) -> Served:
    (served.static / "assets").mkdir(parents=True)
    (served.static / "index.html").write_text("<title>Headrace</title>")
    (served.static / "favicon.ico").write_bytes(b"icon")
    (served.static / "assets" / "app-1a2b.js").write_text("start()")
    (served.static / "secret.txt").write_text("not an asset")
    return served


def test_every_address_a_person_visits_is_the_one_page(built: Served) -> None:
    for path in SHELL:
        answer = built.client(None).get(path)
        assert answer.status_code == 200
        assert "<title>Headrace</title>" in answer.text
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["content-type"].startswith("text/html")
    assert built.client(None).head("/").status_code == 200


def test_assets_are_kept_for_ever(built: Served) -> None:
    answer = built.client(None).get("/assets/app-1a2b.js")
    assert answer.text == "start()"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "javascript" in answer.headers["content-type"]
    assert built.client(None).get("/favicon.ico").content == b"icon"


@pytest.mark.parametrize(
    "path", ["/assets/../secret.txt", "/assets/%2e%2e/secret.txt", "/assets//etc/passwd", "/assets/", "/assets/no.js"]
)
def test_nothing_but_assets_is_handed_out(built: Served, path: str) -> None:
    answer = httpx.get(f"{built.url}{path}")
    raw = raw_get(built, path)
    assert answer.status_code in (401, 404)
    assert b"not an asset" not in raw
    assert b"root:" not in raw
    assert answer.json()["error"]["code"] in ("HR-141", "HR-940")


def raw_get(served: Served, path: str) -> bytes:
    """Ask for a path as it stands: an HTTP client would resolve the dots first."""
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: line.recv(65536), b""))


def test_without_a_build_the_page_says_how_to_make_it(served: Served) -> None:
    answer = served.client(None).get("/")
    assert answer.status_code == 503
    assert "pip install -e ." in answer.text
    assert served.client(None).get("/assets/app.js").status_code == 404
    assert served.client(None).get("/favicon.ico").status_code == 404
    assert served.client().get("/v1/project").status_code == 200
