"""Resources: what can be read, by address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import mcp_types as types
from mcp import UriTemplate

from headrace.architect.examples import examples
from headrace.architect.framework import PATTERNS
from headrace.architect.knowledge import Component
from headrace.architect.reference import markdown as reference
from headrace.architect.write import DOCUMENT, PAGE, RECORD, REQUIREMENTS
from headrace.errors import UsageError
from headrace.mcp import addresses, shown
from headrace.mcp.codes import page
from headrace.mcp.session import Session

JSON, MARKDOWN, YAML = "application/json", "text/markdown", "application/yaml"
_TYPES = {".md": MARKDOWN, ".json": JSON, ".yaml": YAML, ".html": "text/html", ".svg": "image/svg+xml"}

Values = Mapping[str, str]


@dataclass(frozen=True)
class Readable:
    """One resource, or all that a template describes.

    Attributes:
        at: the address, with `{variables}` if it is a template.
        type: of the text; empty where it depends on the path.
        text: raises KeyError when there is nothing of those values.
    """

    at: str
    name: str
    says: str
    type: str
    text: Callable[[Session, Values], str]


def _document(session: Session, values: Values) -> str:
    return session.latest().documents[values["path"]].decode()


def _made(name: str, says: str) -> Readable:
    kind = _TYPES[PurePosixPath(name).suffix]
    return Readable(
        addresses.of_design(name),
        f"design/last/{name}",
        says,
        kind,
        lambda session, _: _document(session, {"path": name}),
    )


FIXED = (
    Readable(addresses.KNOWLEDGE, "knowledge", "What is known: components with their technologies, evidence and prices by name.", JSON, shown.index),
    Readable(addresses.PATTERNS, "patterns", "The framework's matrix: each pattern's rating for each characteristic of a use case.", JSON, shown.patterns),
    Readable(addresses.SECTIONS, "sections", "The framework's sections that designs cite, under both numberings.", JSON, shown.sections),
    Readable(addresses.SCHEMA, "requirements schema", "The JSON schema of requirements.", "application/schema+json", shown.schema),
    Readable(addresses.REFERENCE, "requirements reference", "Every key of a file of requirements.", MARKDOWN, lambda *_: reference()),
    Readable(addresses.ERRORS, "errors", "Every error code, what it means and what to do.", MARKDOWN, lambda *_: page()),
    _made(DOCUMENT, "The document of the design that was made last in this session."),
    _made(PAGE, "The same as one page that needs nothing else."),
    _made(RECORD, "Every decision of that design with its figures, for programs."),
    _made(REQUIREMENTS, "The requirements that it answers."),
)  # fmt: skip

TEMPLATES = (
    Readable(addresses.of_component("{component}"), "component", "The technologies of a component with their ratings.", JSON, shown.component),
    Readable(addresses.of_technology("{component}", "{technology}"), "technology", "One of them.", JSON, shown.technology),
    Readable(addresses.of_evidence("{id}"), "evidence", "A piece of evidence, or a price: what it says, its source and its date.", JSON, shown.evidence),
    Readable(addresses.of_pattern("{pattern}"), "pattern", "What the framework says of a pattern.", JSON, shown.pattern),
    Readable(addresses.of_example("{name}"), "example", "Requirements to start from.", YAML, lambda _, values: examples()[values["name"]]),
    Readable(addresses.of_design("{+path}"), "design document", "Any file of the design that was made last: pictures/NAME.svg, project/….", "", _document),
)  # fmt: skip


def listed() -> list[types.Resource]:
    """Resources with an address of their own; examples among them."""
    named = [types.Resource(uri=one.at, name=one.name, description=one.says, mime_type=one.type) for one in FIXED]
    return named + [
        types.Resource(
            uri=addresses.of_example(name),
            name=f"example {name}",
            description="Requirements to start from.",
            mime_type=YAML,
        )
        for name in examples()
    ]


def templates() -> list[types.ResourceTemplate]:
    return [
        types.ResourceTemplate(uri_template=one.at, name=one.name, description=one.says, mime_type=one.type or None)
        for one in TEMPLATES
    ]


def read(session: Session, uri: str) -> types.TextResourceContents:
    """Read one.

    Raises:
        UsageError: HR-165, there is nothing at this address.
    """
    for one in (*FIXED, *TEMPLATES):
        values = UriTemplate.parse(one.at).match(uri)
        if values is None:
            continue
        plain = {name: str(value) for name, value in values.items()}
        try:
            text = one.text(session, plain)
        except KeyError:
            break
        kind = _TYPES.get(PurePosixPath(uri).suffix, "text/plain") if "path" in plain else one.type
        return types.TextResourceContents(uri=uri, mime_type=kind, text=text)
    fix = f"read {addresses.KNOWLEDGE} for the names that there are, or list resources and their templates"
    raise UsageError(f"there is nothing at {uri[:200]}", code="HR-165", fix=fix)


def completed(session: Session, variable: str, begun: str, beside: Values) -> list[str]:
    """The values of a template's variable that begin so."""
    known = session.known
    component: Component | None = next((one for one in known.technologies if one == beside.get("component")), None)
    values: dict[str, list[str]] = {
        "component": list(known.technologies),
        "technology": list(known.technologies[component]) if component is not None else [],
        "id": [*known.evidence, *known.prices],
        "pattern": list(PATTERNS),
        "name": list(examples()),
        "path": list(session.last.documents) if session.last is not None else [],
    }
    return [value for value in values.get(variable, []) if value.startswith(begun)]
