"""The texts of generated programs, and the fingerprints that tell programs apart."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlglot import exp

from headrace.engine import DuckDBOracle
from headrace.engine.pieces import Pieces
from headrace.engine.programs import Prepared, fingerprint
from headrace.engine.render import render
from headrace.sql import Evict, Merge, Program

from .compiling import compiled
from .generate import project
from .sources import SOURCES

SEEDS = range(200, 203)
PRINT = "from tests.fuzz.test_texts import printed, programs; print([printed(p) for p in programs()])"


def programs() -> list[Program]:
    return [p for seed in SEEDS for p in compiled(project(seed).models, SOURCES, DuckDBOracle()).programs.values()]


def printed(program: Program) -> str:
    return fingerprint(Prepared(program))


def queries(program: Program) -> Iterator[exp.Expr]:
    yield from (query for step in program.compute for query in (step.query, step.simple) if query is not None)
    yield from (step.where if isinstance(step, Evict) else step.query for step in program.advance)
    yield from (state.shape for state in program.states)
    yield program.batch


@pytest.fixture(scope="module")
def made() -> list[Program]:
    return programs()


@pytest.mark.parametrize("prepared", [True, False])
def test_pieces_come_to_the_text_of_the_whole(made: list[Program], *, prepared: bool) -> None:
    for program in made:
        pieces = Pieces()
        for query in queries(program):
            assert pieces.text(query, prepared=prepared).lower() == render(query, prepared=prepared).lower()


def test_rendering_changes_nothing(made: list[Program]) -> None:
    for program in made[:12]:
        before = [query.sql("duckdb") for query in queries(program)]
        for query in queries(program):
            render(query)
            Pieces().text(query)
        assert [query.sql("duckdb") for query in queries(program)] == before


def test_each_part_of_a_program_is_in_its_fingerprint(made: list[Program]) -> None:
    for program in made[:12]:
        others = [replace(program, columns=(*program.columns, "other")), replace(program, live=exp.select("1"))]
        for i, step in enumerate(program.steps):
            field = "query" if hasattr(step, "query") else "shape"
            changed = replace(step, **{field: getattr(step, field).limit(7)})  # type: ignore[arg-type]
            others.append(replace(program, steps=(*program.steps[:i], changed, *program.steps[i + 1 :])))
        for i, advance in enumerate(program.advance):
            if isinstance(advance, Merge):
                changed_ = replace(advance, keys=(*advance.keys, "other"))
                others.append(replace(program, advance=(*program.advance[:i], changed_, *program.advance[i + 1 :])))
        found = {printed(each) for each in (program, *others)}
        assert len(found) == 1 + len(others)


def test_a_change_deep_inside_is_another_program(made: list[Program]) -> None:
    for program in made[:12]:
        batch = program.batch.copy()
        next(iter(list(batch.find_all(exp.Column))[-1:])).this.replace(exp.to_identifier("another", quoted=True))
        assert printed(replace(program, batch=batch)) != printed(program)


def test_fingerprints_are_the_same_in_every_process(made: list[Program]) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    other = subprocess.run(
        [sys.executable, "-c", PRINT], capture_output=True, text=True, check=True, env=environment
    ).stdout
    assert other.strip() == str([printed(program) for program in made])
