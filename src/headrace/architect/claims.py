"""What a design states, and what each statement rests on."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.architect.framework import SECTIONS


@dataclass(frozen=True)
class Claim:
    """One statement with its grounds.

    Attributes:
        text: a sentence or two, without marks.
        sections: keys of `SECTIONS` that it follows from; at least one.
        evidence: names of evidence and of prices in the knowledge base.
        given: requirements that it follows from, as in ``workloads.live_sales``.
    """

    text: str
    sections: tuple[str, ...]
    evidence: tuple[str, ...] = ()
    given: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.sections or not set(self.sections) <= SECTIONS.keys():
            raise ValueError(f"a claim cites sections that there are, at least one: {self.sections}: {self.text}")
