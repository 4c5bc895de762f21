"""A case's models compiled, and what is refused told apart from what fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from headrace.engine import DuckDBOracle, SourceTable
from headrace.errors import SqlError
from headrace.sql import Catalog, Program, Relation, SqlText, compile_model

from .case import reads

# Refusals of what has no single answer, reads from outside the project, or gives two columns one name, as windows over windows may.
DOCUMENTED = ("HR-303", "HR-304", "HR-307", "HR-309")


@dataclass(frozen=True)
class Fault:
    """One thing that does not hold, of one model, after one epoch (counted from 0)."""

    model: str
    kind: str
    detail: str
    epoch: int = -1


@dataclass
class Compiled:
    """Programs by model; refusals; and the models that a correct compiler would have taken."""

    programs: dict[str, Program] = field(default_factory=dict)
    refused: dict[str, SqlError] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def compiled(models: Mapping[str, str], sources: Sequence[SourceTable], oracle: DuckDBOracle) -> Compiled:
    """Compile each model after those it reads. One that reads a model which is not there is refused for that (HR-305)."""
    relations = {s.name: Relation(s.name, s.columns, not s.changelog, s.changelog, s.key) for s in sources}
    for relation in relations.values():
        oracle.declare(relation.name, relation.columns)
    made = Compiled()
    for name, sql in models.items():
        try:
            made.programs[name] = _program(name, sql, relations, oracle)
        except SqlError as error:
            made.refused[name] = error
            if not _excused(error, sql, made) and binds(sql, relations):
                made.faults.append(Fault(name, "refused what the engine binds", f"{error.code}: {error.what}"))
        except Exception as error:  # noqa: BLE001 - any other error of the compiler is what is looked for
            made.faults.append(Fault(name, "the compiler fails", f"{type(error).__name__}: {error}"))
    return made


def _excused(error: SqlError, sql: str, made: Compiled) -> bool:
    """Refused as documented, or for reading a model that there is none of."""
    absent = {*made.refused, *(fault.model for fault in made.faults)}
    return error.code in DOCUMENTED or (error.code == "HR-305" and bool(reads(sql, absent)))


def _program(name: str, sql: str, relations: dict[str, Relation], oracle: DuckDBOracle) -> Program:
    """The model compiled, and declared for those that read it."""
    program = compile_model(name, SqlText(sql, Path(f"{name}.sql")), Catalog(relations, oracle))
    columns = {column.lower(): kind for column, kind in oracle.describe(program.batch)}
    relations[name] = program.relation(columns)
    oracle.declare(name, columns)
    return program


def binds(sql: str, relations: Mapping[str, Relation]) -> bool:
    """Whether the engine itself, asked about the text as it was written, finds nothing wrong with it."""
    with duckdb.connect() as connection:
        for name, relation in relations.items():
            body = ", ".join(f'"{column}" {kind}' for column, kind in relation.columns.items())
            connection.execute(f'CREATE TABLE "{name}" ({body})')
        try:
            connection.execute(f"DESCRIBE {sql}")
        except duckdb.Error:
            return False
    return True
