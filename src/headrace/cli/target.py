"""``target check``: what a target's engine makes of each model, on standard output."""

from __future__ import annotations

import json
from pathlib import Path

from headrace.cli.show import show_kept
from headrace.cli.stopped import loaded
from headrace.runtime.target_check import checked


def check(project: Path, target: str | None, *, as_json: bool) -> bool:
    """Tell of each model whether it can be kept there; whether all can."""
    found = checked(loaded(project), target)
    if as_json:
        models = [
            {"model": one.model, "ok": one.refused is None, **(one.refused.as_dict() if one.refused else {})}
            for one in found
        ]
        print(json.dumps({"target": target, "models": models}, indent=2))
    else:
        for one in found:
            show_kept(one.model, one.refused)
    return all(one.refused is None for one in found)
