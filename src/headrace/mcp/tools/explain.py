"""The tool ``explain``: what the knowledge base and the framework say of a topic."""

from __future__ import annotations

import re

from pydantic import Field

from headrace.architect import Knowledge
from headrace.errors import UsageError
from headrace.mcp.given import Short
from headrace.mcp.session import Session
from headrace.mcp.telling import TELLS, Entry
from headrace.mcp.told import Source, Told, sources
from headrace.mcp.tool import Tool
from headrace.mcp.topics import address, topics
from headrace.project.declared import Declared
from headrace.project.near import nearest

_LIKE_THIS = ("kappa", "flink", "event_log", "total_cost", "§4.1", "HR-001")


class Asked(Declared):
    """Arguments of `explain`."""

    topic: Short = Field(
        description="A pattern (`kappa`), a technology (`flink`), a component (`event_log`), a factor (`total_cost`), a section of the framework (`§4.1`), "
        "evidence or a price by name, or an error code (`HR-001`)."
    )


class Explained(Told):
    """Everything that goes by that name."""

    topic: str
    entries: tuple[Entry, ...]
    evidence: tuple[Source, ...] = Field(description="What the statements rest on.")


def _explained(session: Session, asked: Asked) -> Explained:
    entries = tuple(TELLS[kind](name, session.known) for kind, name in _meant(asked.topic, session.known))
    cited = (name for entry in entries for statement in entry.statements for name in statement.evidence)
    return Explained(
        topic=asked.topic,
        entries=entries,
        evidence=sources(cited, session.known),
        resources=tuple(dict.fromkeys(address(entry) for entry in entries)),
    )


def _meant(topic: str, known: Knowledge) -> list[tuple[str, str]]:
    """What goes by a name.

    Raises:
        UsageError: HR-162, nothing does.
    """
    wanted, found, names = _plain(topic), [], []
    for kind, name, others in topics(known):
        called = {_plain(one) for one in (name, *others)}
        names += [name, *others]
        if wanted in called:
            found.append((kind, name))
    if not found:
        near = nearest(topic, names, "")
        fix = near if near.startswith("did you mean") else f"name something like {', '.join(_LIKE_THIS)}"
        raise UsageError(f"nothing is known of {topic!r}", code="HR-162", state="nothing was explained", fix=fix)
    return found


def _plain(name: str) -> str:
    """A name as it is compared: `[§4.1 Lambda; brief 2.1]` and `§4.1 lambda; brief 2.1` are one, and so are `event log` and `event_log`."""
    return re.sub(r"[\s_-]+", " ", name.strip("[]§ \t\n").lower())


EXPLAIN = Tool(
    "explain",
    "Explain a topic",
    "Tell what the knowledge base and the framework say of a pattern, a technology, a component, a factor, a section, a piece of evidence or an error code: "
    "statements with the sections and the evidence that they rest on, and each evidence with its source and date.",
    Asked,
    Explained,
    _explained,
)
