"""A running server on real sockets, with the small node of `flow.py` behind it."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from headrace.serve import Limits, Server, app, bind, configure_logs

from .flow import ADMIN_TOKEN, TOKENS, FlowNode, Tokens, a_project


@pytest.fixture(autouse=True)
def logs() -> Iterator[io.StringIO]:
    """What was logged. Whatever a test does, no token may be in it."""
    stream = io.StringIO()
    configure_logs(stream, logging.INFO)
    yield stream
    assert not [token for token in TOKENS if token in stream.getvalue()]


QUICK = Limits(tick_seconds=0.2, heartbeat_seconds=0.5, retry_seconds=0.2, query_seconds=5.0, tile_seconds=2.0)


@dataclass
class Clock:
    """A clock that the test sets."""

    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Served:
    """A server and what is behind it."""

    node: FlowNode
    server: Server
    static: Path
    clock: Clock
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.server.url

    def client(self, token: str | None = ADMIN_TOKEN) -> httpx.Client:
        """A client with a token, or without; it is closed when the test ends."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self.clients.append(httpx.Client(base_url=self.url, headers=headers, timeout=10))
        return self.clients[-1]

    def stop(self) -> None:
        self.server.stop()
        for client in self.clients:
            client.close()
        self.node.close()


Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start servers with limits of the test's own; they stop when it ends."""
    yield from _serving(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for all the tests of a module that leave nothing behind: starting and stopping takes a while."""
    serving = _serving(tmp_path_factory.mktemp("shared"))
    yield next(serving)()
    next(serving, None)


def _serving(folder: Path) -> Iterator[Serve]:
    running: list[Served] = []

    def start(**limits: float) -> Served:
        quick = replace(QUICK, **limits)  # type: ignore[arg-type]
        node, static, clock = FlowNode(a_project(folder)), folder / "static", Clock()
        made = app(node, Tokens(), static, clock=clock, limits=quick)
        server = Server(made, bind(_data(folder, running), port=0), limits=quick)
        server.start()
        running.append(Served(node, server, static, clock))
        return running[-1]

    yield start
    for one in running:
        one.stop()


def _data(folder: Path, running: list[Served]) -> Path:
    data = folder / f"data{len(running)}"
    data.mkdir()
    return data


@pytest.fixture
def served(serve: Serve) -> Served:
    """One server with quick limits."""
    return serve()


@pytest.fixture
def client(served: Served) -> httpx.Client:
    """A client of it that carries the administrator's token."""
    return served.client()
