"""What is not one of our errors, where it would otherwise end a thread in silence."""

from __future__ import annotations

import structlog

from headrace.errors import HeadraceError, NodeError

log = structlog.get_logger("headrace.runtime")


def as_ours(error: Exception, doing: str) -> HeadraceError:
    """Our errors as they are; anything else is a defect of Headrace: logged in full, told in short."""
    if isinstance(error, HeadraceError):
        return error
    log.error("defect", doing=doing, exc_info=error)
    return NodeError(
        f"a defect of Headrace while {doing}: {type(error).__name__}: {error}",
        code="HR-898",
        state="the node stops; what was committed is kept",
        fix="run again to go on from there; if it comes back, report it with the log above",
    )
