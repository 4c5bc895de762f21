"""A model's program in words: what ``headrace explain`` and the model's page show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from headrace.project import Project
from headrace.sql import Program, called, cost, estimate, watermarks


def explained(
    program: Program, columns: Mapping[str, str], project: Project, sizes: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """A program in the shape of ``headrace explain --json``.

    Args:
        sizes: rows by table, if they are known. There is no estimate for a model that is not kept yet.
    """
    kept = sizes is not None and all(f"state.{state.name}" in sizes for state in program.states)
    states = {state.name: state for state in program.states}
    return {
        "model": program.model,
        "incremental": program.incremental,
        "columns": dict(columns),
        "reads": list(program.reads),
        "functions": [
            {"name": name, "path": str(found.where.path.relative_to(project.root)), "line": found.where.line}
            for name, found in sorted(project.functions.items())
            if name in called(program.batch)
        ],
        "key": list(program.key),
        "append_only": program.append_only,
        "timely": program.timely,
        "final_behind": sorted(watermarks(program.seal.query)) if program.seal is not None else [],
        "estimate": asdict(estimate(program, sizes)) if sizes is not None and kept else None,
        "rules": [
            {
                "operator": line.operator,
                "rule": line.rule,
                "reason": line.reason,
                "detail": line.detail,
                "cost": cost(line),
                "depth": line.depth,
                "state": [
                    {"name": name, "bound": states[name].bound, "warning": states[name].warning} for name in line.states
                ],
            }
            for line in program.applied
        ],
    }
