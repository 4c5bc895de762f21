"""From a project to what the engine runs: source tables, and the delta programs of its models in dependency order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType

from headrace.engine import LEDGER, LEDGER_COLUMNS, DuckDBOracle, SetsAside, SourceTable
from headrace.errors import SqlError
from headrace.project import Model, Project, Source
from headrace.sql import Catalog, Program, Relation, SqlText, compile_model, reads, watermark

REJECTED = "headrace_rejected"
REJECTED_COLUMNS: Mapping[str, str] = MappingProxyType(
    {"source": "VARCHAR", "position": "VARCHAR", "reason": "VARCHAR", "raw": "VARCHAR", "at": "TIMESTAMP"}
)

Resolve = Callable[[Source], Mapping[str, str]]


@dataclass(frozen=True)
class Assembly:
    """A project made ready to run.

    Attributes:
        sources: by name, the table of rejected rows among them.
        programs: in dependency order.
        relations: column schema of everything a query may name.
    """

    sources: Mapping[str, SourceTable]
    programs: tuple[Program, ...]
    relations: Mapping[str, Mapping[str, str]]

    def program(self, model: str) -> Program:
        return next(p for p in self.programs if p.model == model)

    def made_of(self, model: str) -> list[Program]:
        """The model's program after those of all models that it is made of, in order."""
        needed, found = {model}, list[Program]()
        for program in reversed(self.programs):
            if program.model in needed:
                needed.update(program.reads)
                found.append(program)
        return found[::-1]

    def upstream(self, relation: str) -> frozenset[str]:
        """The sources that ``relation`` is made of, itself included if it is one."""
        by_name = {p.model: p for p in self.programs}
        if relation not in by_name:
            return frozenset({relation})
        return frozenset().union(*(self.upstream(r) for r in by_name[relation].reads))


def assemble(project: Project, oracle: DuckDBOracle, resolve: Resolve) -> Assembly:
    """Compile every model.

    Args:
        resolve: gives a source's column schema; it may have to look at the input.

    Raises:
        SqlError: HR-310 models that read each other in a circle, or what the compiler says of one.
        SourceError: a schema cannot be inferred.
    """
    sources = {name: source_table(source, resolve(source)) for name, source in project.sources.items()}
    sources[REJECTED] = SourceTable(REJECTED, REJECTED_COLUMNS)
    relations = {s.name: relation_of(s, project.sources.get(s.name)) for s in sources.values()}
    for relation in relations.values():
        oracle.declare(relation.name, relation.columns)
    programs = []
    for model in order_models(project):
        program = compile_model(model.name, text_of(model, project), Catalog(relations, oracle))
        columns = {name.lower(): kind for name, kind in oracle.describe(program.batch)}
        relations[model.name] = program.relation(columns)
        oracle.declare(model.name, columns)
        programs.append(program)
    shown = {LEDGER: LEDGER_COLUMNS, **{name: r.columns for name, r in relations.items()}}
    return Assembly(sources, tuple(programs), shown)


def source_table(source: Source, columns: Mapping[str, str]) -> SourceTable:
    aside = None
    if source.late == "ledger" and source.event_time:
        named = next(name for name in columns if name.lower() == source.event_time.lower())
        aside = SetsAside(named, source.lateness)
    return SourceTable(source.name, dict(columns), source.changes, source.key if source.changes else (), aside)


def relation_of(table: SourceTable, source: Source | None) -> Relation:
    """What models are told of a source."""
    columns = {name.lower(): kind for name, kind in table.columns.items()}
    time = source.event_time.lower() if source is not None and source.event_time else None
    frontier = {} if time is None or table.changelog else {time: watermark(table.name, columns[time])}
    return Relation(
        table.name,
        columns,
        not table.changelog,
        table.changelog,
        table.key,
        frontier=frontier,
        sets_aside=table.sets_aside is not None,
    )


def text_of(model: Model, project: Project) -> SqlText:
    return SqlText(model.sql, model.path, model.first_line, frozenset(project.functions))


def order_models(project: Project) -> list[Model]:
    """Models, each after those it reads."""
    names = set(project.models)
    graph = {name: reads(text_of(model, project), names) for name, model in project.models.items()}
    try:
        return [project.models[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = error.args[1]
        model = project.models[circle[0]]
        raise SqlError(
            f"models read each other in a circle: {' -> '.join(reversed(circle))}",
            code="HR-310",
            where=text_of(model, project).find(circle[1]) if len(circle) > 1 else text_of(model, project).place(1, 1),
            fix="take one of these references out; a model can only read what is computed before it",
        ) from None
