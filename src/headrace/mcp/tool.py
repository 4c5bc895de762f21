"""What a tool is, and how a call of it is answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import mcp_types as types

from headrace.architect.schema import Schemas
from headrace.errors import HeadraceError, Place, UsageError
from headrace.mcp.arguments import arguments
from headrace.mcp.session import Session
from headrace.mcp.told import Told
from headrace.project.declared import Declared

Takes = TypeVar("Takes", bound=Declared)


@dataclass(frozen=True)
class Tool(Generic[Takes]):
    """A tool.

    Attributes:
        says: what it is for, to whoever chooses among tools.
        writes: whether it may write files.
    """

    name: str
    title: str
    says: str
    takes: type[Takes]
    gives: type[Told]
    does: Callable[[Session, Takes], Told]
    writes: bool = False

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
                read_only_hint=not self.writes,
                destructive_hint=self.writes,
                idempotent_hint=True,
                open_world_hint=False,
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
        plain = told.model_dump(mode="json")
        links = [types.ResourceLink(uri=uri, name=uri.partition("://")[2]) for uri in told.resources]
        return types.CallToolResult(content=[_text(plain), *links], structured_content=plain)


def _failed(error: HeadraceError) -> types.CallToolResult:
    shown = types.TextContent(text=str(error))
    return types.CallToolResult(content=[shown], structured_content=error.as_dict(), is_error=True)


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
