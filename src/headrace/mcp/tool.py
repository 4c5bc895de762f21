"""What a tool is, and how a call of it is answered."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import mcp_types as types

from headrace.architect.schema import Schemas
from headrace.errors import HeadraceError, NodeError, Place, UsageError
from headrace.mcp.arguments import arguments
from headrace.mcp.session import Session
from headrace.mcp.told import Told
from headrace.project.declared import Declared

Takes = TypeVar("Takes", bound=Declared)
_log = logging.getLogger("headrace.mcp")


@dataclass(frozen=True)
class Tool(Generic[Takes]):
    """A tool.

    Attributes:
        says: what it is for, to whoever chooses among tools.
        writes: whether it may write files.
        runs: whether it may run code that lies in the root.
    """

    name: str
    title: str
    says: str
    takes: type[Takes]
    gives: type[Told]
    does: Callable[[Session, Takes], Told]
    writes: bool = False
    runs: bool = False

    @cached_property
    def listed(self) -> types.Tool:
        """As clients see it."""
        return types.Tool(
            name=self.name,
            title=self.title,
            description=self.says,
            input_schema=self.takes.model_json_schema(schema_generator=Schemas),
            output_schema=self.gives.model_json_schema(mode="serialization"),
            annotations=types.ToolAnnotations(
                title=self.title,
                read_only_hint=not (self.writes or self.runs),
                destructive_hint=self.writes or self.runs,
                idempotent_hint=True,
                open_world_hint=self.runs,
            ),
        )

    def called(self, session: Session, given: Mapping[str, Any]) -> types.CallToolResult:
        """Answer a call; what is wrong with it is told in the answer, so that the caller can mend it."""
        try:
            told = self.does(session, arguments(self.takes, given, self.name))
        except HeadraceError as error:
            return _failed(error)
        except OSError as error:
            return _failed(_unreadable(error))
        except Exception as error:  # noqa: BLE001 - a defect of ours ends no session
            _log.exception("the tool %s failed", self.name)
            return _failed(_defect(error))
        plain: dict[str, Any] = json.loads(_sendable(json.dumps(told.model_dump(mode="json"), ensure_ascii=False)))
        links = [types.ResourceLink(uri=uri, name=uri.partition("://")[2]) for uri in told.resources]
        return types.CallToolResult(content=[_text(plain), *links], structured_content=plain)


def _failed(error: HeadraceError) -> types.CallToolResult:
    plain = json.loads(_sendable(json.dumps(error.as_dict(), ensure_ascii=False)))
    return types.CallToolResult(
        content=[types.TextContent(text=_sendable(str(error)))], structured_content=plain, is_error=True
    )


def _sendable(text: str) -> str:
    """Without what no encoding has: half a character, as a file's name or an escape in JSON may hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _defect(error: Exception) -> NodeError:
    return NodeError(
        f"a defect of Headrace: {type(error).__name__}",
        code="HR-899",
        state="nothing is known to have been written",
        fix="the log on standard error has the details; please report it",
    )


def _unreadable(error: OSError) -> UsageError:
    return UsageError(
        f"it cannot be read or written: {error.strerror or error}",
        code="HR-103",
        where=Place(Path(str(error.filename))) if error.filename is not None else None,
        fix="make it readable and writable for the user who runs `headrace mcp`, or name another",
    )


def _text(plain: Mapping[str, Any]) -> types.TextContent:
    """The same as JSON, for clients that know no structured answers."""
    return types.TextContent(text=json.dumps(plain, ensure_ascii=False))
