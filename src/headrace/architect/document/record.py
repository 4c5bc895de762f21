"""A design as JSON: what programs read, and what a later check compares a running project with."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel

from headrace.architect.design import Design
from headrace.architect.needs import duration
from headrace.architect.options import Option
from headrace.architect.scoring import Scored
from headrace.architect.selection import Matrix
from headrace.architect.stack import Part

VERSION = 1
"""Of the JSON's shape."""


def record(design: Design) -> str:
    """Return the text of ``design.json``: everything decided, and of the knowledge what was cited by name."""
    found = {
        "version": VERSION,
        **{
            field.name: _plain(getattr(design, field.name))
            for field in dataclasses.fields(design)
            if field.name != "knowledge"
        },
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _short(each: Scored) -> dict[str, Any]:
    """A technology as a part of a stack: what it is, and what it comes to."""
    technology = each.technology
    return {
        "name": each.name,
        "title": technology.title,
        "licence": technology.licence,
        "kind": technology.kind,
        "headrace": technology.headrace,
        "total": round(each.total, 6),
        "criteria": _plain(each.criteria),
        "cost": {key: round(getattr(each.cost, key), 2) for key in ("bought", "labour", "total", "first_month")},
        "barred": each.barred,
    }


def _full(each: Scored) -> dict[str, Any]:
    """A technology in the matrix that argues it: every factor, and the bill line by line."""
    return {**_short(each), "factors": _plain(each.factors), "bills": _plain(each.cost.bills)}


def _plain(value: Any) -> Any:
    if isinstance(value, Matrix):
        told = {
            field.name: _plain(getattr(value, field.name))
            for field in dataclasses.fields(value)
            if field.name != "rows"
        }
        return {**told, "rows": [_full(row) for row in value.rows]}
    if isinstance(value, Option):
        return {"name": value.name, "stack": value.stack.engine, "why": _plain(value.why), "weeks": value.weeks}
    if isinstance(value, Part):
        others = [{"name": each.name, "total": round(each.total, 6), "barred": each.barred} for each in value.others]
        return {
            "chosen": _short(value.chosen),
            "stays": value.stays,
            "others": others,
            "misfits": _plain(value.misfits),
        }
    if isinstance(value, Scored):
        return _short(value)
    if isinstance(value, timedelta):
        return duration(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, frozenset | set):
        return sorted(_plain(item) for item in value)
    return round(value, 6) if isinstance(value, float) else value
