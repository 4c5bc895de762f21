"""The sockets of a node and how the server starts and stops."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from headrace.errors import NodeError
from headrace.serve import Server, app, bind, socket_path
from headrace.serve.holder import holder

from .conftest import Clock, Serve
from .events import a_line, listening
from .flow import ADMIN_TOKEN, FlowNode, Tokens, a_project
from .test_live import LIVE
from .test_sql import ENDLESS, ask, wait_for


def test_the_unix_socket_serves_the_same_app_and_wants_a_token(serve: Serve) -> None:
    served = serve()
    path = served.server.sockets.path
    assert path.name == "node.sock"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://headrace") as client:
        assert client.get("/v1/project").status_code == 401
        token = {"authorization": f"Bearer {ADMIN_TOKEN}"}
        assert client.get("/v1/project", headers=token).json()["name"] == "flow"
        with client.stream("GET", LIVE, headers=token) as response:
            assert next(response.iter_lines()) == "retry: 2000"
    served.server.stop()
    assert not path.exists()


def test_without_tcp_there_is_the_unix_socket_alone(tmp_path: Path) -> None:
    sockets = bind(tmp_path, tcp=False)
    node = FlowNode(a_project(tmp_path))
    server = Server(app(node, Tokens(), tmp_path / "static", clock=Clock()), sockets)
    server.start()
    try:
        assert (sockets.tcp, server.url) == (None, "")
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(sockets.path)), base_url="http://headrace") as client:
            assert client.get("/healthz").json() == {"status": "ok"}
    finally:
        server.stop()


def test_the_unix_socket_takes_the_link_too(serve: Serve) -> None:
    path = serve().server.sockets.path
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://headrace") as client:
        client.get("/login", params={"token": ADMIN_TOKEN})
        assert client.get("/v1/project").status_code == 200


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder with a short path, wherever the tests' own are."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_a_long_data_path_gets_a_private_socket_elsewhere(tmp_path: Path, short: Path) -> None:
    data = tmp_path / ("deep" * 20) / ("er" * 20)
    data.mkdir(parents=True)
    sockets = bind(data, port=0)
    try:
        assert sockets.path == socket_path(data)
        assert sockets.path.parent.parent == short
        assert len(os.fsencode(sockets.path)) < 104
        assert stat.S_IMODE(sockets.path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(sockets.path.stat().st_mode) == 0o600
        assert socket_path(data.parent) != sockets.path
    finally:
        sockets.close()
    sockets.path.parent.chmod(0o755)
    with pytest.raises(NodeError, match="not a folder of this user alone"):
        socket_path(data)


def test_a_temporary_folder_that_is_too_long_as_well_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / ("deep" * 20) / ("er" * 20)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with pytest.raises(NodeError, match="too long") as caught:
        socket_path(deep)
    assert "TMPDIR" in caught.value.fix


def test_a_taken_port_names_its_holder_and_starts_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(NodeError, match=f"port {port} is in use") as caught:
            bind(tmp_path, port=port)
    assert caught.value.code == "HR-840"
    assert f"headrace run --port {port + 1}" in caught.value.fix
    if sys.platform == "linux":
        assert f"(pid {os.getpid()})" in caught.value.what
    assert list(tmp_path.iterdir()) == []


def test_nobody_holds_a_free_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    assert holder(port) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.com", "127.0.0.2", ""])
def test_only_this_machine_is_served(tmp_path: Path, host: str) -> None:
    with pytest.raises(NodeError, match="no TLS") as caught:
        bind(tmp_path, host=host, port=0)
    assert caught.value.code == "HR-841"
    assert "ssh -L" in caught.value.fix


def test_ipv6_loopback_is_this_machine_too(tmp_path: Path) -> None:
    if not Path("/proc/net/if_inet6").exists():
        pytest.skip("no IPv6 here")
    sockets = bind(tmp_path, host="::1", port=0)
    server = Server(app(FlowNode(a_project(tmp_path)), Tokens(), tmp_path / "static", clock=Clock()), sockets)
    server.start()
    try:
        assert server.url.startswith("http://[::1]:")
        assert httpx.get(f"{server.url}/healthz").status_code == 200
    finally:
        server.stop()


def test_a_port_that_may_not_be_bound_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Forbidden(socket.socket):
        def bind(self, address: object) -> None:
            raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "socket", Forbidden)
    with pytest.raises(NodeError, match="Permission denied") as caught:
        bind(tmp_path, port=80)
    assert caught.value.code == "HR-842"


def test_a_socket_left_by_a_killed_node_is_replaced_but_a_live_one_is_not(tmp_path: Path) -> None:
    killed = "import os, sys, pathlib, headrace.serve as s; s.bind(pathlib.Path(sys.argv[1]), port=0); os._exit(9)"
    subprocess.run([sys.executable, "-c", killed, str(tmp_path)], check=False)
    assert (tmp_path / "node.sock").is_socket()
    first = bind(tmp_path, port=0)
    try:
        with pytest.raises(NodeError, match="another node is running"):
            bind(tmp_path, port=0)
        assert (tmp_path / "node.sock").is_socket()
    finally:
        first.close()


def test_a_folder_that_cannot_hold_a_socket_is_told(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="cannot be bound") as caught:
        bind(tmp_path / "missing", port=0)
    assert caught.value.code == "HR-842"


def test_clients_that_come_early_wait_for_the_node(tmp_path: Path) -> None:
    sockets = bind(tmp_path, port=0)
    answers: list[int] = []
    early = threading.Thread(target=lambda: answers.append(httpx.get(f"{sockets.url}/healthz", timeout=10).status_code))
    early.start()
    time.sleep(0.2)
    server = Server(app(FlowNode(a_project(tmp_path)), Tokens(), tmp_path / "static", clock=Clock()), sockets)
    server.start()
    early.join()
    server.stop()
    assert answers == [200]


def test_a_node_that_cannot_be_asked_does_not_start(tmp_path: Path) -> None:
    node = FlowNode(a_project(tmp_path))
    node.failing = RuntimeError("broken state")
    server = Server(app(node, Tokens(), tmp_path / "static", clock=Clock()), bind(tmp_path, port=0))
    with pytest.raises(NodeError, match="broken state"):
        server.start()
    assert not (tmp_path / "node.sock").exists()


def test_stopping_ends_streams_answers_what_runs_and_takes_no_more(serve: Serve) -> None:
    served = serve(query_seconds=60)
    answers: list[httpx.Response] = []
    slow = "select count(*) as n from range(60000) a, range(20000) b where a.range + b.range < 0"
    with served.client() as client, listening(client, LIVE) as events:
        events.tiles(3)
        quick = threading.Thread(target=lambda: answers.append(ask(served.client(), slow)))
        endless = threading.Thread(target=lambda: answers.append(ask(served.client(), ENDLESS)))
        quick.start()
        endless.start()
        wait_for(lambda: {slow, ENDLESS} <= set(served.node.queries))
        began = time.monotonic()
        served.server.stop()
        assert time.monotonic() - began < 3
        assert all(event.name != "error" for event in events.rest()), "the stream ended, and properly"
    quick.join()
    endless.join()
    statuses = {answer.status_code: answer for answer in answers}
    assert set(statuses) <= {200, 503}
    assert 503 in statuses
    assert statuses[503].json()["error"]["code"] == "HR-845"
    assert served.node.watchers == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{served.url}/healthz")


def test_stopping_does_not_wait_for_a_client_that_does_not_read(serve: Serve) -> None:
    served = serve(interval_seconds=0.01)
    with a_line(served.url, "/v1/models/departures/changes"):
        wait_for(lambda: "headrace_open_streams 1.0" in served.client().get("/metrics").text)
        for _ in range(100):
            served.node.depart("x" * 100_000)
        time.sleep(0.3)
        began = time.monotonic()
        served.server.stop()
        assert time.monotonic() - began < 3


def test_stopping_twice_is_stopping_once(serve: Serve) -> None:
    served = serve()
    served.server.stop()
    served.server.stop()


def test_an_idle_server_stops_quickly(serve: Serve) -> None:
    served = serve()
    client = served.client()
    client.get("/healthz")
    began = time.monotonic()
    served.server.stop()
    assert time.monotonic() - began < 1


RUN = """
import sys, threading
from datetime import UTC, datetime
from collections.abc import Iterator
from pathlib import Path
sys.path.insert(0, {tests!r})
from serve.flow import FlowNode, Tokens, a_project
from headrace.serve import Server, app, bind
data = Path({data!r})
made = app(FlowNode(a_project(data)), Tokens(), data / "static", clock=lambda: datetime.now(UTC))
server = Server(made, bind(data, port=0))
print(server.url, flush=True)
try:
    server.run()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_in_the_main_thread_an_interrupt_ends_it_cleanly(tmp_path: Path) -> None:
    code = RUN.format(tests=str(Path(__file__).parent.parent), data=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    token = {"authorization": f"Bearer {ADMIN_TOKEN}"}
    with httpx.Client(base_url=url, headers=token) as client, listening(client, LIVE) as events:
        events.tiles(3)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=10)
    assert time.monotonic() - began < 3
    assert (process.returncode, out) == (0, "interrupted\n"), errors
    assert "Traceback" not in errors
    assert not (tmp_path / "node.sock").exists()
