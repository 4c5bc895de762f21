"""A small node for the tests of the doors: real rows in a real DuckDB, epochs on a thread of its own, no compiler."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from headrace.errors import EngineError, SourceError, SqlError
from headrace.project import Dashboard, Model, Parameter, Project, PushSource, Report, Section, Tile
from headrace.security import Principal
from headrace.serve import Answer, EpochResult, OnStart, Question

START = datetime(2013, 1, 1, tzinfo=UTC)
ADMIN, READER = Principal("admin", admin=True), Principal("reader", admin=False)
TOKENS = {"admin-token-0123456789": ADMIN, "reader-token-0123456789": READER}
ADMIN_TOKEN, READER_TOKEN = TOKENS


class Tokens:
    """Principals by token."""

    def authenticate(self, token: str) -> Principal | None:
        return TOKENS.get(token)


@dataclass(frozen=True)
class FlowAnswer:
    table: pa.Table
    epoch: int
    as_of: datetime
    complete_to: datetime | None
    parity: str
    relations: tuple[str, ...]


@dataclass(frozen=True)
class FlowResult:
    epoch: int
    time: datetime
    changed: frozenset[str]
    change: pa.Table

    def changes(self, model: str, /) -> pa.Table:
        return self.change


def tile(title: str, sql: str, **more: Any) -> Tile:
    return Tile(title=title, kind=more.pop("kind", "stat"), sql=sql, **more)


def a_project(root: Path) -> Project:
    """One push source, one model over it, two dashboards, one report."""
    here = root / "x.yaml"
    per_carrier = "select carrier, count(*) as departures from flights group by carrier"
    operations = Dashboard(
        name="operations",
        title="Operations",
        description="Now.",
        tiles=(
            tile("Departures", "select sum(departures)::bigint as n from departures", unit="flights"),
            tile("By carrier", "select * from departures order by carrier", kind="bar", x="carrier", y=("departures",)),
            tile("Elsewhere", "select count(*) as n from weather"),
        ),
        file=here,
    )
    trouble = Dashboard(
        name="trouble",
        title="Trouble",
        tiles=(tile("Wrong", "select no_such_column from departures"), tile("Right", "select 1 as one")),
        file=here,
    )
    monthly = Report(
        name="monthly",
        title="Monthly",
        description="By carrier.",
        parameters={
            "carrier": Parameter(sql="select distinct carrier from flights order by 1", default="UA"),
            "least": Parameter(values=(0, 10)),
        },
        sections=(
            Section(text="What the month was."),
            Section(title="One", sql="select * from departures where carrier = $carrier and departures >= $least"),
            Section(title="Wrong", sql="select no_such_column from departures"),
        ),
        file=here,
    )
    columns = {"carrier": "VARCHAR", "left_at": "TIMESTAMP"}
    return Project(
        root=root,
        name="flow",
        sources={
            "flights": PushSource(name="flights", columns=columns, description="Each departure.", file=here),
            "weather": PushSource(name="weather", columns={"id": "BIGINT"}, file=here),
        },
        models={
            "departures": Model(name="departures", sql=per_carrier, path=root / "departures.sql", owner="ops"),
        },
        dashboards={"operations": operations, "trouble": trouble},
        reports={"monthly": monthly},
    )


@dataclass
class FlowNode:
    """Tables `flights` and `weather`, the view `departures`, and the epoch counter, in one DuckDB."""

    project: Project
    queries: list[str] = field(default_factory=list)
    verdict: str = "unproven"
    failing: Exception | None = None
    """Raised by `status`, for the tests of what the node cannot tell."""

    def __post_init__(self) -> None:
        self._db = duckdb.connect()
        self._db.execute("set timezone = 'UTC'")
        self._db.execute("create table flights (carrier varchar, left_at timestamp)")
        self._db.execute("create table weather (id bigint)")
        self._db.execute(f"create view departures as {self.project.models['departures'].sql}")
        self._db.execute("create table epochs as select 0::bigint as epoch")
        self._watchers: list[Callable[[EpochResult], None]] = []
        self._keys: dict[tuple[str, str], dict[str, Any]] = {}
        self._receipts: dict[str, dict[str, Any]] = {}
        self._commit = threading.Lock()
        self.epoch = 0

    def depart(self, *carriers: str) -> int:
        """Commit one epoch with a departure of each carrier."""
        weights = [1] * len(carriers)
        return self._epoch(
            "flights",
            [(carrier, START) for carrier in carriers],
            frozenset({"flights", "departures"}),
            pa.table({"__w": pa.array(weights, pa.int8()), "carrier": pa.array(carriers, pa.string())}),
        )

    def rain(self) -> int:
        """Commit one epoch that concerns `weather` alone."""
        return self._epoch("weather", [(1,)], frozenset({"weather"}), pa.table({"__w": pa.array([1], pa.int8())}))

    def pass_time(self) -> int:
        """Commit one epoch without rows."""
        return self._epoch("weather", [], frozenset(), pa.table({}))

    def _epoch(self, table: str, rows: list[tuple[Any, ...]], changed: frozenset[str], change: pa.Table) -> int:
        with self._commit:
            cursor = self._db.cursor()
            cursor.execute("begin")
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                cursor.executemany(f"insert into {table} values ({marks})", rows)
            cursor.execute("update epochs set epoch = epoch + 1")
            cursor.execute("commit")
            self.epoch += 1
            result = FlowResult(self.epoch, self._time(self.epoch), changed, change)
            for watcher in list(self._watchers):
                watcher(result)
            return self.epoch

    def query(
        self,
        sql: str,
        principal: Principal,
        /,
        *,
        as_of: int | datetime | None = None,
        limit: int | None = None,
        on_start: OnStart | None = None,
    ) -> Answer:
        if as_of is not None and as_of != self.epoch:
            raise EngineError(f"epoch {as_of} is not kept", code="HR-601", fix="Ask for a newer one.")
        answer = self.query_all([Question(sql, None, limit)], principal, on_start=on_start)[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def query_all(
        self, questions: Sequence[Question], principal: Principal, /, *, on_start: OnStart | None = None
    ) -> Sequence[Answer | Exception]:
        cursor = self._db.cursor()
        cursor.execute("begin")
        (epoch,) = cursor.execute("select epoch from epochs").fetchone() or (0,)
        if on_start is not None:
            on_start(cursor.interrupt)
        try:
            return [self._answer(cursor, question, epoch) for question in questions]
        finally:
            cursor.execute("rollback")

    def _answer(self, cursor: duckdb.DuckDBPyConnection, question: Question, epoch: int) -> Answer | Exception:
        self.queries.append(question.sql)
        limited = question.sql if question.limit is None else f"select * from ({question.sql}) limit {question.limit}"
        try:
            table = cursor.execute(limited, dict(question.parameters or {})).to_arrow_table()
            relations = tuple(sorted(cursor.get_table_names(re.sub(r"\$\w+", "null", question.sql))))
        except duckdb.InterruptException:
            return EngineError("interrupted", code="HR-602")
        except duckdb.Error as error:
            return SqlError(str(error).splitlines()[0], code="HR-301", fix="Correct the SQL.")
        return FlowAnswer(table, epoch, self._time(epoch), self._time(epoch), self.verdict, relations)

    def push(self, source: str, body: bytes, content_type: str, key: str | None, /) -> Mapping[str, Any]:
        if key is not None and (source, key) in self._keys:
            return {**self._keys[source, key], "duplicate": True}
        rows = _rows(body, content_type)
        first = self.epoch
        self.depart(*(row["carrier"] for row in rows))
        receipt = {
            "read": len(rows),
            "kept": len(rows),
            "rejected": 0,
            "offsets": {source: [first, self.epoch]},
            "duplicate": False,
        }
        if key is not None:
            self._keys[source, key] = receipt
        return receipt

    def status(self) -> Mapping[str, Any]:
        if self.failing is not None:
            raise self.failing
        return {
            "epoch": self.epoch,
            "time": self._time(self.epoch),
            "complete_to": self._time(self.epoch),
            "rows_per_second": 12.5,
            "lag_rows": 3,
            "models": [{"name": "departures", "rows": 2, "complete_to": self._time(self.epoch)}],
        }

    def parity(self, models: Sequence[str] = (), /) -> Mapping[str, Any]:
        self.verdict = "equal"
        for model in models or list(self.project.models):
            self._receipts[model] = {"equal": True, "missing": 0, "extra": 0, "epoch": self.epoch, "offsets": {}}
        kept = [{"model": model, **self._receipts[model]} for model in models or list(self.project.models)]
        return {"epoch": self.epoch, "models": kept}

    def receipts(self) -> Mapping[str, Mapping[str, Any]]:
        return dict(self._receipts)

    def explain(self, model: str, /, *, measured: bool = False) -> Mapping[str, Any]:
        columns = {"carrier": "VARCHAR", "departures": "BIGINT"}
        return {"model": model, "columns": columns, "rules": ["linear", "algebraic", "linear"], "incremental": True}

    def lineage(self) -> Mapping[str, Any]:
        kinds = {"flights": "source", "departures": "model", "operations": "dashboard"}
        nodes = [{"id": id_, "kind": kind} for id_, kind in kinds.items()]
        return {"nodes": nodes, "edges": [["flights", "departures"], ["departures", "operations"]]}

    def watch(self, callback: Callable[[EpochResult], None], /) -> Callable[[], None]:
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback)

    def close(self) -> None:
        self._db.close()

    @property
    def watchers(self) -> int:
        return len(self._watchers)

    def _time(self, epoch: int) -> datetime:
        return START + timedelta(minutes=epoch)


def _rows(body: bytes, content_type: str) -> list[dict[str, Any]]:
    if content_type == "application/vnd.apache.arrow.stream":
        rows: list[dict[str, Any]] = pa.ipc.open_stream(body).read_all().to_pylist()
        return rows
    try:
        return [json.loads(line) for line in body.splitlines()] if "ndjson" in content_type else list(json.loads(body))
    except ValueError as error:
        raise SourceError(f"the body is not JSON: {error}", code="HR-401", fix="Send one object per line.") from error
