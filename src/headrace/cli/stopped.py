"""A node that does not run: its project compiled, its data opened for questions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from headrace.engine import DuckDBOracle, stored_sizes
from headrace.errors import UsageError
from headrace.ingest import resolve
from headrace.project import Project, load
from headrace.runtime.assemble import assemble
from headrace.runtime.datadir import DataDir
from headrace.runtime.explained import explained
from headrace.runtime.node import Node, Settings
from headrace.security import Principal
from headrace.serve import configure_logs
from headrace.serve.encode import to_arrow, to_csv, to_json, to_parquet, to_rows
from headrace.sql import nearest

LOCAL = Principal("local", admin=True)


def wall() -> datetime:
    return datetime.now(tz=UTC)


def loaded(project: Path) -> Project:
    return load(project.resolve())


@contextmanager
def opened(project: Project, data: DataDir, domain: str | None = None) -> Iterator[StoppedNode]:
    """The data of a node that does not run, opened for questions."""
    configure_logs()  # standard output is for answers
    node = Node(project, data, Settings(intake=False), wall)
    node.open()
    try:
        yield StoppedNode(node, LOCAL if domain is None else Principal(f"domain:{domain}", domain=domain))
    finally:
        node.close()


@dataclass(frozen=True)
class StoppedNode:
    """Answers from an opened node, as `headrace.cli.reach.Reached` has them."""

    node: Node
    principal: Principal = LOCAL
    running: ClassVar[bool] = False

    def rows(self, sql: str, as_of: int | datetime | None, limit: int) -> tuple[list[str], list[list[Any]]]:
        table = self.node.query(sql, self.principal, as_of=as_of, limit=limit).table
        return table.column_names, json.loads(to_rows(table))

    def written(self, sql: str, as_of: int | datetime | None, form: str) -> bytes:
        table = self.node.query(sql, self.principal, as_of=as_of).table
        if form == "json":
            return to_json(table).encode() + b"\n"
        if form == "csv":
            return to_csv(table).encode()
        return to_arrow(table) if form == "arrow" else to_parquet(table)

    def parity(self, models: Sequence[str]) -> dict[str, Any]:
        return self.node.parity(models)

    def reconcile(self) -> dict[str, Any]:
        return self.node.reconcile()

    def products(self) -> list[dict[str, Any]]:
        return self.node.products()

    def status(self) -> dict[str, Any]:
        return self.node.status()


def explained_model(project: Path, model: str, data: DataDir) -> dict[str, Any]:
    """How one model is kept up to date, from the project's files; with an estimate of its cost if state can be looked at.

    Raises:
        UsageError: HR-112, an unknown model.
    """
    declared = loaded(project)
    if model not in declared.models:
        near = nearest(model, declared.models)
        raise UsageError(
            f"there is no model {model!r}",
            code="HR-112",
            fix=f"did you mean {near}?" if near else f"models: {', '.join(declared.models)}",
        )
    assembly = assemble(declared, DuckDBOracle(declared.functions), lambda source: resolve(source, declared.root))
    return explained(assembly.program(model), assembly.relations[model], declared, stored_sizes(data.state))
