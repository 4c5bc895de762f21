"""The project, file by file: sources, models, pages and tests for what the requirements name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from headrace.architect.deployment import MODELS
from headrace.architect.design import Design
from headrace.architect.framework import PATTERNS
from headrace.architect.handoff import mesh, models, records
from headrace.architect.handoff.layout import PATTERN, Layout
from headrace.architect.needs import Use, duration
from headrace.architect.pattern import real_time
from headrace.architect.requirements import SourceNeed
from headrace.project.written import dump

PERSONAL_DATA = {
    "kind": "personal_data",
    "description": "Nobody is shown or published who is not pseudonymised.",
    "masks": ["pseudonym"],
}


def files(design: Design) -> dict[str, str]:
    """Path within the project -> text."""
    needs, layout = design.needs, Layout(design)
    found = {"headrace.yaml": _settings(design), "README.md": _readme(design, layout)}
    persons = False
    for load in needs.sources:
        source, folder = load.need, layout.folder(load.need.domain)
        personal = models.read_by(source) != source.name
        data = f"{folder}data/{source.name}.ndjson"
        found[f"{folder}sources/{source.name}.yaml"] = _source(source, data, personal=personal, says=_says(load))
        found[data] = records.lines(source)
        if personal:
            found[f"{folder}models/{models.read_by(source)}.sql"] = models.pseudonymised(source)
            persons = True
    for use in needs.uses:
        folder = layout.folder(use.need.domain)
        reads = layout.read(layout.main_source(use), use.need.domain)
        found[f"{folder}models/{use.need.name}.sql"] = models.model(use, reads)
        found[f"{folder}tests/{use.need.name}.yaml"] = models.test(use, needs)
        if use.need.kind == "report":
            found[f"{folder}reports/{use.need.name}.yaml"] = _report(use.need.name)
    if persons:
        found["functions/pseudonym.py"] = models.FUNCTION
        found["policies/personal_data.yaml"] = dump(PERSONAL_DATA)
    if layout.mesh:
        return found | mesh.files(layout) | _dashboards(layout)
    found["dashboards/operations.yaml"] = _dashboard(f"{needs.requirements.name}: operations", needs.uses)
    return found


def _dashboards(layout: Layout) -> dict[str, str]:
    """One of each domain, over its own models, and one of the company, over products."""
    uses = layout.design.needs.uses
    of = {domain: [use for use in uses if layout.home(use.need.domain) == domain] for domain in layout.domains}
    found = {
        f"domains/{domain}/dashboards/{domain}_now.yaml": _dashboard(domain, own) for domain, own in of.items() if own
    }
    shown = [use for use in uses if mesh.is_published(use)]
    if shown:
        found["dashboards/company.yaml"] = _dashboard(layout.design.needs.requirements.name, shown)
    return found


def _settings(design: Design) -> str:
    streams = any(not records.is_changing(load.need) for load in design.needs.sources)
    told: dict[str, Any] = {"name": design.needs.requirements.name, "pattern": PATTERN[design.pattern.chosen]}
    if streams:
        told["clock"] = "event_time"
    told["parity"] = {"every": "15 minutes"}
    return dump(told)


def _says(load: Any) -> str:
    return f"{load.need.kind}, {load.events_per_second:g} records/s by the requirements; these records are made up."


def _source(source: SourceNeed, data: str, *, personal: bool, says: str) -> str:
    changing = records.is_changing(source)
    told: dict[str, Any] = {
        "kind": "file",
        "description": says,
        "path": data,
        "format": "debezium" if changing else "ndjson",
        "bounded": True,
    }
    told |= {"key": ["id"]} if changing else {"event_time": "at"}
    told |= {"tags": {"subject": "personal"}} if personal else {}
    return dump({**told, "schema": records.COLUMNS})


def _report(name: str) -> str:
    shape = models.SHAPES["report"]
    return dump(
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


def _dashboard(title: str, uses: Iterable[Use]) -> str:
    tiles: list[dict[str, Any]] = []
    for use in uses:
        name, shape = use.need.name, models.SHAPES[use.need.kind]
        heading = name.replace("_", " ").capitalize()
        if use.need.kind == "dashboard":
            tiles.append(
                {
                    "title": f"{heading}: records",
                    "kind": "stat",
                    "sql": f"SELECT sum(records) AS records FROM {name}",
                    "width": 3,
                    "rows": 2,
                }
            )
            tiles.append(
                {
                    "title": heading,
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
                    "title": heading,
                    "kind": "bar",
                    "sql": f"SELECT {shape.x}, {shape.y} FROM {name} ORDER BY {shape.x}",
                    "x": shape.x,
                    "y": [shape.y],
                }
            )
        else:
            tiles.append({"title": heading, "kind": "table", "sql": f"SELECT * FROM {name} ORDER BY ALL LIMIT 20"})
    return dump({"title": title, "tiles": tiles})


def _readme(design: Design, layout: Layout) -> str:
    needs, stack = design.needs, design.stack
    engine = stack.middle
    uses = "\n".join(
        f"| `{use.need.name}` | {use.need.kind}, {duration(use.need.freshness)} old at most | `{layout.main_source(use).name}` | {models.SHAPES[use.need.kind].says} |"
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

{_said(layout)}
What to do with it: replace a source's `schema` and `path` by the real ones, and its model by what the company means; keep the tests. Where the architecture names another technology than
Headrace to process the data, the models and their tests say what that has to compute, and this project computes it beside it to compare.
"""


def _said(layout: Layout) -> str:
    """What the pattern does in the project, and its policies; a paragraph, or nothing."""
    pattern = PATTERN[layout.design.pattern.chosen]
    told = {
        "lambda": "`pattern: lambda`: beside the incremental path every model is recomputed from all of history each quarter of an hour, and replaced where it differs.\n",
        "mesh": f"`pattern: mesh`: {len(layout.domains)} domains in `domains/`, each with an owner and products; nothing else of a domain is read by others (`headrace products`).\n",
    }
    persons = any(models.read_by(load.need) != load.need.name for load in layout.design.needs.sources)
    policy = "`policies/personal_data.yaml` refuses products and pages that show a column which is tagged `personal` and not pseudonymised.\n"
    return told.get(pattern, "") + (policy if persons else "")
