"""``python -m tests.runtime.contents PROJECT [TARGET]``: each model's rows as JSON, from the data that is there. A process of its own: it may have a Spark session."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from headrace.cli.reach import data_dir
from headrace.project import load
from headrace.runtime.node import Node, Settings
from headrace.security import Principal

LOCAL = Principal("local", admin=True)


def contents(at: Path, target: str | None) -> dict[str, list[str]]:
    """With nine digits of what is not exact."""
    declared = load(at)
    node = Node(declared, data_dir(at, None, target), Settings(intake=False), lambda: datetime.now(UTC))
    node.open()
    try:
        tables = {name: node.query(f"SELECT * FROM {name}", LOCAL).table for name in declared.models}
    finally:
        node.close()
    return {name: sorted(map(rounded, table.to_pylist())) for name, table in tables.items()}


def rounded(row: dict[str, Any]) -> str:
    return repr([float(f"{value:.9g}") if isinstance(value, float) else value for value in row.values()])


if __name__ == "__main__":
    print(json.dumps(contents(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)))
