"""A case: sources, models and changes to drive them with, and its readable file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from headrace.engine import SourceTable

from .sources import SOURCES
from .stream import Epoch, Row


@dataclass(frozen=True)
class Case:
    """Models by name, each after those it reads, and the epochs to run.

    Attributes:
        about: what was wrong, in a sentence.
        reopen: the engine is closed and opened again after these epochs.
    """

    models: Mapping[str, str]
    epochs: Sequence[Epoch]
    sources: Sequence[SourceTable] = SOURCES
    about: str = ""
    reopen: tuple[int, ...] = ()

    def of(self, model: str) -> Case:
        """The case with that model and what it reads alone."""
        wanted = {model}
        for name in reversed(list(self.models)):
            if name in wanted:
                wanted |= reads(self.models[name], self.models)
        return replace(self, models={name: sql for name, sql in self.models.items() if name in wanted})


def reads(sql: str, models: Iterable[str]) -> set[str]:
    """The models that ``sql`` names."""
    return set(re.findall(r"\w+", sql)).intersection(models)


def save(case: Case, path: Path) -> None:
    """Write the case, with the sources that it uses."""
    words = " ".join(case.models.values())
    used = [source for source in case.sources if reads(words, [source.name])]
    names = [source.name for source in used]
    document = {
        "about": case.about,
        **({"reopen": list(case.reopen)} if case.reopen else {}),
        "sources": {s.name: _Line(columns=dict(s.columns), changelog=s.changelog, key=list(s.key)) for s in used},
        "models": dict(case.models),
        "epochs": [_written(epoch, names) for epoch in case.epochs],
    }
    path.write_text(yaml.dump(document, sort_keys=False, allow_unicode=True, width=140, Dumper=_Dumper))


def load(path: Path) -> Case:
    document = yaml.safe_load(path.read_text())
    sources = [SourceTable(n, s["columns"], s["changelog"], tuple(s["key"])) for n, s in document["sources"].items()]
    kinds = {source.name: source.columns for source in sources}
    epochs = [_read(epoch, kinds) for epoch in document["epochs"]]
    return Case(document["models"], epochs, sources, document["about"], tuple(document.get("reopen", ())))


class _Dumper(yaml.SafeDumper):
    """Rows on one line each, SQL as it is."""


class _Line(dict[str, Any]):
    pass


_Dumper.add_representer(
    _Line, lambda dumper, row: dumper.represent_mapping("tag:yaml.org,2002:map", row, flow_style=True)
)


def _written(epoch: Epoch, sources: Sequence[str]) -> dict[str, object]:
    rows = {name: [_Line(_plain(row)) for row in epoch.rows[name]] for name in sources if epoch.rows.get(name)}
    return {"time": epoch.time.isoformat(), "rows": rows}


def _plain(row: Row) -> dict[str, object]:
    """NULLs are left out, and what YAML has no type for is text."""
    return {name: _text(value) for name, value in row.items() if value is not None}


def _text(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _read(epoch: dict[str, Any], kinds: Mapping[str, Mapping[str, str]]) -> Epoch:
    rows = {name: [_typed(row, kinds[name]) for row in found] for name, found in epoch["rows"].items()}
    return Epoch(datetime.fromisoformat(str(epoch["time"])), rows)


def _typed(row: dict[str, Any], kinds: Mapping[str, str]) -> Row:
    weight = {"__w": row["__w"]} if "__w" in row else {}
    return {**{name: _value(row.get(name), kind) for name, kind in kinds.items()}, **weight}


def _value(value: Any, kind: str) -> object:
    if value is None:
        return None
    if kind.startswith("TIMESTAMP"):
        return datetime.fromisoformat(value)
    if kind == "DATE":
        return date.fromisoformat(value)
    return Decimal(value) if kind.startswith("DECIMAL") else value
