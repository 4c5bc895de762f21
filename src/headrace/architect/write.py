"""Requirements in, a folder of documents out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from headrace.architect.design import Design, design
from headrace.architect.document.blocks import Block, Figure
from headrace.architect.document.markdown import PICTURES, markdown
from headrace.architect.document.page import page
from headrace.architect.document.parts import blocks
from headrace.architect.document.record import record
from headrace.architect.handoff.project import files
from headrace.architect.knowledge import knowledge
from headrace.architect.llm import Endpoint, narrative
from headrace.architect.read import read
from headrace.errors import UsageError

DOCUMENT, PAGE, RECORD, REQUIREMENTS = "architecture.md", "architecture.html", "design.json", "requirements.yaml"
PROJECT, NARRATIVE = "project", "narrative.md"


def write(requirements: Path, folder: Path, endpoint: Endpoint | None = None) -> Design:
    """Design for a file of requirements, and write what comes of it into a folder.

    Files that an earlier design wrote there are written over, others are left alone.

    Args:
        endpoint: of a language model that drafts a short form of the document, if it is wanted.

    Raises:
        ProjectErrors: the requirements are not well formed.
        DesignError: they cannot all be met; or what the model drafts does not hold, and everything else is written.
        UsageError: the folder cannot be written.
    """
    made = design(read(requirements), knowledge())
    parts = list(blocks(made))
    save(folder, documents(made, parts, requirements.read_bytes()))
    if endpoint is not None:
        (folder / NARRATIVE).write_text(narrative(made, parts, endpoint), "utf-8")
    return made


def documents(made: Design, parts: Iterable[Block], requirements: bytes) -> dict[str, bytes]:
    """Everything that is written of a design: path within the folder -> what it holds.

    Args:
        parts: the document's.
        requirements: the file that the design answers.
    """
    parts = list(parts)
    told = {f"{PICTURES}/{block.name}.svg": block.svg for block in parts if isinstance(block, Figure)}
    told[DOCUMENT] = markdown(parts)
    told[PAGE] = page(f"{made.needs.requirements.name}: architecture", parts)
    told[RECORD] = record(made)
    told |= {f"{PROJECT}/{name}": text for name, text in files(made).items()}
    return {**{name: text.encode() for name, text in told.items()}, REQUIREMENTS: requirements}


def save(folder: Path, found: Mapping[str, bytes]) -> None:
    """Write documents into a folder; an earlier design's draft, which is not of this one, goes.

    Raises:
        UsageError: HR-103, the folder cannot be written.
    """
    try:
        for name, held in found.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists() or path.read_bytes() != held:  # the requirements may be the very file that was read
                path.write_bytes(held)
        (folder / NARRATIVE).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror or error}",
            code="HR-103",
            state="what was written before stands there",
            fix="choose a folder you may write to",
        ) from None
