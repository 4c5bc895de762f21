"""A running project beside the design that was approved for it: what is not, or not yet, as designed.

What is compared is what the project's own files say. Parts of the design that Headrace neither runs nor drives leave no trace in them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.architect.document.record import VERSION
from headrace.architect.framework import PATTERNS, SECTIONS
from headrace.architect.handoff.layout import PATTERN
from headrace.architect.handoff.models import PERSONAL
from headrace.architect.stack import STREAMS
from headrace.errors import Place, UsageError
from headrace.project import FileSource, PersonalData, Project, Target
from headrace.sql import SqlText, reads

LARGEST_RECORD = 20_000_000
"""Bytes. That of the largest example has some hundred thousand."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Drift:
    """One thing that differs.

    Attributes:
        section: of the framework, under both numberings.
        fix: an edit of the project, or a new design.
    """

    what: str
    designed: str
    found: str
    fix: str
    section: str


def approved(path: Path) -> dict[str, Any]:
    """Read the record of a design.

    Raises:
        UsageError: HR-117, it is none, or one of another version.
    """
    try:
        if path.exists() and (not path.is_file() or path.stat().st_size > LARGEST_RECORD):
            raise OSError(f"it is no file of at most {LARGEST_RECORD // 1_000_000} MB")
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _no_record(path, str(getattr(error, "strerror", None) or error)) from None
    if not isinstance(found, dict) or found.get("version") != VERSION:
        raise _no_record(path, "it is not the record of a design that this version writes")
    return found


def _no_record(path: Path, why: str) -> UsageError:
    return UsageError(
        f"there is no design to compare with: {why}",
        code="HR-117",
        where=Place(path),
        state="nothing was compared",
        fix="name the design.json that `headrace design` wrote: --design PATH",
    )


def drift(design: Mapping[str, Any], project: Project, target: Target) -> list[Drift]:
    """Compare a project, on a target or on its own machine, with its design."""
    return [
        *_sources(design, project),
        *_workloads(design, project),
        *_parts(design, target),
        *_protection(design, project),
        *_pattern(design, project),
    ]


def _sources(design: Mapping[str, Any], project: Project) -> Iterator[Drift]:
    wanted = {load["need"]["name"]: load["need"] for load in design["needs"]["sources"]}
    section = SECTIONS["ingestion"].cited
    for name in sorted(wanted.keys() - project.sources.keys()):
        yield Drift(
            f"the source {name}",
            wanted[name]["kind"],
            "not in the project",
            f"add sources/{name}.yaml, or design again without it",
            section,
        )
    for name in sorted(project.sources.keys() - wanted.keys()):
        yield Drift(
            f"the source {name}",
            "not in the design",
            project.sources[name].kind,
            "add it to the requirements, and design again",
            section,
        )
    live = {load["need"]["name"] for load in design["needs"]["sources"] if load["need"]["kind"] in STREAMS}
    for name, source in project.sources.items():
        if name in live and isinstance(source, FileSource) and source.bounded:
            yield Drift(
                f"the source {name}",
                "arrives all the time",
                "a file that is read to its end",
                f"in sources/{name}.yaml, `kind: push` or `kind: kafka`",
                section,
            )


def _workloads(design: Mapping[str, Any], project: Project) -> Iterator[Drift]:
    for use in design["needs"]["uses"]:
        name = use["need"]["name"]
        if name not in project.models and name not in project.dashboards and name not in project.reports:
            yield Drift(
                f"the workload {name}",
                use["need"]["kind"],
                "no model, dashboard or report of that name",
                f"add models/{name}.sql, or design again without it",
                SECTIONS["template"].cited,
            )


def _parts(design: Mapping[str, Any], target: Target) -> Iterator[Drift]:
    """Of the parts that Headrace itself drives, those that the target does not have."""
    parts = design["stacks"][0]["parts"]
    found = {
        "event_log": (
            target.log is not None,
            "a log in SQLite on the node's machine",
            "`log: {kind: kafka, …}`",
        ),
        "object_store": (
            target.lake is not None,
            "history on the node's disk",
            "`lake: {kind: s3, …}`",
        ),
        "stream_processing": (
            target.engine is not None,
            "models kept in the node's process",
            "`engine: {kind: spark, …}`",
        ),
    }
    sections = {"event_log": "ingestion", "object_store": "storage", "stream_processing": "processing"}
    for component, (there, instead, how) in found.items():
        chosen = parts.get(component, {}).get("chosen")
        if chosen is not None and chosen["headrace"] == "driven" and not there:
            fix = f"a target with {how} in headrace.yaml, and --target"
            yield Drift(component.replace("_", " "), chosen["title"], instead, fix, SECTIONS[sections[component]].cited)


def _protection(design: Mapping[str, Any], project: Project) -> Iterator[Drift]:
    names = {*project.sources, *project.models}
    for load in design["needs"]["sources"]:
        source = load["need"]["name"]
        if not PERSONAL & set(load["need"]["holds"]) or source not in project.sources:
            continue
        readers = sorted(
            model.name
            for model in project.models.values()
            if source in reads(SqlText(model.sql, model.path, model.first_line, frozenset(project.functions)), names)
        )
        if len(readers) > 1:
            fix = f"let one model hash who is meant, and the others read that: see {readers[0]}"
            yield Drift(
                f"who reads {source}, which holds persons",
                "one model",
                ", ".join(readers),
                fix,
                SECTIONS["security"].cited,
            )
    held = any(PERSONAL & set(load["need"]["holds"]) for load in design["needs"]["sources"])
    if held and not any(isinstance(policy, PersonalData) for policy in project.policies.values()):
        yield Drift(
            "data of persons",
            "a policy refuses products and pages that show it",
            "no policy of `kind: personal_data`",
            "add policies/personal_data.yaml",
            SECTIONS["security"].cited,
        )
    if project.serve.host not in LOOPBACK:
        yield Drift(
            "where the node listens",
            "this machine only",
            project.serve.host,
            "delete `serve.host`",
            SECTIONS["security"].cited,
        )


def _pattern(design: Mapping[str, Any], project: Project) -> Iterator[Drift]:
    chosen = design["pattern"]["scores"][0]["pattern"]
    if project.pattern != PATTERN[chosen]:
        yield Drift(
            "the pattern",
            f"{PATTERNS[chosen]}, `pattern: {PATTERN[chosen]}`",
            f"`pattern: {project.pattern}`",
            f"`pattern: {PATTERN[chosen]}` in headrace.yaml, or design again",
            SECTIONS["pattern"].cited,
        )
    if chosen == "mesh" and project.pattern == "mesh":
        named = design["needs"]["domains"]
        placed = {one["need"]["domain"] or named[0] for key in ("sources", "uses") for one in design["needs"][key]}
        for domain in sorted(placed - project.domains.keys()):
            yield Drift(
                f"the domain {domain}",
                "with an owner and products of its own",
                "not in the project",
                f"add domains/{domain}/domain.yaml, or design again without it",
                SECTIONS["mesh"].cited,
            )
