"""The project, file by file: sources, models, pages and tests for what the requirements name."""

from __future__ import annotations

from typing import Any

import yaml

from headrace.architect.deployment import MODELS
from headrace.architect.design import Design
from headrace.architect.framework import PATTERNS
from headrace.architect.handoff import models, records
from headrace.architect.needs import duration
from headrace.architect.pattern import real_time


def files(design: Design) -> dict[str, str]:
    """Path within the project -> text."""
    needs = design.needs
    found = {"headrace.yaml": _settings(design), "README.md": _readme(design)}
    for load in needs.sources:
        source = load.need
        found[f"sources/{source.name}.yaml"] = _source(
            load.need.name, changing=records.is_changing(source), says=_says(load)
        )
        found[f"data/{source.name}.ndjson"] = records.lines(source)
        if models.read_by(source) != source.name:
            found[f"models/{models.read_by(source)}.sql"] = models.pseudonymised(source)
            found["functions/pseudonym.py"] = models.FUNCTION
    for use in needs.uses:
        found[f"models/{use.need.name}.sql"] = models.model(use, needs)
        found[f"tests/{use.need.name}.yaml"] = models.test(use, needs)
        if use.need.kind == "report":
            found[f"reports/{use.need.name}.yaml"] = _report(use.need.name)
    found["dashboards/operations.yaml"] = _dashboard(design)
    return found


def _dump(value: Any) -> str:
    return yaml.safe_dump(value, sort_keys=False, width=120, allow_unicode=True)


def _settings(design: Design) -> str:
    streams = any(not records.is_changing(load.need) for load in design.needs.sources)
    told: dict[str, Any] = {"name": design.needs.requirements.name}
    if streams:
        told["clock"] = "event_time"
    told["parity"] = {"every": "15 minutes"}
    return _dump(told)


def _says(load: Any) -> str:
    return f"{load.need.kind}, {load.events_per_second:g} records/s by the requirements; these records are made up."


def _source(name: str, *, changing: bool, says: str) -> str:
    told: dict[str, Any] = {
        "kind": "file",
        "description": says,
        "path": f"data/{name}.ndjson",
        "format": "debezium" if changing else "ndjson",
        "bounded": True,
    }
    told |= {"key": ["id"]} if changing else {"event_time": "at"}
    return _dump({**told, "schema": records.COLUMNS})


def _report(name: str) -> str:
    shape = models.SHAPES["report"]
    return _dump(
        {
            "title": name.replace("_", " ").capitalize(),
            "sections": [
                {
                    "title": "By category",
                    "sql": f"SELECT {shape.x}, sum({shape.y}) AS {shape.y} FROM {name} GROUP BY {shape.x} ORDER BY {shape.x}",
                    "kind": "bar",
                    "x": shape.x,
                },
                {"title": "Every row", "sql": f"SELECT * FROM {name} ORDER BY ALL"},
            ],
        }
    )


def _dashboard(design: Design) -> str:
    tiles: list[dict[str, Any]] = []
    for use in design.needs.uses:
        name, shape = use.need.name, models.SHAPES[use.need.kind]
        title = name.replace("_", " ").capitalize()
        if use.need.kind == "dashboard":
            tiles.append(
                {
                    "title": f"{title}: records",
                    "kind": "stat",
                    "sql": f"SELECT sum(records) AS records FROM {name}",
                    "width": 3,
                    "rows": 2,
                }
            )
            tiles.append(
                {
                    "title": title,
                    "kind": "line",
                    "sql": f"SELECT {shape.x}, category, {shape.y} FROM {name} ORDER BY {shape.x}",
                    "x": shape.x,
                    "y": [shape.y],
                    "series": "category",
                    "width": 9,
                }
            )
        elif real_time(use) and shape.x:
            tiles.append(
                {
                    "title": title,
                    "kind": "bar",
                    "sql": f"SELECT {shape.x}, {shape.y} FROM {name} ORDER BY {shape.x}",
                    "x": shape.x,
                    "y": [shape.y],
                }
            )
        else:
            tiles.append({"title": title, "kind": "table", "sql": f"SELECT * FROM {name} ORDER BY ALL LIMIT 20"})
    return _dump({"title": f"{design.needs.requirements.name}: operations", "tiles": tiles})


def _readme(design: Design) -> str:
    needs, stack = design.needs, design.stack
    engine = stack.middle
    uses = "\n".join(
        f"| `{use.need.name}` | {use.need.kind}, {duration(use.need.freshness)} old at most | `{models.main_source(use, needs).name}` | {models.SHAPES[use.need.kind].says} |"
        for use in needs.uses
    )
    return f"""\
# {needs.requirements.name}

Handed over with its architecture: {PATTERNS[design.pattern.chosen]}, in {MODELS[design.deployment.model]}, around {engine.technology.title}. This is its small form, in one process of
Headrace: every source as a file of made-up records, one model for each workload, pages and tests. It runs as it is.

```
headrace run . --until-caught-up --no-serve
headrace test
headrace parity
headrace run .
```

| model | for | reads | holds |
| --- | --- | --- | --- |
{uses}

What to do with it: replace a source's `schema` and `path` by the real ones, and its model by what the company means; keep the tests. Where the architecture names another technology than
Headrace to process the data, the models and their tests say what that has to compute, and this project computes it beside it to compare.
"""
