"""``headrace design``: thin, the work is the architect's."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import typer

from headrace.architect import write
from headrace.architect.check import approved, drift
from headrace.architect.framework import PATTERNS
from headrace.architect.interview import interview as ask_for_all
from headrace.architect.llm import Endpoint
from headrace.architect.selection import money
from headrace.architect.write import RECORD, REQUIREMENTS
from headrace.cli.stopped import loaded
from headrace.errors import UsageError
from headrace.runtime.services import target_of


def asked_for(requirements: Path | None, folder: Path, *, interview: bool) -> Path:
    """The file of requirements: the one that is named, or one that is written from answers.

    Raises:
        UsageError: HR-116, neither or both are wanted, or there are requirements where the answers would go.
    """
    if (requirements is not None) == interview:
        what = "a file of requirements and --interview exclude each other" if interview else "no requirements are named"
        raise UsageError(
            what, code="HR-116", state="nothing was written", fix="headrace design REQUIREMENTS.yaml, or --interview"
        )
    if requirements is not None:
        return requirements
    path = folder / REQUIREMENTS
    if path.exists():
        fix = f"headrace design {path}, or another folder: --out DIR"
        raise UsageError(f"{path} is there already", code="HR-116", state="nothing was asked or written", fix=fix)
    typer.echo("Leave out what nobody knows yet: it becomes an assumption that the document states.")
    told = ask_for_all(lambda question, default: str(typer.prompt(question, default=default)), typer.echo)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(told, "utf-8")
    typer.echo(f"Your answers are in {path}.")
    return path


def compare(project: Path, record: Path | None, target: str | None, *, as_json: bool) -> bool:
    """Tell where a project differs from its design; whether it does not."""
    there = loaded(project)
    found = drift(approved(record or there.root.parent / RECORD), there, target_of(there, target))
    if as_json:
        print(json.dumps({"ok": not found, "drift": [asdict(one) for one in found]}, indent=2, ensure_ascii=False))
        return not found
    for one in found:
        typer.echo(f"{one.what}: designed {one.designed}; found {one.found} {one.section}\n  fix   {one.fix}")
    typer.echo(f"{len(found)} differences from the design." if found else "The project is as designed.")
    return not found


def design(requirements: Path, folder: Path, llm: str | None = None, model: str | None = None) -> None:
    """Write the design, and say in a few lines what it comes to.

    Raises:
        UsageError: HR-116, a model is named without an address, or an address without a model.
    """
    if (llm is None) != (model is None):
        what = "a language model needs its address and its name"
        raise UsageError(what, code="HR-116", state="nothing was written", fix="--llm URL --llm-model NAME")
    key = os.environ.get("HEADRACE_LLM_KEY", "")
    made = write(requirements, folder, Endpoint(llm, model, key) if llm is not None and model is not None else None)
    stack, choice = made.stack, made.pattern
    engine = stack.middle.technology.title
    typer.echo(f"{PATTERNS[choice.chosen]} ({choice.scores[0].score:.2f} of 5, {choice.firmness}), around {engine}.")
    typer.echo(
        f"{money(stack.total, made.needs)} over three years, {stack.monthly_hours:g} hours a month to look after."
    )
    if made.needs.assumptions:
        typer.echo(f"{len(made.needs.assumptions)} answers were missing and are assumed; the document lists them.")
    for conflict in made.conflicts:
        typer.echo(f"These do not go together: {conflict.what} ({', '.join(conflict.given)}).")
    typer.echo(
        f"Written: {folder}/architecture.md, architecture.html, design.json, project/. Next: read {folder}/architecture.html"
    )
