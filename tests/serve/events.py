"""Reads server-sent events off a real connection."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from .flow import ADMIN_TOKEN


@dataclass(frozen=True)
class Event:
    name: str
    data: Any
    at: float


class Events:
    """The events of one open stream, in order; comments are counted."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()
        self.comments = 0
        self.hello = ""

    def next(self) -> Event:
        """Return the next event; raises StopIteration when the stream has ended."""
        name = ""
        for line in self._lines:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return Event(name, json.loads(line.removeprefix("data: ")), time.monotonic())
            elif line.startswith(":"):
                self.comments += 1
            elif line:
                self.hello = line
        raise StopIteration

    def until(self, *names: str) -> Event:
        """Return the next event of one of these names."""
        while (event := self.next()).name not in names:
            pass
        return event

    def tiles(self, count: int) -> dict[str, Any]:
        """Return the next `count` tile events by tile; a later one of the same tile counts too."""
        found = [self.until("tile").data for _ in range(count)]
        return {data["tile"]: data for data in found}

    def rest(self) -> Iterator[Event]:
        while True:
            try:
                yield self.next()
            except StopIteration:
                return


@contextmanager
def a_line(url: str, path: str, token: str = ADMIN_TOKEN) -> Iterator[socket.socket]:
    """Ask for a stream and hand out the bare connection, for clients that do not read."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        head = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"
        line.sendall(head.encode())
        yield line


@contextmanager
def listening(client: httpx.Client, path: str) -> Iterator[Events]:
    """Open a stream."""
    with client.stream("GET", path, headers={"accept": "text/event-stream"}) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        yield Events(response)
