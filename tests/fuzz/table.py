"""Writes docs/reference/sql.md: ``python -m tests.fuzz.table``."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from headrace.engine import DuckDBOracle
from headrace.sql import Program

from .compiling import compiled
from .constructs import CONSTRUCTS, Construct
from .sources import SOURCES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "sql.md"
EXAMPLES = "tests/fuzz/test_examples.py::test_example_is_kept_up_to_date"
GENERATED = "tests/fuzz/test_generated.py::test_kept_equals_recomputed"

_HEAD = """# SQL

<!-- Written by `python -m tests.fuzz.table`. Edit tests/fuzz/constructs.py, not this page. -->

A model is one SELECT in DuckDB's dialect. Whatever the engine can run and has one answer is maintained exactly
([compiler](../concepts/compiler.md)); this page lists the constructs that tests hold, each with an example and the rules the compiler
gives it. The examples read these sources:

{sources}

A rule says what a change costs: **linear** and **bilinear** work on the change alone, **algebraic** merges it into one row a group,
**keyed** looks at the rows of the keys that changed, **whole** at all rows of its input.

Every example is held against a recompute after each epoch of random changes by `{examples}`. Where *generated* is named,
`{generated}` and `make fuzz` also write such queries themselves, inside and beside all others.

What has no single answer is refused with HR-303 and what to write instead: `random()`, `first()`, samples, POSITIONAL JOIN. Which of the
answers SQL leaves open is picked is in [the compiler's page](../concepts/compiler.md#what-is-settled).
"""


def page() -> str:
    """The page, with the rules that the compiler gives each example now."""
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    parts = [_HEAD.format(sources="\n".join(_sources()), examples=EXAMPLES, generated=GENERATED)]
    for title, constructs in CONSTRUCTS.items():
        rows = "\n".join(_row(construct) for construct in constructs)
        parts.append(f"## {title}\n\n| construct | example | rules | held by |\n| --- | --- | --- | --- |\n{rows}\n")
    return "\n".join(parts)


def _sources() -> Iterator[str]:
    for source in SOURCES:
        columns = ", ".join(f"{name} {kind}" for name, kind in source.columns.items())
        kind = f"changes by {', '.join(source.key)}" if source.key else "changes by whole rows"
        yield f"- `{source.name}({columns})`, {kind if source.changelog else 'rows are only added'}"


def _row(construct: Construct) -> str:
    held = f"example, generated ({construct.feature})" if construct.feature else "example"
    return f"| {construct.name} | `{construct.sql.replace('|', '&#124;')}` | {rules(construct)} | {held} |"


def rules(construct: Construct) -> str:
    """The rules of the operators that do more than read, the costliest last."""
    made = compiled({"m": construct.sql}, SOURCES, DuckDBOracle())
    if "m" not in made.programs:
        return f"refused: {made.refused['m'].code}"
    return ", ".join(_used(made.programs["m"])) or "linear"


def _used(program: Program) -> list[str]:
    given = {line.rule for line in program.applied if line.rule != "linear"}
    order = ("linear, with time", "bilinear", "algebraic", "keyed", "whole")
    return [rule for rule in order if rule in given] + sorted(given.difference(order))


if __name__ == "__main__":
    PAGE.write_text(page())
