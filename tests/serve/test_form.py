"""The form's server: who may come in, what they may send, and that it ends cleanly. The form behind it is the one that ships."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from headrace.architect.form.form import RequirementsForm
from headrace.errors import NodeError
from headrace.serve.form import FormServer, form_app
from headrace.serve.form.app import ADDRESSES, LIMITS, PAGE
from headrace.serve.form.link import Link

from .conftest import Clock

ROOT = Path(__file__).parents[2]
LEAST: dict[str, Any] = {
    "name": "Shop",
    "sources": [{"name": "orders", "kind": "database"}],
    "workloads": [{"name": "now", "kind": "dashboard", "freshness": "5 seconds"}],
}
GUARDED = [address for address in ADDRESSES if not address.open]


@dataclass
class Opened:
    """A form's server, a browser that has opened the link, and the folder."""

    url: str
    link: str
    folder: Path
    browser: httpx.Client
    clock: Clock

    def post(self, address: str, sent: object, **headers: str) -> httpx.Response:
        return self.browser.post(address, json=sent, headers={"origin": self.url, **headers})

    def names(self) -> list[str]:
        return sorted(one.name for one in self.folder.iterdir()) if self.folder.exists() else []


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    folder, clock, link, server = tmp_path / "out", Clock(), Link(), FormServer(0)
    app = form_app(RequirementsForm(folder, {"name": "Shop"}), link, clock=clock)
    thread = threading.Thread(target=server.run, args=[app])
    thread.start()
    address = link.address(server.url)
    try:
        with httpx.Client(base_url=server.url, timeout=20) as browser:
            assert browser.get(address).status_code == 303
            yield Opened(server.url, address, folder, browser, clock)
    finally:
        server.end()
        thread.join(10)
        assert not thread.is_alive()


def refused(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text


def test_it_listens_on_this_machine_only_and_says_which_port_is_taken() -> None:
    server = FormServer(0)
    try:
        assert server.url.startswith("http://127.0.0.1:")
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(NodeError) as taken:
            FormServer(port)
        assert taken.value.code == "HR-840"
        assert "headrace design form --port" in taken.value.fix
    finally:
        server.close()


def test_the_link_signs_one_browser_in_once(opened: Opened) -> None:
    cookie = next(iter(opened.browser.cookies.jar))
    assert (cookie.has_nonstandard_attr("HttpOnly"), cookie.get_nonstandard_attr("SameSite")) == (True, "strict")
    again = opened.browser.get(opened.link)  # whoever is in already is only sent on
    assert (again.status_code, again.headers["location"]) == (303, "/")
    refused(httpx.get(opened.link), 401, "HR-940")
    page = httpx.get(opened.link, headers={"accept": "text/html"})
    assert page.status_code == 401
    assert "headrace design form" in page.text
    assert "set-cookie" not in page.headers


def test_nobody_else_comes_in(opened: Opened) -> None:
    token = opened.link.partition("token=")[2]
    for headers in (
        {},
        {"authorization": f"Bearer {token}"},
        {"cookie": f"{next(iter(opened.browser.cookies))}=wrong"},
    ):
        for address in GUARDED:
            answer = httpx.request(address.method, opened.url + address.path, headers=headers)
            refused(answer, 401, "HR-940")
            assert "headrace design form" in answer.json()["error"]["fix"]
    assert httpx.get(opened.url).status_code == 200
    assert opened.names() == []


def test_a_session_ends(opened: Opened) -> None:
    opened.clock.now = opened.clock.now.replace(year=2027)
    refused(opened.browser.get("/v1/form"), 401, "HR-940")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "localhost.evil.example:80"])
def test_another_host_is_refused_everywhere(opened: Opened, host: str) -> None:
    for address in [*(one.path for one in ADDRESSES), "/assets/form.js", "/login"]:
        refused(opened.browser.get(address, headers={"host": host}), 421, "HR-941")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_site_is_refused(opened: Opened, headers: dict[str, str]) -> None:
    sent = {"values": LEAST, "replace": True}
    for address in ("/v1/save", "/v1/design", "/v1/check", "/v1/load"):
        refused(opened.post(address, sent, **headers), 403, "HR-942")
    assert opened.names() == []


def test_a_write_without_an_origin_is_refused(opened: Opened) -> None:
    refused(opened.browser.post("/v1/save", json={"values": LEAST}), 403, "HR-942")


def test_every_answer_has_a_strict_policy(opened: Opened) -> None:
    for address in ("/", "/assets/form.js", "/assets/form.css", "/v1/form", "/nowhere", "/login", "/favicon.ico"):
        headers = opened.browser.get(address).headers
        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_the_page_asks_nobody_else_and_has_no_script_in_it() -> None:
    for path in PAGE.iterdir():
        text = path.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"https?:|[\"'(]//|innerHTML|insertAdjacentHTML|document\.write|eval\(", text), path
    assert (PAGE / "form.html").read_text().count("<script ") == 1
    assert "style=" not in (PAGE / "form.html").read_text()


@pytest.mark.parametrize(
    "path",
    ["/assets/../app.py", "/assets/%2e%2e/app.py", "/assets/..%2fapp.py", "/assets//etc/passwd", "/../../etc/passwd", "/requirements.yaml", "/assets/"],
)  # fmt: skip
def test_nothing_but_the_page_is_served(opened: Opened, path: str) -> None:
    with socket.create_connection(("127.0.0.1", int(opened.url.rpartition(":")[2])), timeout=10) as raw:
        cookie = "; ".join(f"{name}={value}" for name, value in opened.browser.cookies.items())
        host = opened.url.removeprefix("http://")
        raw.sendall(f"GET {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    assert b" 404 " in answer.split(b"\r\n")[0]
    assert b"HR-141" in answer


def test_what_is_sent_is_bounded_and_json(opened: Opened) -> None:
    large = {"values": {"name": "x" * LIMITS.body_bytes}}
    refused(opened.post("/v1/check", large), 413, "HR-144")

    def slowly() -> Iterator[bytes]:  # without a length
        for _ in range(20):
            yield b" " * (LIMITS.body_bytes // 10)

    headers = {"origin": opened.url, "content-type": "application/json"}
    refused(opened.browser.post("/v1/check", content=slowly(), headers=headers), 413, "HR-144")
    plain = {"origin": opened.url, "content-type": "text/plain"}
    refused(opened.browser.post("/v1/save", content=b'{"values": {}}', headers=plain), 415, "HR-145")
    for body in (b"{", b"[]", b'{"value": {}}', b"[" * 100_000, b"\xff"):
        refused(opened.browser.post("/v1/save", content=body, headers=headers), 400, "HR-140")
    refused(opened.post("/v1/load", {"name": "a", "content": 5}), 400, "HR-140")
    refused(opened.post("/v1/check", {"values": {"colour": "red"}}), 400, "HR-140")
    refused(opened.browser.get("/v1/save", headers=headers), 405, "HR-142")


def test_it_describes_checks_and_loads(opened: Opened) -> None:
    opening = opened.browser.get("/v1/form").json()
    assert opening["values"] == {"name": "Shop"}
    assert opening["fields"][0]["key"] == "name"
    assert opening["file"] == str(opened.folder / "requirements.yaml")
    headers = {"origin": opened.url, "content-type": "application/json"}
    half = opened.browser.post(
        "/v1/check", content=b'{"values": {"name": "half a \\ud800 character"}}', headers=headers
    )
    assert {each["at"] for each in half.json()["problems"]} >= {"name", "sources", "workloads"}
    found = opened.post("/v1/check", {"values": LEAST}).json()
    assert (found["problems"], found["contradictions"]) == ([], None)
    assert found["preview"]["pattern"] == "Kappa"
    loaded = opened.post("/v1/load", {"name": "a.yaml", "content": found["yaml"]})
    assert loaded.json() == {"values": LEAST}
    wrong = opened.post("/v1/load", {"name": "a.yaml", "content": "nam: a"})
    refused(wrong, 422, "HR-200")
    assert wrong.json()["error"]["problems"][0]["where"]["line"] == 1
    assert opened.names() == []


def test_it_writes_the_file_and_the_design_and_serves_its_page(opened: Opened) -> None:
    refused(opened.browser.get("/architecture.html"), 404, "HR-141")
    refused(opened.post("/v1/save", {"values": {}}), 422, "HR-200")
    impossible = {**LEAST, "team": {"engineers": "0"}}
    refused(opened.post("/v1/design", {"values": impossible}), 422, "HR-001")
    assert opened.names() == []
    assert opened.post("/v1/save", {"values": LEAST}).status_code == 200
    changed = {**LEAST, "name": "Other"}
    refused(opened.post("/v1/save", {"values": changed}), 409, "HR-122")
    refused(opened.post("/v1/save", {"values": changed, "replace": "true"}), 409, "HR-122")
    assert opened.post("/v1/design", {"values": LEAST}).status_code == 200
    refused(opened.post("/v1/design", {"values": LEAST}), 409, "HR-122")
    assert opened.names() == [
        "architecture.html",
        "architecture.md",
        "design.json",
        "pictures",
        "project",
        "requirements.yaml",
    ]
    page = opened.browser.get("/architecture.html")
    assert page.text == (opened.folder / "architecture.html").read_text()
    assert "script" not in page.headers["content-security-policy"]
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_command_prints_the_link_ends_by_ctrl_c_and_says_what_it_wrote(tmp_path: Path) -> None:
    command = [Path(sys.executable).with_name("headrace"), "design", "form", "--out", tmp_path / "out"]
    brief = ROOT / "examples" / "requirements" / "brief.yaml"
    with subprocess.Popen([*command, brief], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ) as process:  # fmt: skip
        assert process.stdout is not None
        link = process.stdout.readline().strip()
        url = link.partition("/login")[0]
        with httpx.Client(base_url=url, timeout=20) as browser:
            browser.get(link)
            values = browser.get("/v1/form").json()["values"]
            assert values["name"] == "Company data platform"
            sent = {"values": values, "replace": False}
            assert browser.post("/v1/save", json=sent, headers={"origin": url}).status_code == 200
            process.send_signal(signal.SIGINT)  # with a connection open
            _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert f"Written: {tmp_path / 'out' / 'requirements.yaml'}" in said
    assert link.partition("token=")[2] not in said
    assert "Traceback" not in said
