"""Made-up records of the sources: the same in every run, and enough to see every model move."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from headrace.architect.requirements import SourceNeed

COLUMNS = {"id": "BIGINT", "at": "TIMESTAMP", "subject": "VARCHAR", "category": "VARCHAR", "amount": "DECIMAL(18,2)"}
"""What every source of the project has until its real columns are known."""

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
MINUTES = 240
COUNT = 400
CATEGORIES = ("north", "south", "east", "west")
CHANGED = 0.25
GONE = 0.05


def is_changing(source: SourceNeed) -> bool:
    """Whether the source's rows change and leave, so that its file holds change envelopes."""
    return source.kind == "database"


def lines(source: SourceNeed) -> str:
    """The text of the source's file: one record a line."""
    chance = random.Random(source.name)
    made = [_record(number, chance) for number in range(1, COUNT + 1)]
    made.sort(key=lambda record: str(record["at"]))
    told = [change for record in made for change in _changes(record, chance)] if is_changing(source) else made
    return "".join(json.dumps(one) + "\n" for one in told)


def _record(number: int, chance: random.Random) -> dict[str, Any]:
    at = START + timedelta(seconds=chance.randrange(MINUTES * 60))
    return {
        "id": number,
        "at": at.replace(tzinfo=None).isoformat(sep=" "),
        "subject": f"s{chance.randrange(40):02}",
        "category": chance.choice(CATEGORIES),
        "amount": f"{chance.randrange(100, 20_000) / 100:.2f}",
    }


def _changes(record: dict[str, Any], chance: random.Random) -> list[dict[str, Any]]:
    """A row that is made, and perhaps changed or deleted later, as Debezium tells it."""
    told = [{"op": "c", "before": None, "after": record}]
    if chance.random() < CHANGED:
        changed = {**record, "amount": f"{chance.randrange(100, 20_000) / 100:.2f}"}
        told.append({"op": "u", "before": record, "after": changed})
        record = changed
    if chance.random() < GONE:
        told.append({"op": "d", "before": record, "after": None})
    return told
