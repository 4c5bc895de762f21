"""``doctor``: what a project needs, tried, on standard output."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from headrace.cli.reach import data_dir
from headrace.cli.show import show_finding
from headrace.cli.stopped import loaded
from headrace.runtime.doctor import Finding, examined
from headrace.serve import configure_logs


def examine(project: Path, data: Path | None, target: str | None, *, as_json: bool) -> bool:
    """Try each part, telling what came of it at once; whether all is well."""
    configure_logs()  # standard output is for what was found
    found = examined(loaded(project), data_dir(project, data, target))
    if as_json:
        every = list(found)
        print(json.dumps({"target": target, "parts": [_as_dict(one) for one in every]}, indent=2))
        return _well(every)
    return _well([_shown(one) for one in found])


def _shown(finding: Finding) -> Finding:
    show_finding(finding.part, finding.where, finding.said, finding.error)
    return finding


def _well(findings: Iterable[Finding]) -> bool:
    return all(one.error is None for one in findings)


def _as_dict(finding: Finding) -> dict[str, object]:
    said = {"part": finding.part, "where": finding.where, "ok": finding.error is None, "said": finding.said}
    return said | (finding.error.as_dict() if finding.error else {})
