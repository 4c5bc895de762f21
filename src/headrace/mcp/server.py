"""The server: each request of the protocol -> tools, resources or prompts."""

from __future__ import annotations

from typing import Any

import mcp_types as types
from mcp import MCPError
from mcp.server import Server, ServerRequestContext

from headrace import __version__
from headrace.errors import HeadraceError, UsageError
from headrace.mcp import resources
from headrace.mcp.prompts import PROMPTS
from headrace.mcp.session import Session
from headrace.mcp.tools import TOOLS
from headrace.project.near import nearest

INSTRUCTIONS = """\
The architect designs data platforms from requirements: it computes every decision from rated facts and cites what it rests on. \
Call `design` with requirements, `compare` for technologies side by side, `review` for checks, risks and drift, `explain` for what a name means. \
State no figure that an answer does not have, and cite as the answers do."""

Context = ServerRequestContext[Any]


def server(session: Session) -> Server[Any]:
    """Make a server for one client."""

    async def list_tools(_: Context, __: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[tool.listed for tool in TOOLS.values()])

    async def call_tool(_: Context, asked: types.CallToolRequestParams) -> types.CallToolResult:
        if asked.name not in TOOLS:
            raise _unknown("tool", asked.name, TOOLS)
        return TOOLS[asked.name].called(session, asked.arguments or {})

    async def list_resources(_: Context, __: Any) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=resources.listed())

    async def list_templates(_: Context, __: Any) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=resources.templates())

    async def read_resource(_: Context, asked: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        try:
            return types.ReadResourceResult(contents=[resources.read(session, str(asked.uri))])
        except HeadraceError as error:
            raise _refused(error) from None

    async def list_prompts(_: Context, __: Any) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=[prompt.listed for prompt in PROMPTS.values()])

    async def get_prompt(_: Context, asked: types.GetPromptRequestParams) -> types.GetPromptResult:
        if asked.name not in PROMPTS:
            raise _unknown("prompt", asked.name, PROMPTS)
        try:
            return PROMPTS[asked.name].got(asked.arguments or {})
        except HeadraceError as error:
            raise _refused(error) from None

    async def complete(_: Context, asked: types.CompleteRequestParams) -> types.CompleteResult:
        beside = (asked.context.arguments if asked.context else None) or {}
        of_template = isinstance(asked.ref, types.ResourceTemplateReference)
        found = resources.completed(session, asked.argument.name, asked.argument.value, beside) if of_template else []
        return types.CompleteResult(
            completion=types.Completion(values=found[:100], total=len(found), has_more=len(found) > 100)
        )

    return Server(
        "headrace",
        version=__version__,
        title="Headrace architect",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
        on_completion=complete,
    )


def _unknown(kind: str, name: str, known: Any) -> MCPError:
    what = f"there is no {kind} {name[:200]!r}"
    return _refused(UsageError(what, code="HR-160", state="nothing was done", fix=nearest(name, known, "there are")))


def _refused(error: HeadraceError) -> MCPError:
    """An error of ours as one of the protocol, for requests that have no answers with errors in them."""
    return MCPError(types.INVALID_PARAMS, str(error), error.as_dict())
