"""What can be told of, and what it goes by."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.architect import Knowledge
from headrace.architect.framework import CRITERIA, PATTERNS, SECTIONS
from headrace.mcp import addresses
from headrace.mcp.codes import codes
from headrace.mcp.telling import Entry


def topics(known: Knowledge) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Everything that can be told of: kind, name, and what else it goes by."""
    for pattern, title in PATTERNS.items():
        yield "pattern", pattern, (title, *(_marks(pattern) if pattern in SECTIONS else ()))
    for component, group in known.technologies.items():
        for name, technology in group.items():
            yield "technology", f"{component}/{name}", (name, technology.title)
        yield "component", component, ()
    for criterion, (title, _, factors) in CRITERIA.items():
        yield "criterion", criterion, (title,)
        yield from (("factor", factor, ()) for factor in factors)
    for key in SECTIONS:
        yield "section", key, _marks(key)
    for name in (*known.evidence, *known.prices):
        yield "evidence", name, ()
    for code in codes():
        yield "error", code, ()


def _marks(key: str) -> tuple[str, ...]:
    """What a section is cited by, under both numberings."""
    section = SECTIONS[key]
    brief = section.brief.split()[:1]
    return section.mark, section.mark.split()[0], section.cited, *brief, *(f"brief {number}" for number in brief)


def address(entry: Entry) -> str:
    """Where there is more of it."""
    match entry.kind:
        case "pattern":
            return addresses.of_pattern(entry.name)
        case "component":
            return addresses.of_component(entry.name)
        case "technology":
            return addresses.of_technology(*entry.name.split("/"))
        case "evidence" | "price":
            return addresses.of_evidence(entry.name)
        case "error":
            return addresses.ERRORS
        case _:
            return addresses.SECTIONS
