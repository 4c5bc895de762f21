"""The tools, in the order in which they are listed."""

from __future__ import annotations

from typing import Any

from headrace.mcp.tool import Tool
from headrace.mcp.tools.compare import COMPARE
from headrace.mcp.tools.design import DESIGN
from headrace.mcp.tools.explain import EXPLAIN
from headrace.mcp.tools.review import REVIEW

TOOLS: dict[str, Tool[Any]] = {tool.name: tool for tool in (DESIGN, COMPARE, REVIEW, EXPLAIN)}
