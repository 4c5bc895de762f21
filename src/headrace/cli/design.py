"""``headrace design``: thin, the work is the architect's."""

from __future__ import annotations

from pathlib import Path

import typer

from headrace.architect import write
from headrace.architect.framework import PATTERNS
from headrace.architect.selection import money


def design(requirements: Path, folder: Path) -> None:
    """Write the design, and say in a few lines what it comes to."""
    made = write(requirements, folder)
    stack, choice = made.stack, made.pattern
    engine = next(part.chosen.technology.title for part in stack.parts.values() if part.chosen.name == stack.engine)
    typer.echo(f"{PATTERNS[choice.chosen]} ({choice.scores[0].score:.2f} of 5, {choice.firmness}), around {engine}.")
    typer.echo(
        f"{money(stack.total, made.needs)} over three years, {stack.monthly_hours:g} hours a month to look after."
    )
    if made.needs.assumptions:
        typer.echo(f"{len(made.needs.assumptions)} answers were missing and are assumed; the document lists them.")
    for conflict in made.conflicts:
        typer.echo(f"These do not go together: {conflict.what} ({', '.join(conflict.given)}).")
    typer.echo(
        f"Written: {folder}/architecture.md, architecture.html, design.json. Next: read {folder}/architecture.html"
    )
