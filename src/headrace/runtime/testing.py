"""Tests of models: the given rows arrive in every way that must make no difference, and what is kept is held against what is expected."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa

from headrace.engine import Arrived, DuckDBEngine, DuckDBOracle, Mark, SourceTable
from headrace.engine.compare import differing
from headrace.engine.render import quoted
from headrace.errors import HeadraceError, Place, ProjectError
from headrace.govern import personal_policies
from headrace.ingest import Chunk, resolve, typed_rows
from headrace.project import Case, PersonalData, Product, Project
from headrace.project.near import nearest
from headrace.runtime.arrivals import Arrival, Lot, arrivals
from headrace.runtime.assemble import Assembly, assemble
from headrace.runtime.governed import broken_rules
from headrace.runtime.products import faults

NOW = datetime(1970, 1, 2, tzinfo=UTC)
SHOWN = 5
"""Rows of a difference that are shown."""


@dataclass(frozen=True)
class Difference:
    """What is wrong after one way for rows to arrive: some of the rows that are missing, and of those that are too many."""

    arrival: str
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    missing_rows: int
    extra_rows: int


@dataclass
class Outcome:
    """What came of a test.

    Attributes:
        arrivals: ways that were tried.
        error: why it could not be run; nothing when it was.
    """

    test: str
    model: str
    arrivals: int = 0
    differences: list[Difference] = field(default_factory=list)
    error: HeadraceError | None = None

    @property
    def ok(self) -> bool:
        return self.error is None and not self.differences


@dataclass(frozen=True)
class Held:
    """A contract or a policy, and what breaks it."""

    kind: Literal["contract", "policy", "domain"]
    name: str
    problems: tuple[ProjectError, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


def tested(project: Project) -> tuple[list[Outcome], list[Held]]:
    """Run every test of a project, each in an engine of its own that is gone afterwards; and hold it against its own rules.

    Raises:
        SqlError, SourceError: the models cannot be compiled.
    """
    if not project.tests and not project.domains and not project.policies:
        return [], []
    assembly = assemble(project, DuckDBOracle(project.functions), lambda source: resolve(source, project.root))
    return [_tested(case, project, assembly) for case in project.tests.values()], _held(project, assembly)


def _held(project: Project, assembly: Assembly) -> list[Held]:
    """Each domain, contract and policy with the rules that are broken; a rule that is none of theirs is the project's."""
    broken = broken_rules(project, assembly)
    found = [
        *(
            Held("domain", name, _of(broken, ("HR-221",), domain.file.parent))
            for name, domain in project.domains.items()
        ),
        *(
            Held("contract", name, _of(broken, ("HR-224", "HR-226"), one.file))
            for name, one in project.products.items()
        ),
    ]
    personal = tuple(problem for problem in broken if problem.code in ("HR-222", "HR-223"))
    found += [Held("policy", policy.name, personal) for policy in personal_policies(project)]
    found += [
        Held("policy", name, ()) for name, policy in project.policies.items() if not isinstance(policy, PersonalData)
    ]
    told = {id(problem) for held in found for problem in held.problems}
    left = tuple(problem for problem in broken if id(problem) not in told)
    return [*found, Held("policy", "the project's rules", left)] if left else found


def _of(broken: Sequence[ProjectError], codes: Sequence[str], place: Path) -> tuple[ProjectError, ...]:
    """Problems of these kinds in a file, or in a folder."""
    return tuple(
        problem
        for problem in broken
        if problem.code in codes
        and problem.where is not None
        and place in (problem.where.path, *problem.where.path.parents)
    )


def _tested(case: Case, project: Project, assembly: Assembly) -> Outcome:
    outcome = Outcome(case.name, case.model)
    try:
        _check_names(case, assembly)
        rows = {source: _rows(case, source, given, project, assembly) for source, given in case.given.items()}
        product = project.products.get(case.model)
        for arrival in arrivals({source: _lot(assembly.sources[source], table) for source, table in rows.items()}):
            outcome.arrivals += 1
            kept, columns = _arrived(arrival, case, rows, project, assembly)
            if product is not None:
                _check_contract(arrival.name, case, product, kept)
            if (found := _compared(arrival.name, case, kept, columns)) is not None:
                outcome.differences.append(found)
    except HeadraceError as error:
        outcome.error = error
    return outcome


def _check_names(case: Case, assembly: Assembly) -> None:
    models = [program.model for program in assembly.programs]
    if case.model not in models:
        raise _wrong(case, f"there is no model {case.model!r}", nearest(case.model, models, "the models are"))
    sources = assembly.upstream(case.model)
    for source in case.given:
        if source not in sources:
            raise _wrong(case, f"{case.model} does not read {source!r}", nearest(source, sorted(sources), "it reads"))
    columns = assembly.relations[case.model]
    for column in {name for row in case.expect for name in row}:
        if column.lower() not in columns:
            fix = nearest(column, list(columns), "its columns are")
            raise _wrong(case, f"{case.model} has no column {column!r}", fix)


def _wrong(case: Case, what: str, fix: str) -> ProjectError:
    return ProjectError(
        f"test {case.name}: {what}", code="HR-212", where=Place(case.file), state="the test was not run", fix=fix
    )


def _check_rows(case: Case, key: str, found: Chunk) -> None:
    if found.rejected is not None:
        first = found.rejected.to_pylist()[0]
        raise _wrong(case, f"`{key}`, {first['position'].replace(':', ' ')}: {first['reason']}", "mend the row")


def _rows(
    case: Case, source: str, given: Sequence[Mapping[str, Any]], project: Project, assembly: Assembly
) -> pa.Table:
    """The given rows as the source would hand them over."""
    table = assembly.sources[source]
    declared = project.sources[source]
    found = typed_rows(source, case.file, table.columns, table.key, given, declared.event_time)
    _check_rows(case, f"given.{source}", found)
    assert found.rows is not None
    if table.changelog and "__w" not in found.rows.column_names:
        return found.rows.append_column("__w", pa.array([1] * found.rows.num_rows, pa.int8()))
    return found.rows


def _lot(table: SourceTable, rows: pa.Table) -> Lot:
    if table.sets_aside is not None or (table.changelog and not table.key):
        return Lot(rows.num_rows, fixed=True)
    if not table.changelog:
        return Lot(rows.num_rows)
    named = {name.lower(): name for name in rows.column_names}
    keys = rows.select([named[key.lower()] for key in table.key]).to_pylist()
    return Lot(rows.num_rows, tuple(json.dumps(key, default=str, sort_keys=True) for key in keys))


def _arrived(
    arrival: Arrival, case: Case, rows: Mapping[str, pa.Table], project: Project, assembly: Assembly
) -> tuple[pa.Table, Mapping[str, str]]:
    """Let the rows arrive in one way: the model's rows then, and their types."""
    offsets = dict.fromkeys(assembly.sources, 0)
    now = NOW if case.now is None else case.now.replace(tzinfo=case.now.tzinfo or UTC)
    with tempfile.TemporaryDirectory(prefix="headrace-test-") as name:
        folder = Path(name)
        with closing(DuckDBEngine(folder / "state.duckdb", folder / "lake", project.functions)) as engine:
            engine.install(list(assembly.sources.values()), assembly.made_of(case.model))
            for number, epoch in enumerate(arrival.epochs or ({},), 1):
                arrived = {}
                for source, taken in epoch.items():
                    arrived[source] = Arrived(rows[source].take(list(taken)), offsets[source])
                    offsets[source] += len(taken)
                engine.run(Mark(number, dict(offsets), now), arrived)
            kept, _ = engine.content(case.model)
            return kept, engine.columns(case.model)


def _check_contract(arrival: str, case: Case, product: Product, kept: pa.Table) -> None:
    """Keys and columns that are never NULL."""
    text = faults(product, "kept")
    if text is None:
        return
    with closing(duckdb.connect()) as connection:
        connection.register("kept", kept)
        nulls, copies = connection.execute(text).fetchone() or (0, 0)
    if nulls or copies:
        what = f"{arrival}: {nulls} rows have NULL, and {copies} the key of another, where the contract of {product.name} allows none"
        raise ProjectError(
            f"test {case.name}: {what}",
            code="HR-227",
            where=Place(product.file),
            state="the test was not run to its end",
            fix="mend the model, or the contract's `key` and `not_null` and with them its version",
        )


def _compared(arrival: str, case: Case, kept: pa.Table, columns: Mapping[str, str]) -> Difference | None:
    named = [
        name for name in columns if any(name.lower() == key.lower() for row in case.expect for key in row)
    ] or list(columns)
    kinds = [(name, columns[name]) for name in named]
    wanted = typed_rows("expect", case.file, dict(kinds), (), case.expect, None)
    _check_rows(case, "expect", wanted)
    with closing(duckdb.connect()) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        body = ", ".join(f"{quoted(name)} {kind}" for name, kind in kinds)
        connection.execute(f"CREATE TABLE wanted ({body})")
        if wanted.rows is not None:
            connection.register("given", wanted.rows.select(named))
            connection.execute("INSERT INTO wanted FROM given")
        connection.register("kept_rows", kept.select(named))
        connection.execute(f"CREATE TABLE kept ({body})")
        connection.execute("INSERT INTO kept FROM kept_rows")
        missing, extra = differing(connection, "wanted", "kept", kinds)
        if not missing and not extra:
            return None
        return Difference(
            arrival, _some(connection, "wanted", "kept"), _some(connection, "kept", "wanted"), missing, extra
        )


def _some(connection: duckdb.DuckDBPyConnection, one: str, other: str) -> tuple[str, ...]:
    """A few rows that one has and the other lacks, as JSON."""
    found = connection.execute(
        f"SELECT to_json(r)::VARCHAR FROM (FROM {one} EXCEPT ALL FROM {other}) AS r ORDER BY 1 LIMIT {SHOWN}"
    )
    return tuple(row[0] for row in found.fetchall())
