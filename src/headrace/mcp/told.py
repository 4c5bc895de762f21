"""What tools answer with: statements with their grounds, and where to read more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from headrace.architect import Knowledge
from headrace.architect.claims import Claim
from headrace.architect.framework import SECTIONS


class Answer(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True)


class Statement(Answer):
    """A sentence and what it rests on."""

    text: str
    sections: tuple[str, ...] = Field(default=(), description="Of the framework, as they are cited.")
    evidence: tuple[str, ...] = Field(default=(), description="Names of evidence and of prices.")
    given: tuple[str, ...] = Field(default=(), description="Requirements that it follows from.")


class Source(Answer):
    """A piece of evidence, or a price, that statements rest on."""

    name: str
    says: str
    basis: Literal["published", "measured", "price"]
    source: str
    url: str
    date: str


class Told(Answer):
    """A tool's whole answer."""

    resources: tuple[str, ...] = Field(default=(), description="Addresses of resources that say more.")


def said(claim: Claim) -> Statement:
    """A claim of the architect's."""
    return Statement(
        text=claim.text,
        sections=tuple(SECTIONS[key].cited for key in claim.sections),
        evidence=claim.evidence,
        given=claim.given,
    )


def sources(names: Iterable[str], known: Knowledge) -> tuple[Source, ...]:
    """Evidence and prices by name, each once."""
    return tuple(source(name, known) for name in dict.fromkeys(names))


def source(name: str, known: Knowledge) -> Source:
    """One of them."""
    if name in known.evidence:
        found = known.evidence[name]
        says, basis = found.says, found.basis
        return Source(name=name, says=says, basis=basis, source=found.source, url=found.url, date=str(found.date))
    price = known.prices[name]
    unit = price.unit.replace("_", " ")
    says = f"{price.what}: {price.amount:g} US dollars a unit ({unit})."
    return Source(name=name, says=says, basis="price", source=price.source, url=price.url, date=str(price.date))


class ConflictTold(Answer):
    """Requirements that do not go together, though a design can be made."""

    what: str
    given: tuple[str, ...]
    nearest: tuple[str, ...]
