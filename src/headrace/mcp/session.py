"""What one client's session holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from headrace.architect import Design, Knowledge, knowledge
from headrace.architect.document.parts import blocks
from headrace.architect.write import documents
from headrace.errors import UsageError


@dataclass(frozen=True)
class Made:
    """A design, and the text of the requirements that it answers."""

    design: Design
    requirements: str

    @cached_property
    def documents(self) -> dict[str, bytes]:
        """What `headrace design` would write: path -> what it holds."""
        return documents(self.design, blocks(self.design), self.requirements.encode())


@dataclass
class Session:
    """The folder that may be read and written, what is known, and the design that was made last.

    Attributes:
        root: absolute, without symbolic links.
    """

    root: Path
    known: Knowledge = field(default_factory=knowledge)
    last: Made | None = None

    def latest(self) -> Made:
        """Return the design that was made last.

        Raises:
            UsageError: HR-165, there is none.
        """
        if self.last is None:
            what = "no design was made in this session"
            raise UsageError(what, code="HR-165", fix="call the tool `design` with requirements first")
        return self.last
