"""Logs as JSON lines, without secrets."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO

import structlog

HIDDEN = "[hidden]"
_NAMES = re.compile(r"token|secret|passw|authorization|cookie|credential|session", re.IGNORECASE)
_TEXTS = re.compile(r"(?i)(bearer\s+|[?&;\s](?:token|session|password)=|headrace_\w+=)[^\s&;'\"]+")


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: hide values under telling names, and tokens inside texts. Put it after tracebacks."""
    for name, value in event.items():
        event[name] = _clean(name, value)
    return event


def _clean(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _clean(str(key), item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(name, item) for item in value]
    if isinstance(value, str):
        return HIDDEN if _NAMES.search(name) else _TEXTS.sub(rf"\1{HIDDEN}", value)
    return value


def configure(stream: TextIO | None = None, level: int = logging.WARNING) -> None:
    """Send every log of this process, uvicorn's too, to `stream` as JSON lines.

    Args:
        stream: standard error when None; standard output belongs to results.
        level: what is less is left out. A line per request is INFO.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stream or sys.stderr),
        cache_logger_on_first_use=False,
    )


class Forward(logging.Handler):
    """Hands a standard-library record to structlog: what uvicorn has to say goes the same way as our own."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        # Tasks that shutdown cancels are no failure.
        if not isinstance(error, asyncio.CancelledError):
            structlog.get_logger(record.name).log(record.levelno, record.getMessage(), exc_info=error)


def adopt(name: str) -> None:
    """Make a standard-library logger speak through `Forward` only."""
    logger = logging.getLogger(name)
    logger.handlers, logger.propagate = [Forward()], False
    logger.setLevel(logging.WARNING)
