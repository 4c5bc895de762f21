"""Whether a project's models can be kept on a target, before anything runs there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from headrace.engine import DuckDBOracle
from headrace.errors import Place, SqlError
from headrace.ingest import resolve
from headrace.project import Model, Project
from headrace.runtime.assemble import assemble
from headrace.runtime.services import target_of

_NAME = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE)


@dataclass(frozen=True)
class Kept:
    """A model of the project, by what the target's engine makes of it.

    Attributes:
        refused: why it cannot be kept there; None if it can.
    """

    model: str
    refused: SqlError | None


def checked(project: Project, target: str | None) -> list[Kept]:
    """Every model, in the order in which they read each other. Nothing is started, and no service is asked.

    Raises:
        UsageError: HR-114, there is no such target; SqlError, SourceError: what the compiler says on every target.
    """
    engine = target_of(project, target).engine
    assembly = assemble(project, DuckDBOracle(project.functions), lambda source: resolve(source, project.root))
    found: Mapping[str, str | None] = dict.fromkeys((program.model for program in assembly.programs), None)
    if engine is not None:
        from headrace.engine.spark.check import unfaithful  # noqa: PLC0415 - an optional extra

        found = unfaithful(assembly.sources.values(), assembly.programs)
    return [Kept(name, None if what is None else _refused(project.models[name], what)) for name, what in found.items()]


def _refused(model: Model, what: str) -> SqlError:
    return SqlError(
        f"{what} has no rendering for Spark that is known to give DuckDB's answer",
        code="HR-311",
        where=_place(model, what),
        state="nothing was started",
        fix="write it with what docs/concepts/compiler.md lists under Other engines, or run the model on a target without an engine",
    )


def _place(model: Model, what: str) -> Place:
    """The first line that has the construct's first word; the file, where it is not written so."""
    word = _NAME.search(what)
    lines = model.sql.splitlines()
    for number, line in enumerate(lines, start=model.first_line):
        found = re.search(rf"\b{re.escape(word[0])}\b", line, re.IGNORECASE) if word else None
        if found is not None:
            mark = " " * found.start() + "^" * len(found[0])
            return Place(model.path, number, found.start() + 1, f"{line}\n{mark}")
    return Place(model.path)
