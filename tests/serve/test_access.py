"""Who may come in: tokens, sessions, the host a request names and the site it comes from."""

from __future__ import annotations

import io
import socket
from datetime import timedelta

import httpx
import pytest

from headrace.serve.access import check_host
from headrace.serve.app import ADDRESSES
from headrace.serve.sessions import Sessions

from .conftest import Clock, Serve, Served
from .events import listening
from .flow import ADMIN, ADMIN_TOKEN, READER_TOKEN

GUARDED = [address for address in ADDRESSES if not address.open]
OPEN = [address for address in ADDRESSES if address.open]


def sign_in(served: Served, token: str = ADMIN_TOKEN) -> httpx.Client:
    """A browser that opened the link."""
    browser = served.client(None)
    answer = browser.get("/login", params={"token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    return browser


def test_everything_that_tells_or_takes_data_needs_a_principal(served: Served) -> None:
    for address in GUARDED:
        for token in (None, "wrong"):
            answer = served.client(token).request(address.method, address.path.replace("{name}", "operations"))
            assert answer.status_code == 401, address
            assert answer.json()["error"]["code"] == "HR-940"
            assert "headrace run" in answer.json()["error"]["fix"]
            assert answer.headers["www-authenticate"] == "Bearer"
    assert served.node.queries == []


def test_an_address_that_does_not_exist_needs_a_principal_too(served: Served) -> None:
    assert served.client(None).get("/v1/secrets").status_code == 401
    answer = served.client().get("/v1/secrets")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "HR-141")


def test_pages_and_health_need_nobody(served: Served) -> None:
    for address in OPEN:
        answer = served.client(None).get(address.path.replace("{name}", "operations"))
        assert (answer.status_code == 401) == (address.path == "/login"), address


def test_the_link_signs_a_browser_in(served: Served) -> None:
    browser = served.client(None)
    answer = browser.get("/login", params={"token": ADMIN_TOKEN})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "max-age=43200" in cookie
    assert ADMIN_TOKEN not in cookie
    assert browser.get("/v1/project").json()["name"] == "flow"


def test_a_wrong_link_says_so_in_the_reader_s_language(shared: Served) -> None:
    machine = shared.client(None).get("/login", params={"token": "wrong"})
    assert (machine.status_code, machine.json()["error"]["code"]) == (401, "HR-940")
    person = shared.client(None).get("/login", params={"token": "wrong"}, headers={"accept": "text/html"})
    assert person.status_code == 401
    assert "<h1>Not signed in</h1>" in person.text
    assert "set-cookie" not in person.headers


def test_a_session_ends_after_twelve_hours(served: Served) -> None:
    browser = sign_in(served)
    served.clock.now += timedelta(hours=11, minutes=59)
    assert browser.get("/v1/project").status_code == 200
    served.clock.now += timedelta(minutes=1)
    assert browser.get("/v1/project").status_code == 401


def test_an_open_stream_ends_with_its_session(served: Served) -> None:
    browser = sign_in(served)
    with listening(browser, "/v1/dashboards/operations/live") as events:
        events.tiles(3)
        served.clock.now += timedelta(hours=12)
        assert len(list(events.rest())) < 10


def test_two_nodes_on_one_machine_keep_their_browsers_apart(serve: Serve) -> None:
    first, second = serve(), serve()
    browser = first.client(None)
    for one in (first, second):
        browser.get(f"{one.url}/login", params={"token": ADMIN_TOKEN})
    assert browser.get(f"{first.url}/v1/project").status_code == 200
    assert browser.get(f"{second.url}/v1/project").status_code == 200


def test_a_wrong_token_is_not_saved_by_a_good_cookie(shared: Served) -> None:
    browser = sign_in(shared)
    assert browser.get("/v1/project", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert browser.get("/v1/project", headers={"authorization": f"Basic {ADMIN_TOKEN}"}).status_code == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil:{port}", ""]
)
def test_another_host_is_refused_before_anything_else(shared: Served, host: str) -> None:
    port = shared.url.rpartition(":")[2]
    answer = shared.client().get("/healthz", headers={"host": host.format(port=port)})
    assert (answer.status_code, answer.json()["error"]["code"]) == (421, "HR-941")


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1:{port}", "LOCALHOST:{port}", "[::1]:{port}"])
def test_the_names_of_this_machine_are_taken(shared: Served, host: str) -> None:
    port = shared.url.rpartition(":")[2]
    assert shared.client(None).get("/healthz", headers={"host": host.format(port=port)}).status_code == 200


def test_on_port_80_the_host_may_leave_it_out() -> None:
    scope = {"type": "http", "server": ("127.0.0.1", 80), "headers": [(b"host", b"localhost")]}
    check_host(scope)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "{own}"}, 200),
        ({"origin": "{own}", "sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:1"}, 403),
        ({"origin": "http://evil.example", "sec-fetch-site": "same-origin"}, 403),
        ({"origin": "{own}", "sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
    ],
)
def test_another_site_cannot_use_a_browser_s_session(shared: Served, headers: dict[str, str], status: int) -> None:
    browser = sign_in(shared)
    shared.node.queries.clear()
    own = {name: value.format(own=shared.url) for name, value in headers.items()}
    answer = browser.post("/v1/sql", json={"sql": "select 1 as x"}, headers=own)
    assert answer.status_code == status
    assert shared.node.queries == (["select 1 as x"] if status == 200 else [])
    if status == 403:
        assert answer.json()["error"]["code"] == "HR-942"


@pytest.mark.parametrize(
    ("site", "status"), [("same-origin", 200), ("none", 200), ("same-site", 403), ("cross-site", 403)]
)
def test_another_site_cannot_even_read_with_a_session(shared: Served, site: str, status: int) -> None:
    assert sign_in(shared).get("/v1/project", headers={"sec-fetch-site": site}).status_code == status


def test_a_token_needs_no_site(shared: Served) -> None:
    answer = shared.client().post("/v1/sql", json={"sql": "select 1 as x"}, headers={"origin": "http://evil.example"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/v1/parity"), ("POST", "/v1/sources/flights"), ("GET", "/v1/models/departures/changes")],
)
def test_what_no_policy_covers_yet_is_for_administrators(shared: Served, method: str, path: str) -> None:
    answer = shared.client(READER_TOKEN).request(method, path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "HR-943")


def test_every_answer_carries_the_security_headers(shared: Served) -> None:
    client = shared.client()
    for answer in (
        client.get("/"),
        client.get("/v1/project"),
        client.get("/nowhere"),
        shared.client(None).get("/v1/project"),
    ):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "img-src 'self' data:" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("request_line", "headers", "status"),
    [
        (b"GET /v1/project", b"Authorization: Bearer \xff\xfe\r\n", 401),
        (b"GET /v1/project", b"Cookie: headrace_%PORT%=\xff\r\n", 401),
        (b"GET /login?token=%ff%00%e9", b"", 401),
        (b"GET /assets/%00", b"", 404),
        (b"GET /assets/" + b"a" * 5000, b"", 404),
        (b"GET /v1/models/%00%ff", b"%TOKEN%", 404),
        (b"GET /v1/reports/monthly?carrier=%ff", b"%TOKEN%", 400),
        (b"GET http://evil.example/v1/project", b"%TOKEN%", 404),
        (b"GET /v1/project", b"Host: evil.example\r\n", 400),
        (b"POST /v1/sql", b"%TOKEN%Content-Length: 99999999999999999999\r\n", 413),
    ],
)
def test_odd_bytes_are_refused_and_never_a_defect(
    shared: Served, logs: io.StringIO, request_line: bytes, headers: bytes, status: int
) -> None:
    host, port = shared.url.removeprefix("http://").split(":")
    filled = headers.replace(b"%PORT%", port.encode())
    filled = filled.replace(b"%TOKEN%", f"Authorization: Bearer {ADMIN_TOKEN}\r\n".encode())
    with socket.create_connection((host, int(port))) as line:
        line.sendall(request_line + f" HTTP/1.1\r\nHost: {host}:{port}\r\n".encode() + filled + b"\r\n")
        line.settimeout(10)
        assert line.recv(4096).startswith(f"HTTP/1.1 {status} ".encode())
    assert "defect" not in logs.getvalue()


def test_the_oldest_session_leaves_when_there_are_too_many() -> None:
    ids = iter("abc")
    sessions = Sessions(clock=Clock(), seconds=60, most=2, new_id=lambda: next(ids))
    for _ in range(3):
        sessions.open(ADMIN)
    assert [sessions.find(id_) is not None for id_ in "abc"] == [False, True, True]
