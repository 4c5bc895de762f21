"""The tool ``review``: the framework's checklists evaluated, risks, conflicts; and where a project has drifted from its design."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from headrace.architect import design
from headrace.architect.check import approved, drift
from headrace.architect.document.record import record
from headrace.architect.framework import PATTERNS, SECTIONS
from headrace.architect.write import RECORD
from headrace.errors import UsageError
from headrace.mcp.given import RequirementsAgain, Short, requirements_of
from headrace.mcp.rooted import closed, inside
from headrace.mcp.session import Session
from headrace.mcp.told import Answer, ConflictTold, Told
from headrace.mcp.tool import Tool
from headrace.project import Project, Target, load
from headrace.project.declared import Declared


class Asked(Declared):
    """Arguments of `review`."""

    requirements: RequirementsAgain | None = Field(
        default=None, description="Review the design for these, as `design` takes them."
    )
    design: Short | None = Field(
        default=None,
        description="Or the design of a `design.json` within the root. Without either: the one beside the project, or the one that was made last.",
    )
    project: Short | None = Field(
        default=None,
        description="A project within the root to compare with the design. It is loaded, so its functions' files are run.",
    )
    target: Short | None = Field(default=None, description="One of the project's targets. Without: this machine alone.")


class Checked(Answer):
    """A question of the review."""

    area: str
    gate: str
    asks: str
    answer: Literal["yes", "no", "open"] = Field(description="`open` is for people, at the gate.")
    why: str


class RiskTold(Answer):
    """Something that may go wrong."""

    title: str
    probability: str
    impact: str
    mitigation: str
    sections: tuple[str, ...]


class Difference(Answer):
    """Where the project differs from the design."""

    what: str
    designed: str
    found: str
    fix: str
    section: str


class Reviewed(Told):
    """The review."""

    name: str
    pattern: str
    section: str
    checks: tuple[Checked, ...]
    failed: int = Field(description="How many checks are answered with no.")
    open: int = Field(description="How many are for people.")
    risks: tuple[RiskTold, ...] = Field(description="The gravest first.")
    conflicts: tuple[ConflictTold, ...]
    drift: tuple[Difference, ...] | None = Field(
        default=None, description="Nothing without a project; empty: it is as designed."
    )


def _reviewed(session: Session, asked: Asked) -> Reviewed:
    project = inside(session.root, asked.project) if asked.project is not None else None
    found = _record(session, asked, project)
    there = _loaded(session.root, project, asked.target) if project is not None else None
    try:
        told = _told(found)
        differences = _drift(found, *there) if there is not None else None
    except (AttributeError, IndexError, KeyError, TypeError, ValidationError) as error:
        raise _damaged(error) from error
    return told.model_copy(update={"drift": differences})


def _told(found: Mapping[str, Any]) -> Reviewed:
    answers = [str(one["answer"]) for one in found["review"]]
    return Reviewed.model_validate(
        {
            "name": found["needs"]["requirements"]["name"],
            "pattern": PATTERNS[found["pattern"]["scores"][0]["pattern"]],
            "section": SECTIONS["review"].cited,
            "checks": [{**one["check"], "answer": one["answer"], "why": one["why"]} for one in found["review"]],
            "failed": answers.count("no"),
            "open": answers.count("open"),
            "risks": [{**one, "sections": [SECTIONS[key].cited for key in one["sections"]]} for one in found["risks"]],
            "conflicts": found["conflicts"],
        }
    )


def _record(session: Session, asked: Asked, project: Path | None) -> dict[str, Any]:
    """The record of the design that is meant.

    Raises:
        UsageError: HR-160, two are named; HR-165, none is named or made; HR-117, it cannot be read.
    """
    if asked.requirements is not None and asked.design is not None:
        what = "review: `requirements` and `design` exclude each other"
        raise UsageError(what, code="HR-160", state="nothing was reviewed", fix="give one of them")
    if asked.requirements is not None:
        return _plain(record(design(requirements_of(asked.requirements)[0], session.known)))
    if asked.design is not None:
        return approved(inside(session.root, asked.design))
    if project is not None and project != session.root and (project.parent / RECORD).exists():
        return approved(inside(session.root, project.parent / RECORD))
    return _plain(record(session.latest().design))


def _plain(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def _damaged(error: Exception) -> UsageError:
    return UsageError(
        f"the design's record does not hold what it should ({type(error).__name__}: {error})"[:300],
        code="HR-117",
        state="nothing was reviewed",
        fix="make it again: `headrace design`, or the tool `design`",
    )


def _loaded(root: Path, project: Path, target: str | None) -> tuple[Project, Target]:
    from headrace.runtime.services import target_of  # noqa: PLC0415 - engine and lake take two seconds

    closed(root, project)
    there = load(project)
    return there, target_of(there, target)


def _drift(found: Mapping[str, Any], project: Project, target: Target) -> tuple[Difference, ...]:
    return tuple(Difference.model_validate(vars(one)) for one in drift(found, project, target))


REVIEW = Tool(
    "review",
    "Review a design",
    "Evaluate the framework's review checklists for a design, with its risks and the requirements that do not go together; "
    "given a project, tell where it has drifted from the design. Questions that only people can answer stay open.",
    Asked,
    Reviewed,
    _reviewed,
    runs=True,
)
