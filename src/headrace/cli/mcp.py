"""``headrace mcp``: thin, the work is that of `headrace.mcp`."""

from __future__ import annotations

from pathlib import Path

from headrace.errors import UsageError


def serve(root: Path) -> None:
    """Serve the architect on standard input and output.

    Raises:
        UsageError: HR-118, what it needs is not installed.
    """
    try:
        from headrace.mcp import stdio
    except ImportError as error:
        raise UsageError(
            f"the MCP server needs packages that are not installed ({error})",
            code="HR-118",
            state="nothing was started",
            fix="pip install 'headrace[mcp]'",
        ) from error
    stdio.serve(root)
