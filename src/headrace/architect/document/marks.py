"""Citations in texts: ``[§…]`` for the framework, ``[E3]`` for evidence and prices, ``[R: …]`` for requirements."""

from __future__ import annotations

import re
from collections.abc import Iterable

from headrace.architect.claims import Claim
from headrace.architect.framework import SECTIONS
from headrace.architect.needs import Needs

MARK = re.compile(r"\[(?:§|E\d|R: )[^\]]*\]")
"""Any of the three."""
SECTION_MARK = re.compile(r"\[§([^\]]+)\]")
EVIDENCE_MARK = re.compile(r"\[E(\d+)\]")
REQUIREMENT_MARK = re.compile(r"\[R: ([^\]]+)\]")


class Marks:
    """Numbers evidence in the order in which it is first cited, and knows which requirements were assumed."""

    def __init__(self, needs: Needs) -> None:
        self._assumed = {assumption.key: number for number, assumption in enumerate(needs.assumptions, 1)}
        self._numbers: dict[str, int] = {}

    @property
    def cited(self) -> dict[str, int]:
        """Evidence and prices that were cited, by name, with their numbers."""
        return dict(self._numbers)

    def said(self, claim: Claim) -> str:
        """A claim as it stands in a text."""
        return f"{claim.text} {self.of(claim)}"

    def of(self, claim: Claim) -> str:
        """The marks alone."""
        return " ".join([*self.sections(claim.sections), *self.evidence(claim.evidence), *self._given(claim.given)])

    def sections(self, keys: Iterable[str]) -> list[str]:
        return [SECTIONS[key].cited for key in keys]

    def evidence(self, names: Iterable[str]) -> list[str]:
        return [f"[E{self._numbers.setdefault(name, len(self._numbers) + 1)}]" for name in dict.fromkeys(names)]

    def _given(self, keys: Iterable[str]) -> list[str]:
        """Requirements; those that were assumed, with the number of the assumption."""
        told = [f"{key} (assumed: A{self._assumed[key]})" if key in self._assumed else key for key in keys]
        return [f"[R: {', '.join(told)}]"] if told else []
