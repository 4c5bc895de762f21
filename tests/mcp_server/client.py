"""A session of the SDK's own client with the real command, for tests that are no coroutines."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from anyio.from_thread import start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult, GetPromptResult, TextContent

import headrace

HEADRACE = Path(sys.executable).with_name("headrace")
INHERITED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
ENVIRONMENT = {**INHERITED, "PYTHONPATH": str(Path(headrace.__file__).parents[1])}
"""So that the process runs what is tested, wherever the command was installed from, and keeps its output back as it does for others."""


class Session:
    """What a client can ask, each question answered before the next."""

    def __init__(self, client: Client, portal: Any) -> None:
        self.client = client
        self._portal = portal

    def ask(self, method: str, *args: Any, **given: Any) -> Any:
        """Call a method of the SDK's client."""
        return self._portal.call(partial(getattr(self.client, method), *args, **given))

    def call(self, tool: str, **arguments: Any) -> CallToolResult:
        answer = self.ask("call_tool", tool, arguments)
        assert isinstance(answer, CallToolResult)
        return answer

    def told(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The answer of a call that succeeds."""
        answer = self.call(tool, **arguments)
        assert not answer.is_error, text(answer)
        assert isinstance(answer.structured_content, dict)
        return answer.structured_content

    def refused(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The error of a call that fails, which says all that ours say, and is no traceback."""
        answer = self.call(tool, **arguments)
        assert answer.is_error
        assert "Traceback" not in text(answer)
        assert isinstance(answer.structured_content, dict)
        error = answer.structured_content["error"]
        assert text(answer).rpartition(error["code"])[2].startswith(f": {error['what']}")
        assert error["fix"]
        return dict(error)

    def read(self, uri: str) -> str:
        [content] = self.ask("read_resource", uri).contents
        return str(content.text)

    def prompt(self, name: str, **arguments: str) -> str:
        answer = self.ask("get_prompt", name, arguments)
        assert isinstance(answer, GetPromptResult)
        [message] = answer.messages
        assert isinstance(message.content, TextContent)
        return message.content.text


def text(answer: CallToolResult) -> str:
    first = answer.content[0]
    assert isinstance(first, TextContent)
    return first.text


@contextmanager
def session(root: Path, mode: str = "auto") -> Iterator[Session]:
    """Start `headrace mcp` for a root, and talk to it."""
    server = StdioServerParameters(command=str(HEADRACE), args=["mcp", "--root", str(root)], env=ENVIRONMENT)
    client = Client(server, mode=mode, read_timeout_seconds=60)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(client) as connected:
        yield Session(connected, portal)
