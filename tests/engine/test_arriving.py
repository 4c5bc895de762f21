"""Rows of a source whose rows only arrive: read from Arrow or from a table, and kept until the lake has them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
import sqlglot
from sqlglot import exp

from headrace.engine import Arrived, Asked, Committed, DuckDBEngine, Mark, SourceTable
from headrace.errors import EngineError
from headrace.sql import Catalog, Relation, SqlText, compile_model
from tests.sampling import in_ci

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)
NAN, INF = float("nan"), float("inf")


@dataclass
class One:
    """An engine with one source, ``ev``."""

    folder: Path
    columns: Mapping[str, str]
    models: Mapping[str, str] = field(default_factory=dict)
    read_directly: int = 1
    taken: int = 0
    epoch: int = 0

    def __post_init__(self) -> None:
        self.engine = self.opened()

    def opened(self) -> DuckDBEngine:
        engine = DuckDBEngine(self.folder / "state.duckdb", self.folder / "lake", read_directly=self.read_directly)
        engine.oracle.declare("ev", self.columns)
        catalog = Catalog({"ev": Relation("ev", self.columns, append_only=True, live=False)}, engine.oracle)
        programs = [compile_model(n, SqlText(sql, Path(f"{n}.sql")), catalog) for n, sql in self.models.items()]
        engine.install([SourceTable("ev", self.columns)], programs)
        return engine

    def take(self, rows: pa.Table) -> Committed:
        arrived = {"ev": Arrived(rows, self.taken)} if rows.num_rows else {}
        committed = self.engine.run(
            Mark(self.epoch + 1, {"ev": self.taken + rows.num_rows}, NOON + timedelta(seconds=self.epoch)), arrived
        )
        self.epoch, self.taken = self.epoch + 1, self.taken + rows.num_rows
        return committed

    def wrong(self) -> list[str]:
        return [r.model for r in self.engine.recompute(list(self.models))[1] if r.missing or r.extra]

    def counted(self) -> tuple[int, Mark]:
        (result,), mark = self.engine.query([Asked(parsed("SELECT count(*) AS n FROM ev"))])
        assert isinstance(result, pa.Table)
        return result["n"][0].as_py(), mark

    def hot(self) -> int:
        """Rows in the hot table itself."""
        row = self.engine._connection.execute("SELECT count(*) FROM hot.ev").fetchone()
        assert row is not None
        return row[0]


def parsed(sql: str) -> exp.Query:
    query = sqlglot.parse_one(sql, dialect="duckdb")
    assert isinstance(query, exp.Query)
    return query


def numbers(*values: int) -> pa.Table:
    return pa.table({"x": pa.array(values, pa.int64())})


COMPARED: Mapping[str, tuple[str, pa.DataType, Sequence[object]]] = {
    "double": ("DOUBLE", pa.float64(), [NAN, INF, -INF, 0.0, -0.0, 1.5, None]),
    "float": ("FLOAT", pa.float32(), [NAN, INF, -INF, 0.0, -0.0, 1.5, None]),
    "decimal": ("DECIMAL(12,2)", pa.decimal128(12, 2), [Decimal("-1.50"), Decimal("9999999999.99"), Decimal(0), None]),
    "integer": ("INTEGER", pa.int32(), [-(2**31), 2**31 - 1, 0, None]),
    "bigint": ("BIGINT", pa.int64(), [-(2**63), 2**63 - 1, 0, None]),
    "ubigint": ("UBIGINT", pa.uint64(), [0, 2**64 - 1, None]),
    "text": ("VARCHAR", pa.string(), ["", "a", "A", "é", "\U0001f600", "a\x00b", None]),
    "boolean": ("BOOLEAN", pa.bool_(), [True, False, None]),
    "date": ("DATE", pa.date32(), [date(1, 1, 1), date(9999, 12, 31), date(1970, 1, 1), None]),
    "timestamp": ("TIMESTAMP", pa.timestamp("us"), [datetime(1, 1, 1), datetime(9999, 12, 31), None]),
    "zoned": ("TIMESTAMP WITH TIME ZONE", pa.timestamp("us", tz="UTC"), [NOON, NOON - timedelta(days=9000), None]),
}


@in_ci
@pytest.mark.parametrize("kind", COMPARED)
def test_conditions_mean_the_same_whoever_compares(tmp_path: Path, kind: str) -> None:
    """Every value against every other, in a filter that Arrow could have been asked for."""
    declared, arrow, values = COMPARED[kind]
    literals = _literals(declared, arrow, values)
    models = {
        f"m{n}": f"SELECT x, i FROM ev WHERE {condition}"
        for n, condition in enumerate(
            [
                f"x {sign} {value}"
                for value in literals
                for sign in ("<", "<=", "=", "<>", ">", ">=", "IS DISTINCT FROM")
            ]
            + [
                f"x IN ({', '.join(literals)})",
                f"x BETWEEN {literals[0]} AND {literals[-1]}",
                "x IS NULL",
                "NOT (x > x)",
            ]
        )
    }
    one = One(tmp_path, {"x": declared, "i": "INTEGER"}, models)
    rows = pa.table({"x": pa.array(values, arrow), "i": pa.array(range(len(values)), pa.int32())})
    one.take(rows)
    assert one.wrong() == []
    one.take(rows)
    assert one.wrong() == []
    one.engine.close()


def _literals(declared: str, arrow: pa.DataType, values: Sequence[object]) -> list[str]:
    texts = pa.array([v for v in values if v is not None and v != "a\x00b"], arrow)
    shown = [str(v) for v in texts.to_pylist()]
    return [f"CAST('{text}' AS {declared})" for text in shown]


JOINS = {
    "inner": "SELECT e.x, e.i, k.n FROM ev AS e JOIN few AS k ON e.x = k.x",
    "left": "SELECT e.x, e.i, k.n FROM ev AS e LEFT JOIN few AS k ON e.x = k.x",
    "in_": "SELECT x, i FROM ev WHERE x IN (SELECT x FROM few WHERE n > 1)",
    "without": "SELECT x, i FROM ev WHERE NOT EXISTS (SELECT * FROM few WHERE few.x = ev.x)",
    "common": "SELECT x FROM ev INTERSECT SELECT x FROM few",
    "ranged": "SELECT e.i, k.n FROM ev AS e JOIN few AS k ON e.x > k.x AND e.i = k.n",
}


@pytest.mark.parametrize("kind", ["double", "bigint", "text", "decimal", "date", "zoned", "timestamp"])
def test_joins_ask_nothing_of_arrow(tmp_path: Path, kind: str) -> None:
    """What the engine finds out on one side of a join it uses to filter the other, in ways that Arrow does not know."""
    declared, arrow, values = COMPARED[kind]
    few = "SELECT x, count(*) AS n FROM ev WHERE i % 7 = 0 GROUP BY x"
    models = {name: f"WITH few AS ({few}) {sql}" for name, sql in JOINS.items()}
    one = One(tmp_path, {"x": declared, "i": "INTEGER"}, models)
    for start in (0, 5_000, 5_001):
        numbers_ = range(start, start + 5_000)
        rows = pa.table(
            {"x": pa.array([values[n % len(values)] for n in numbers_], arrow), "i": pa.array(numbers_, pa.int32())}
        )
        one.take(rows if start != 5_001 else rows.slice(0, 3))
    assert one.wrong() == []
    one.engine.close()


def test_zeros_keep_their_sign(tmp_path: Path) -> None:
    one = One(tmp_path, {"x": "DOUBLE"}, {"m": "SELECT x::VARCHAR AS t FROM ev"})
    one.take(pa.table({"x": [0.0, -0.0, NAN]}))
    assert sorted(one.engine.content("m")[0]["t"].to_pylist()) == ["-0.0", "0.0", "nan"]
    one.engine.close()


@pytest.mark.parametrize("read_directly", [1, 1000])
def test_types_that_arrow_has_no_name_for(tmp_path: Path, read_directly: int) -> None:
    columns = {"u": "UUID", "l": "DOUBLE[]", "s": "STRUCT(a DOUBLE)", "j": "JSON", "h": "HUGEINT"}
    models = {
        "m": "SELECT u, l, s.a AS a, j->>'k' AS k, h FROM ev WHERE s.a > 0 AND h > 5",
        "n": "SELECT u, count(*) AS n, max(l) AS l FROM ev GROUP BY u",
    }
    one = One(tmp_path, columns, models, read_directly)
    rows = pa.table(
        {
            "u": ["00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"],
            "l": pa.array([[1.0, NAN], None], pa.list_(pa.float64())),
            "s": pa.array([{"a": NAN}, {"a": -1.0}], pa.struct([("a", pa.float64())])),
            "j": ['{"k": 1}', None],
            "h": pa.array([6, 7], pa.int64()),
        }
    )
    one.take(rows)
    one.take(rows)
    assert one.wrong() == []
    assert one.engine.content("m")[0].num_rows == 2
    one.engine.close()


def test_rows_of_another_shape(tmp_path: Path) -> None:
    """The same columns, as other kinds of Arrow arrays."""
    one = One(tmp_path, {"x": "BIGINT", "t": "VARCHAR"}, {"m": "SELECT x + 1 AS y, t FROM ev WHERE x > 0 AND t <> ''"})
    for x, t in ((pa.int64(), pa.string()), (pa.int32(), pa.large_string()), (pa.int64(), pa.string_view())):
        one.take(pa.table({"x": pa.array([1, -1, None], x), "t": pa.array(["a", "b", "c"], t)}))
        assert one.wrong() == []
    one.take(pa.table({"x": pa.array([7], pa.int64()), "t": pa.array(["a"]).dictionary_encode()}))
    assert one.wrong() == []
    assert one.engine.content("m")[0].num_rows == 4
    one.engine.close()


def test_large_and_small_epochs_in_turn(tmp_path: Path) -> None:
    models = {"m": "SELECT x % 3 AS k, count(*) AS n FROM ev GROUP BY 1", "n": "SELECT x FROM ev WHERE x > 2"}
    one = One(tmp_path, {"x": "BIGINT"}, models, read_directly=10)
    for size in (3, 30, 1, 0, 12, 10, 9, 40):
        changed = one.take(numbers(*range(size))).changed
        assert changed.get("ev", 0) == size
        assert one.wrong() == []
        change = one.engine.changes("ev")
        assert sorted(change["x"].to_pylist()) == list(range(size))
        assert set(change["__w"].to_pylist()) <= {1}
    one.engine.close()


def test_rows_become_hot_when_somebody_asks(tmp_path: Path) -> None:
    one = One(tmp_path, {"x": "BIGINT"}, {"m": "SELECT sum(x) AS s FROM ev"})
    one.take(numbers(1, 2))
    one.take(numbers(3))
    assert one.hot() == 0
    assert one.engine.sizes()["hot.ev"] == 3
    assert one.counted()[0] == one.hot() == 3
    one.take(numbers(4))
    assert (one.hot(), one.engine.sizes()["hot.ev"]) == (3, 4)
    one.engine.close()


def test_the_lake_is_given_rows_of_the_saved_state_and_no_others(tmp_path: Path) -> None:
    """Those of later epochs run again after a crash: a model built then would have them from the lake already."""
    one = One(tmp_path, {"x": "BIGINT"}, {"m": "SELECT sum(x) AS s FROM ev"})
    one.take(numbers(1, 2, 3))
    one.engine.checkpoint()
    one.take(numbers(4))
    durable = one.engine.durable().offsets["ev"]
    assert one.engine.untiered("ev", 1, durable)["x"].to_pylist() == [2, 3]
    assert one.hot() == 3
    one.engine.close()


def test_rows_that_the_lake_has_are_dropped(tmp_path: Path) -> None:
    one = One(tmp_path, {"x": "BIGINT"})
    for x in range(1, 7):
        one.take(numbers(x, -x))
    one.engine.tiered("ev", 5, "")
    assert one.hot() == 0
    assert one.engine.sizes()["hot.ev"] == 7
    one.engine.checkpoint()
    assert one.engine.untiered("ev", 0, 12)["__offset"].to_pylist() == [5, 6, 7, 8, 9, 10, 11]
    assert one.engine.untiered("ev", 0, 12)["x"].to_pylist() == [-3, 4, -4, 5, -5, 6, -6]
    one.engine.close()


def test_saved_state_has_them(tmp_path: Path) -> None:
    one = One(tmp_path, {"x": "BIGINT"}, {"m": "SELECT sum(x) AS s FROM ev"})
    one.take(numbers(1, 2))
    one.engine.checkpoint()
    one.take(numbers(3))
    one.engine.close()
    one.engine = one.opened()
    assert one.counted()[0] == 3
    assert one.wrong() == []
    one.engine.close()


def test_a_failed_epoch_leaves_none(tmp_path: Path) -> None:
    one = One(tmp_path, {"t": "VARCHAR"}, {"m": "SELECT t::INTEGER AS x FROM ev"})
    one.take(pa.table({"t": ["1"]}))
    with pytest.raises(EngineError):
        one.take(pa.table({"t": ["2", "no number"]}))
    assert one.engine.sizes()["hot.ev"] == 1
    assert one.counted() == (1, one.engine.mark())
    one.take(pa.table({"t": ["3"]}))
    assert one.counted()[0] == 2
    assert one.wrong() == []
    one.engine.close()


def test_many_waiting_rows_are_written_before_more_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.engine.arriving.MOST_WAITING", 100)
    one = One(tmp_path, {"x": "BIGINT"})
    one.take(numbers(*range(12)))
    one.take(numbers(*range(12)))
    assert one.hot() == 0
    one.take(numbers(*range(12)))
    assert one.hot() == 24
    one.engine.close()


def test_a_reader_sees_the_rows_of_its_epoch(tmp_path: Path) -> None:
    """Whatever runs beside it: as many rows as the epoch's offset says."""
    one = One(tmp_path, {"x": "BIGINT"}, {"m": "SELECT count(*) AS n FROM ev"})
    seen: list[tuple[int, Mark]] = []

    def read() -> None:
        while not ended.is_set():
            seen.append(one.counted())

    ended = threading.Event()
    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for x in range(60):
        one.take(numbers(*range(x % 7 + 1)))
    ended.set()
    for reader in readers:
        reader.join()
    assert len({mark.epoch for _, mark in seen}) > 1
    assert [(rows, mark) for rows, mark in seen if rows != mark.offsets.get("ev", 0)] == []
    one.engine.close()


def test_the_change_of_rows_that_go_straight_into_the_table(tmp_path: Path) -> None:
    """Nobody reads ``m`` within an epoch, so its rows are written once; its change is still told."""
    one = One(
        tmp_path,
        {"x": "INTEGER"},
        {
            "m": "SELECT CASE WHEN x < 0 THEN error('below zero')::INTEGER ELSE 12 // x END AS y FROM ev WHERE x IS DISTINCT FROM 5"
        },
        10,
    )
    for size in (4, 20, 0, 1):
        rows = pa.table({"x": pa.array([None, *range(1, size)][:size], pa.int32())})
        changed = one.take(rows).changed
        change = one.engine.changes("m")
        assert change.num_rows == changed.get("m", 0)
        expected = [None if x is None else 12 // x for x in rows["x"].to_pylist() if x != 5]
        assert sorted(change["y"].to_pylist(), key=repr) == sorted(expected, key=repr)
        assert set(change["__w"].to_pylist()) <= {1}
        with pytest.raises(EngineError):
            one.take(pa.table({"x": pa.array([7, -1, None], pa.int32())}))
        one.engine.checkpoint()
        assert one.wrong() == []
    one.engine.close()
