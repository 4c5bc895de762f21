"""One model for each workload, with its test: a first shape that runs, to be replaced by what the company means."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headrace.architect.handoff.records import COLUMNS, is_changing
from headrace.architect.needs import Needs, Use
from headrace.architect.requirements import SourceNeed
from headrace.project.written import dump

DEVELOPMENT_KEY = "development only"
"""With which the generated project hashes until it is given a key of its own."""

PERSONAL = frozenset({"personal", "payment", "health"})
_GIVEN = (
    {"id": 1, "at": "2026-01-05 08:00:10", "subject": "s1", "category": "north", "amount": "10.00"},
    {"id": 2, "at": "2026-01-05 08:00:50", "subject": "s2", "category": "north", "amount": "20.00"},
    {"id": 3, "at": "2026-01-05 08:01:05", "subject": "s1", "category": "south", "amount": "5.00"},
)
_NOW = "2026-01-05T08:10:00"


@dataclass(frozen=True)
class Shape:
    """What is computed for a kind of workload.

    Attributes:
        says: what a row is.
        sql: of rows FROM {source}.
        expect: its rows of `_GIVEN`; ``subject`` stands there as it is given.
        columns: their types.
        key: the columns that identify one.
        x, y: what a picture of it shows; no `x` for a table.
    """

    says: str
    sql: str
    expect: tuple[dict[str, Any], ...]
    columns: Mapping[str, str]
    key: tuple[str, ...]
    x: str = ""
    y: str = ""


_BY_DAY = Shape(
    "Records and amounts by day and category.",
    "SELECT date_trunc('day', at) AS day, category, count(*) AS records, sum(amount) AS amount\nFROM {source}\nGROUP BY ALL",
    (
        {"day": "2026-01-05 00:00:00", "category": "north", "records": 2, "amount": "30.00"},
        {"day": "2026-01-05 00:00:00", "category": "south", "records": 1, "amount": "5.00"},
    ),
    {"day": "TIMESTAMP", "category": "VARCHAR", "records": "BIGINT", "amount": "DECIMAL(38,2)"},
    ("day", "category"),
    "category",
    "amount",
)
SHAPES: dict[str, Shape] = {
    "dashboard": Shape(
        "Records and amounts by minute and category.",
        "SELECT time_bucket(INTERVAL 1 MINUTE, at) AS minute, category, count(*) AS records, sum(amount) AS amount\nFROM {source}\nGROUP BY ALL",
        (
            {"minute": "2026-01-05 08:00:00", "category": "north", "records": 2, "amount": "30.00"},
            {"minute": "2026-01-05 08:01:00", "category": "south", "records": 1, "amount": "5.00"},
        ),
        {"minute": "TIMESTAMP", "category": "VARCHAR", "records": "BIGINT", "amount": "DECIMAL(38,2)"},
        ("minute", "category"),
        "minute",
        "records",
    ),
    "alert": Shape(
        "Categories with an amount of 15 or more in the last quarter of an hour.",
        "SELECT category, count(*) AS records, max(amount) AS highest\nFROM {source}\nWHERE at > now() - INTERVAL 15 MINUTE\nGROUP BY category\nHAVING max(amount) >= 15",
        ({"category": "north", "records": 2, "highest": "20.00"},),
        {"category": "VARCHAR", "records": "BIGINT", "highest": "DECIMAL(18,2)"},
        ("category",),
        "category",
        "highest",
    ),
    "report": _BY_DAY,
    "exploration": Shape(
        "Everything by subject.",
        "SELECT subject, count(*) AS records, sum(amount) AS amount, min(at) AS first_at, max(at) AS last_at\nFROM {source}\nGROUP BY subject",
        (
            {
                "subject": "s1",
                "records": 2,
                "amount": "15.00",
                "first_at": "2026-01-05 08:00:10",
                "last_at": "2026-01-05 08:01:05",
            },
            {
                "subject": "s2",
                "records": 1,
                "amount": "20.00",
                "first_at": "2026-01-05 08:00:50",
                "last_at": "2026-01-05 08:00:50",
            },
        ),
        {
            "subject": "VARCHAR",
            "records": "BIGINT",
            "amount": "DECIMAL(38,2)",
            "first_at": "TIMESTAMP",
            "last_at": "TIMESTAMP",
        },
        ("subject",),
    ),
    "api": Shape(
        "The latest of each subject.",
        "SELECT subject, arg_max(category, at) AS category, max(at) AS at\nFROM {source}\nGROUP BY subject",
        (
            {"subject": "s1", "category": "south", "at": "2026-01-05 08:01:05"},
            {"subject": "s2", "category": "north", "at": "2026-01-05 08:00:50"},
        ),
        {"subject": "VARCHAR", "category": "VARCHAR", "at": "TIMESTAMP"},
        ("subject",),
    ),
    "training": Shape(
        "Features by subject.",
        "SELECT subject, count(*) AS records, avg(amount::DOUBLE) AS mean, min(amount) AS lowest, max(amount) AS highest\nFROM {source}\nGROUP BY subject",
        (
            {"subject": "s1", "records": 2, "mean": 7.5, "lowest": "5.00", "highest": "10.00"},
            {"subject": "s2", "records": 1, "mean": 20.0, "lowest": "20.00", "highest": "20.00"},
        ),
        {
            "subject": "VARCHAR",
            "records": "BIGINT",
            "mean": "DOUBLE",
            "lowest": "DECIMAL(18,2)",
            "highest": "DECIMAL(18,2)",
        },
        ("subject",),
    ),
}


def main_source(use: Use, needs: Needs) -> SourceNeed:
    """The source that a workload is shown with: of its domain, and for what must be fresh one that streams, if there are such."""
    sources = [load.need for load in needs.sources]
    own = [source for source in sources if source.domain is not None and source.domain == use.need.domain] or sources
    if use.need.kind in ("dashboard", "alert", "api"):
        return next((source for source in own if not is_changing(source)), own[0])
    return own[0]


def read_by(source: SourceNeed) -> str:
    """What models read of a source: where it holds persons, the model that hashes who they are."""
    return f"{source.name}_pseudonymised" if PERSONAL & set(source.holds) else source.name


def published_as(source: SourceNeed) -> str:
    """The model by which other domains read a source: the one that hashes who is meant, or one of its own."""
    own = read_by(source)
    return own if own != source.name else f"{source.name}_published"


def pseudonymised(source: SourceNeed) -> str:
    """The only model that reads a source which holds persons."""
    columns = ", ".join("pseudonym(subject) AS subject" if name == "subject" else name for name in COLUMNS)
    return (
        f"/* ---\ndescription: {source.name} without who is meant. Nothing else reads {source.name}.\n--- */\n"
        f"SELECT {columns}\nFROM {source.name}\n"
    )


def published(source: SourceNeed) -> str:
    """The model by which other domains read a source that holds no persons."""
    return (
        f"/* ---\ndescription: Every record of {source.name}, for other domains.\n--- */\n"
        f"SELECT {', '.join(COLUMNS)}\nFROM {source.name}\n"
    )


def model(use: Use, reads: str) -> str:
    """The text of a workload's model, over what it reads of its source."""
    shape = SHAPES[use.need.kind]
    return f"/* ---\ndescription: {shape.says}\n--- */\n{shape.sql.format(source=reads)}\n"


def test(use: Use, needs: Needs) -> str:
    """The text of its test."""
    shape, source = SHAPES[use.need.kind], main_source(use, needs)
    hidden = read_by(source) != source.name
    expect = [{key: _shown(key, value, hidden=hidden) for key, value in row.items()} for row in shape.expect]
    now = {"now": _NOW} if "now()" in shape.sql else {}
    told = {
        "description": shape.says,
        "model": use.need.name,
        **now,
        "given": {source.name: [*_GIVEN]},
        "expect": expect,
    }
    return dump(told)


def _shown(key: str, value: Any, *, hidden: bool) -> Any:
    return pseudonym(value) if key == "subject" and hidden else value


def pseudonym(value: str) -> str:
    """What the project's function makes of a value before it is given a key."""
    return hmac.new(DEVELOPMENT_KEY.encode(), value.encode(), hashlib.sha256).hexdigest()[:16]


FUNCTION = f'''"""Who is meant, as a keyed hash: the same person has the same one, and nobody can tell who without the key."""

import hashlib
import hmac
import os
from typing import Annotated

import pyarrow as pa

# Give it a key of your own before real data arrives, in the environment of the node; whoever changes it changes every pseudonym.
_KEY = os.environ.get("PSEUDONYM_KEY", "{DEVELOPMENT_KEY}").encode()

__all__ = ["pseudonym"]


def pseudonym(value: Annotated[pa.Array, "VARCHAR"]) -> Annotated[pa.Array, "VARCHAR"]:
    """The first 16 hexadecimal digits of an HMAC with SHA-256."""
    hashed = [hmac.new(_KEY, one.encode(), hashlib.sha256).hexdigest()[:16] for one in value.to_pylist()]
    return pa.array(hashed, pa.string())
'''
