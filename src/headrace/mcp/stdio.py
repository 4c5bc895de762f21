"""The server on standard input and output. Nothing listens on the network.

Standard output holds messages of the protocol and nothing else: while it serves, file descriptor 1 is standard error for everybody but the transport,
so that what a project's functions print goes there. Logs go there too. Nobody but the transport reads standard input.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from io import TextIOWrapper
from pathlib import Path

import anyio
from mcp import stdio_server

from headrace.errors import HeadraceError, Place, UsageError
from headrace.mcp.given import TOO_LARGE
from headrace.mcp.server import server
from headrace.mcp.session import Session

LARGEST_MESSAGE = 1_000_000
"""Characters of a line. What a tool takes is less; this bounds what is read before a message is understood."""


class _Lines(TextIOWrapper):
    """Standard input, line by line, none of them longer than a message may be."""

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]  # the stubs take it for that of bytes
        line = super().readline(LARGEST_MESSAGE + 1 if size < 0 else size)
        if len(line) > LARGEST_MESSAGE:
            what = f"a message has more than {LARGEST_MESSAGE:,} characters"
            raise UsageError(what, code=TOO_LARGE, state="the session is over", fix="send smaller messages")
        return line


def _claimed() -> _Lines:
    """Standard input for the transport alone: whoever else reads it, a project's functions for instance, finds it empty."""
    private, empty = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    return _Lines(os.fdopen(private, "rb"), encoding="utf-8", errors="replace")


def serve(root: Path) -> None:
    """Serve one client, until it closes standard input.

    Raises:
        UsageError: HR-119, the root is not a folder; HR-163, a message is too large.
    """
    if not root.is_dir():
        what, fix = "the root is not a folder", "name one that exists: headrace mcp --root DIR"
        raise UsageError(what, code="HR-119", where=Place(root), state="nothing was started", fix=fix)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    # Whoever waits for a line cannot be woken otherwise, and there is nothing to tidy up.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        anyio.run(_serve, Session(root.resolve()))
    except BaseExceptionGroup as group:
        raise _ours(group) from group


async def _serve(session: Session) -> None:
    made = server(session)
    async with stdio_server(stdin=anyio.wrap_file(_claimed())) as (reading, writing):
        try:
            await made.run(reading, writing, made.create_initialization_options())
        finally:
            sys.stdout.flush()  # what functions printed: a moment later descriptor 1 is the protocol's again


def _ours(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Why tasks failed together: an error of ours, or a client that has gone; the group if it is neither."""
    found: BaseException = group
    while isinstance(found, BaseExceptionGroup):
        found = next(
            (one for one in found.exceptions if isinstance(one, HeadraceError | BrokenPipeError | BaseExceptionGroup)),
            found.exceptions[0],
        )
    return found if isinstance(found, HeadraceError | BrokenPipeError) else group
