"""The session in the documentation is the one that is had today."""

from __future__ import annotations

from mcp_session import HEADING, PAGE, told


def test_the_recorded_session_is_what_comes_today() -> None:
    recorded = PAGE.read_text("utf-8").partition(HEADING)[2]
    assert recorded == f"\n{told()}"
