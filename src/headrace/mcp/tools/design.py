"""The tool ``design``: requirements in, a design out; its documents are resources, and files if a folder is named."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from headrace.architect import design
from headrace.architect.check import approved
from headrace.architect.write import RECORD, save
from headrace.errors import Place, UsageError
from headrace.mcp.given import RequirementsGiven, Short, requirements_of
from headrace.mcp.rooted import inside
from headrace.mcp.session import Made, Session
from headrace.mcp.tool import Tool
from headrace.mcp.tools.designed import Designed, told
from headrace.project.declared import Declared


class Asked(Declared):
    """Arguments of `design`."""

    requirements: RequirementsGiven = Field(
        description="What the platform is needed for: the text of a requirements file (YAML), or the same as an object. "
        "A name, one source and one workload are enough; whatever is left out becomes a stated assumption."
    )
    out: Short | None = Field(
        default=None,
        description="A folder within the root to write everything to: the document, the record, the requirements, and project/, which runs. "
        "It must be new, empty, or that of an earlier design. Without it nothing is written.",
    )


def _designed(session: Session, asked: Asked) -> Designed:
    requirements, text = requirements_of(asked.requirements)
    folder = _free(session.root, asked.out) if asked.out is not None else None
    made = Made(design(requirements, session.known), text)
    if folder is not None:
        for name in made.documents:
            if inside(session.root, folder / name) != folder / name:
                raise _taken(str(asked.out))
        save(folder, made.documents)
    session.last = made
    return told(made.design, str(folder.relative_to(session.root)) if folder is not None else None)


def _free(root: Path, out: str) -> Path:
    """A folder that may be written: whoever asks is a program, and is not to write over what people wrote."""
    folder = inside(root, out)
    if not folder.exists():
        return folder
    if folder.is_dir():
        if not any(folder.iterdir()):
            return folder
        try:
            approved(inside(root, folder / RECORD))
        except UsageError:
            pass
        else:
            return folder
    raise _taken(out)


def _taken(out: str) -> UsageError:
    return UsageError(
        "what is there, or what a link there leads to, was not written by an earlier design",
        code="HR-164",
        where=Place(Path(out)),
        state="nothing was written",
        fix="name a folder that does not exist yet, an empty one, or one with the design.json of an earlier design",
    )


DESIGN = Tool(
    "design",
    "Design a data platform",
    "Make an architecture from requirements: the pattern with its scores, the place, the stack of parts, costs over three years, what was assumed, "
    "and requirements that do not go together. Every decision is computed from rated facts and cites its grounds; the same requirements give the same design. "
    "The whole document is a resource afterwards. Requirements that cannot all be met are refused with what is nearest to them.",
    Asked,
    Designed,
    _designed,
    writes=True,
)
