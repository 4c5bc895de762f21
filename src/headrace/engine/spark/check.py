"""Which models Spark could keep, found without Spark: their programs are only written for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headrace.engine.protocol import SourceTable
from headrace.engine.spark.epochs import rendered
from headrace.engine.spark.refusal import Unfaithful
from headrace.engine.spark.shapes import Shapes
from headrace.sql import Program


def unfaithful(sources: Iterable[SourceTable], programs: Iterable[Program]) -> Mapping[str, str | None]:
    """By model, the first construct in it that Spark cannot give DuckDB's answer for; None: there is none."""
    shapes = Shapes()
    for source in sources:
        shapes.add_source(source)
    return {program.model: _first(program, shapes) for program in programs}


def _first(program: Program, shapes: Shapes) -> str | None:
    try:
        rendered(program, shapes, lambda _: None)
    except Unfaithful as found:
        return found.what
    return None
