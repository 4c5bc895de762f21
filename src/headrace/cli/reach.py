"""Reaching a project's data: through its running node, or by opening it when none runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from headrace.errors import NodeError, UsageError
from headrace.runtime.datadir import DataDir

if TYPE_CHECKING:
    from headrace.project import Project

# Several commands may ask a stopped node; each has the data directory to itself for a second or two.
PATIENCE_SECONDS = 20.0


class Reached(Protocol):
    """A node that answers, whether it runs or was opened to be asked."""

    running: ClassVar[bool]

    def rows(self, sql: str, as_of: int | datetime | None, limit: int) -> tuple[list[str], list[list[Any]]]:
        """The names of an answer's columns and, as in JSON, the first of its rows."""

    def written(self, sql: str, as_of: int | datetime | None, form: str) -> bytes:
        """A whole answer, as ``json``, ``csv``, ``arrow`` or ``parquet``."""

    def parity(self, models: Sequence[str]) -> Mapping[str, Any]:
        """Receipts, of all models when none is named."""

    def reconcile(self) -> Mapping[str, Any]:
        """Receipts, and what was changed."""

    def status(self) -> Mapping[str, Any]:
        """Its health."""

    def products(self) -> Sequence[Mapping[str, Any]]:
        """What its domains publish."""


def data_dir(project: Path, data: Path | None, target: str | None = None) -> DataDir:
    usual = project / ".headrace" if target is None else project / ".headrace" / "targets" / target
    return DataDir((data if data is not None else usual).resolve(), target)


@contextmanager
def reached(
    project: Path, data: Path | None, target: str | None = None, domain: str | None = None
) -> Iterator[Reached]:
    """The node of a project: over its socket when it runs, else opened here.

    Args:
        domain: ask from within this domain of the project.

    Raises:
        UsageError: HR-120, there is no such domain.
        ProjectError: HR-2xx, no node runs and the project cannot be loaded.
        NodeError: HR-805 nothing has been run yet; HR-806 something has the data directory and cannot be asked.
    """
    directory = data_dir(project, data, target)
    socket = directory.socket() if directory.busy else None
    if socket is None or domain is not None:
        # Only here: engine and lake take a second to import, and beside a running node an HTTP client is enough.
        from headrace.cli.stopped import loaded, opened

        declared = loaded(project)
        _check_domain(declared, domain)
    if socket is None:
        if not directory.exists:
            raise NodeError(
                f"there is nothing to ask yet: {directory.root} does not exist",
                code="HR-805",
                fix=f"headrace run {declared.root}{f' --target {target}' if target else ''} --until-caught-up --no-serve",
            )
        socket = _held(directory)
        if socket is None:
            with opened(declared, directory, domain) as stopped:
                yield stopped
            return
    from headrace.cli.running import RunningNode  # only here: an HTTP client is not needed to open a stopped node

    with RunningNode(socket, directory.root, domain) as running:
        yield running


def _check_domain(project: Project, domain: str | None) -> None:
    known = project.domains
    if domain is not None and domain not in known:
        fix = f"domains: {', '.join(known)}" if known else "ask without --domain: the project has none"
        raise UsageError(f"there is no domain {domain!r}", code="HR-120", state="nothing was asked", fix=fix)


def _held(directory: DataDir) -> Path | None:
    """Take the data directory, or say where the node listens that has it."""
    try:
        directory.hold(PATIENCE_SECONDS)
    except NodeError as error:
        if error.code != "HR-801":
            raise
        socket = directory.socket()
        if socket is None:
            raise NodeError(
                f"{directory.root} is in use, and by no node that could be asked yet",
                code="HR-806",
                state="nothing was changed",
                fix="wait until that node has started or that command has ended, then ask again",
            ) from None
        return socket
    return None
