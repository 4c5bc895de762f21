"""The batch path of the lambda pattern: late rows are counted in, and what differs from a recompute is replaced by it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from headrace.engine import Counted
from headrace.errors import NodeError, Place
from headrace.project import Project
from headrace.runtime.datadir import replaced

EVERY = timedelta(hours=1)
"""How often a project with the lambda pattern is reconciled that does not say."""


def reconciled_sources(project: Project) -> frozenset[str]:
    """The sources whose late rows a reconcile counts in."""
    return frozenset(name for name, source in project.sources.items() if _is_lambda(project, source.domain))


def reconciled_models(project: Project) -> frozenset[str]:
    """The models that a reconcile recomputes."""
    return frozenset(name for name, model in project.models.items() if _is_lambda(project, model.domain))


def proof_interval(project: Project) -> timedelta | None:
    """How often models are proven, or reconciled, without being asked."""
    return project.parity.every or (EVERY if reconciled_models(project) else None)


def _is_lambda(project: Project, domain: str) -> bool:
    return "lambda" in (project.pattern, project.domains[domain].pattern if domain in project.domains else "")


class CountedFile:
    """Which late rows count, beside the state that has it too: for a state that is lost and made again."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[Counted]:
        """What was written last.

        Raises:
            NodeError: HR-811, the file is damaged.
        """
        if not self._path.exists():
            return []
        try:
            return [
                Counted(str(one["source"]), int(one["epoch"]), int(one["below"]))
                for one in json.loads(self._path.read_text())
            ]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NodeError(
                f"which late rows have been counted in cannot be read: {error}",
                code="HR-811",
                where=Place(self._path),
                state="nothing was run",
                fix="put the file back, or delete it: the next reconcile counts them in again",
            ) from None

    def write(self, counted: Sequence[Counted]) -> None:
        """Replace it.

        Raises:
            NodeError: HR-804, there is no room or no right.
        """
        text = json.dumps([asdict(one) for one in counted])
        if not counted and not self._path.exists():
            return
        replaced(self._path, text, "which late rows have been counted in")
