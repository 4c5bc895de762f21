"""A session with `headrace mcp`, held by the SDK's own client with the real process, as the last part of `docs/concepts/mcp.md`.

``python scripts/mcp_session.py`` writes it into the page; `tests/mcp_server/test_session.py` sees that it is what comes today.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import yaml
from mcp import Client, StdioServerParameters

import headrace

PAGE = Path(__file__).parents[1] / "docs" / "concepts" / "mcp.md"
HEADING = "## A session\n"

REQUIREMENTS = """\
name: Shop
sources:
  - {name: orders, kind: database, records_per_second: 40, holds: [personal]}
  - {name: clicks, kind: events, records_per_second: 900}
workloads:
  - {name: sales_now, kind: dashboard, freshness: 5 seconds, users: 30}
  - {name: monthly_report, kind: report, freshness: 1 day}
budget: {monthly: 20000, currency: EUR}
team: {engineers: 4, skills: [python, sql]}
"""
CALLS: tuple[tuple[str, dict[str, Any], tuple[str, ...]], ...] = (
    ("explain", {"topic": "total_cost"}, ()),
    (
        "design",
        {"requirements": REQUIREMENTS, "out": "architecture"},
        ("name", "deployment", "stack", "costs", "conflicts", "written", "resources"),
    ),
    ("design", {"requirements": REQUIREMENTS.replace("5 seconds", "1 ms")}, ()),
    ("design", {"requirements": REQUIREMENTS, "out": "../elsewhere"}, ("nothing",)),
    (
        "compare",
        {"component": "event_log", "technologies": ["kafka", "Redpanda"], "requirements": REQUIREMENTS},
        ("leads", "claims", "weights", "points"),
    ),
    ("review", {"project": "architecture/project"}, ("failed", "open", "conflicts", "drift")),
)
"""Tool, arguments, and the keys of the answer that the page shows; without any, all."""
RESOURCES = ("headrace://knowledge/evidence/kafka_licence",)
PROMPT = ("justify_design", {"audience": "the head of finance"})


async def session() -> AsyncIterator[str]:
    """Hold it, and tell it as Markdown."""
    command = str(Path(sys.executable).with_name("headrace"))
    environment = {**os.environ, "PYTHONPATH": str(Path(headrace.__file__).parents[1])}
    with tempfile.TemporaryDirectory() as root:
        server = StdioServerParameters(command=command, args=["mcp"], env=environment, cwd=root)
        async with Client(server) as client:
            yield "What is offered:\n\n" + "\n".join([line async for line in _offered(client)])
            for tool, arguments, keys in CALLS:
                answer = await client.call_tool(tool, arguments)
                yield f"Call `{tool}`:\n\n{_block('yaml', _yaml(arguments))}"
                if answer.is_error:
                    yield f"It is refused:\n\n{_block('', answer.content[0].text)}"
                else:
                    yield _answer(answer.structured_content, keys)
            for uri in RESOURCES:
                [content] = (await client.read_resource(uri)).contents
                yield f"Read `{uri}`:\n\n{_block('json', content.text)}"
            name, given = PROMPT
            [message] = (await client.get_prompt(name, given)).messages
            yield f"Get the prompt `{name}`:\n\n{_block('yaml', _yaml(given))}\n\n{_block('', message.content.text)}"


async def _offered(client: Client) -> AsyncIterator[str]:
    yield f"- tools: {_names(tool.name for tool in (await client.list_tools()).tools)}"
    yield f"- resources: {_names(one.uri for one in (await client.list_resources()).resources)}"
    templates = (await client.list_resource_templates()).resource_templates
    yield f"- templates of resources: {_names(one.uri_template for one in templates)}"
    yield f"- prompts: {_names(one.name for one in (await client.list_prompts()).prompts)}"


def _names(names: Iterator[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _answer(told: dict[str, Any], keys: tuple[str, ...]) -> str:
    left = [key for key in told if keys and key not in keys]
    shown = json.dumps({key: told[key] for key in told if key not in left}, indent=1, ensure_ascii=False)
    more = f" (without {', '.join(f'`{key}`' for key in left)}, which the page leaves out)" if left else ""
    return f"The answer{more}:\n\n{_block('json', shown)}"


def _block(kind: str, text: str) -> str:
    return f"```{kind}\n{text.rstrip()}\n```"


class _Dumper(yaml.SafeDumper):
    """Texts of several lines stand as they are."""


_Dumper.add_representer(
    str,
    lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None),
)


def _yaml(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


async def _told() -> str:
    return "\n\n".join([part async for part in session()]) + "\n"


def told() -> str:
    """The session, as it comes today."""
    return anyio.run(_told)


if __name__ == "__main__":
    before, heading, _ = PAGE.read_text("utf-8").partition(HEADING)
    PAGE.write_text(f"{before}{heading}\n{told()}", "utf-8")
