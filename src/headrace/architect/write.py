"""Requirements in, a folder of documents out."""

from __future__ import annotations

import shutil
from pathlib import Path

from headrace.architect.design import Design, design
from headrace.architect.document.blocks import Figure
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
    try:
        (folder / PICTURES).mkdir(parents=True, exist_ok=True)
        for block in parts:
            if isinstance(block, Figure):
                (folder / PICTURES / f"{block.name}.svg").write_text(block.svg, "utf-8")
        (folder / DOCUMENT).write_text(markdown(parts), "utf-8")
        (folder / PAGE).write_text(page(f"{made.needs.requirements.name}: architecture", parts), "utf-8")
        (folder / RECORD).write_text(record(made), "utf-8")
        (folder / NARRATIVE).unlink(missing_ok=True)
        for name, text in files(made).items():
            (folder / PROJECT / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / PROJECT / name).write_text(text, "utf-8")
        if not (folder / REQUIREMENTS).exists() or not (folder / REQUIREMENTS).samefile(requirements):
            shutil.copyfile(requirements, folder / REQUIREMENTS)
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror or error}",
            code="HR-103",
            state="what was written before stands there",
            fix="choose a folder you may write to",
        ) from None
    if endpoint is not None:
        (folder / NARRATIVE).write_text(narrative(made, parts, endpoint), "utf-8")
    return made
