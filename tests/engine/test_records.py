"""Models as records by key: what is read is what was written, and an engine that follows records has every row, epoch by epoch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from headrace.engine import Arrived, DuckDBEngine, Mark, records
from headrace.engine.following import FollowingEngine
from headrace.errors import EngineError
from tests.sampling import in_ci

from .test_incremental_equals_batch import MODELS, SOURCES, Stream, compiled

VALUES = {
    "BOOLEAN": ["true"],
    "TINYINT": ["-128"],
    "BIGINT": ["9223372036854775807", "-9223372036854775808"],
    "UBIGINT": ["18446744073709551615"],
    "HUGEINT": ["170141183460469231731687303715884105727", "-170141183460469231731687303715884105728"],
    "UHUGEINT": ["340282366920938463463374607431768211455"],
    "FLOAT": ["0.1", "3.4028235e38", "1e-45", "16777217"],
    "DOUBLE": ["1e308", "0.1", "'nan'", "'inf'", "'-inf'", "5e-324", "'-0'", "123456789.123456789", "9007199254740993"],
    "DECIMAL(38,10)": ["1234567890123456789012345678.0123456789", "0.5"],
    "DECIMAL(18,3)": ["123456789012345.678", "-1"],
    "VARCHAR": ["'a\"b\\'", "''", "'é🙂'", "chr(0)", "chr(1) || chr(31)", "'null'", "chr(8232)"],
    "BLOB": ["'\\x00\\xFFabc'::BLOB", "''::BLOB"],
    "BIT": ["'0101'"],
    "UUID": ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"],
    "DATE": ["'2020-01-01'", "'infinity'", "'5877642-06-25 (BC)'"],
    "TIME": ["'23:59:59.999999'", "'24:00:00'"],
    "TIME WITH TIME ZONE": ["'12:00:00.5+02'"],
    "TIMESTAMP": ["'2020-01-01 00:00:00.000001'", "'-infinity'", "'290309-12-22 (BC) 00:00:00'"],
    "TIMESTAMP_NS": ["'2020-01-01 00:00:00.123456789'"],
    "TIMESTAMP WITH TIME ZONE": ["'2020-01-01 00:00:00.000001+00'"],
    "INTERVAL": ["INTERVAL '1 year 2 months -3 days 4.000005 seconds'", "INTERVAL '-5 months'"],
    "ENUM('a', 'b')": ["'a'"],
    "JSON": ["'{\"a\": [1, 2.50, null]}'", "'null'", "'\"x\"'", "'1e5'"],
    "INTEGER[]": ["[1, NULL, 3]", "[]"],
    "VARCHAR[]": ["['a,b', '\"', NULL, '', 'null', 'NULL']"],
    "DOUBLE[2]": ["['nan'::DOUBLE, 1.5]"],
    "STRUCT(a INTEGER, b VARCHAR)": ["{'a': 1, 'b': 'x,}'}", "{'a': NULL, 'b': NULL}"],
    "MAP(VARCHAR, INTEGER)": ["MAP {'a': 1, 'b,=': NULL}"],
    "UNION(n INTEGER, t VARCHAR)": ["union_value(n := 1)", "union_value(t := '1')", "union_value(t := 'n:1')"],
    "BIGNUM": ["'123456789012345678901234567890123456789012345678901234567890'"],
}


def read_back(connection: duckdb.DuckDBPyConnection, columns: Mapping[str, str], key: Sequence[str]) -> str:
    """What the rows of the table ``kept`` are as records, and back as rows of ``nothing`` with ``__w``; a query."""
    connection.execute("CREATE OR REPLACE TABLE nothing AS SELECT * FROM kept LIMIT 0")
    written = records.content("kept", columns, key)
    connection.execute(f"CREATE OR REPLACE TABLE records AS SELECT *, row_number() OVER () AS number FROM ({written})")
    return records.moves("records", "nothing", columns, key)


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_of_any_type_is_read_as_it_was(kind: str) -> None:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for text in [*VALUES[kind], "NULL"]:
        for key in ([], ["k"], ["x"]):
            columns = {"k": "INTEGER", "x": kind}
            connection.execute(f"CREATE OR REPLACE TABLE kept AS SELECT 1::INTEGER AS k, ({text})::{kind} AS x")
            moves = read_back(connection, columns, key)
            same = "f.k = a.k AND f.x IS NOT DISTINCT FROM a.x AND f.x::VARCHAR IS NOT DISTINCT FROM a.x::VARCHAR"
            found = connection.execute(
                f"SELECT count(*) FROM ({moves}) AS f JOIN kept AS a ON {same} WHERE f.__w = 1"
            ).fetchone()
            assert found == (1,), (text, key, connection.execute("FROM records").fetchall())
            for record in connection.execute("SELECT key, value FROM records").fetchone() or ():
                json.loads(record)  # JSON that anybody reads


def test_a_record_says_what_others_expect() -> None:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE kept AS SELECT 'AA' AS carrier, 3 AS n, 1.50::DECIMAL(5, 2) AS share")
    columns = {"carrier": "VARCHAR", "n": "INTEGER", "share": "DECIMAL(5,2)"}
    assert connection.execute(records.content("kept", columns, ["carrier"])).fetchall() == [
        ('{"carrier":"AA"}', '{"carrier":"AA","n":3,"share":"1.50"}')
    ]
    connection.execute("INSERT INTO kept FROM kept")
    assert connection.execute(records.content("kept", columns, [])).fetchall() == [
        ('{"carrier":"AA","n":3,"share":"1.50"}', '{"carrier":"AA","n":3,"share":"1.50","__n":2}')
    ]


@pytest.mark.parametrize("key", [[], ["value"]])
def test_columns_may_have_the_names_of_ours(key: list[str]) -> None:
    connection = duckdb.connect()
    columns = dict.fromkeys(
        ["value", "key", "number", "r", "row", "gone", "d", "count", "wanted", "records"], "INTEGER"
    )
    listed = ", ".join(f'{n} AS "{name}"' for n, name in enumerate(columns))
    connection.execute(f"CREATE TABLE kept AS SELECT {listed}")
    moves = read_back(connection, columns, key)
    assert connection.execute(moves).fetchall() == [(*range(len(columns)), 1, 1)]
    changed = records.changed("SELECT *, 1 AS __w FROM kept", "kept", columns, key)
    assert connection.execute(changed).fetchall() == connection.execute("SELECT key, value FROM records").fetchall()


EQUAL = {
    "DOUBLE": [["'0'", "'-0'"], ["'nan'", "'-nan'"]],
    "FLOAT[]": [["[0, 'nan'::FLOAT]", "['-0'::FLOAT, '-nan'::FLOAT]"]],
    "DOUBLE[1]": [["[0]", "['-0'::DOUBLE]"]],
    "STRUCT(a DOUBLE, b INTERVAL[])": [
        ["{'a': 0, 'b': [INTERVAL '30 days']}", "{'a': '-0'::DOUBLE, 'b': [INTERVAL '1 month']}"]
    ],
    "MAP(VARCHAR, DOUBLE)": [["MAP {'a': 0}", "MAP {'a': '-0'::DOUBLE}"]],
    "INTERVAL": [
        ["INTERVAL '30 days'", "INTERVAL '1 month'", "INTERVAL '720 hours'"],
        ["INTERVAL '-1 day'", "INTERVAL '-24 hours'"],
    ],
}
DIFFERENT = {
    "UNION(n INTEGER, t VARCHAR)": ["union_value(n := 1)", "union_value(t := '1')", "union_value(t := 'n:1')"],
    "INTERVAL": ["INTERVAL '45 days -3 hours'", "INTERVAL '1 month 14 days 21 hours'", "INTERVAL '1 month'"],
    "DOUBLE[]": ["[NULL]", "[0]", "NULL", "[]"],
}


def keys_of(kind: str, texts: Sequence[str]) -> set[str]:
    connection = duckdb.connect()
    found = set()
    for text in texts:
        connection.execute(f"CREATE OR REPLACE TABLE kept AS SELECT ({text})::{kind} AS x")
        for key in ([], ["x"]):
            found.add((connection.execute(records.content("kept", {"x": kind}, key)).fetchone() or ("",))[0])
        moves = read_back(connection, {"x": kind}, [])
        found_again = f"SELECT count(*) FROM ({moves}) AS f JOIN kept AS k ON f.x IS NOT DISTINCT FROM k.x"
        assert connection.execute(found_again).fetchone() == (1,), text
    return found


@pytest.mark.parametrize("kind", EQUAL)
def test_what_is_equal_to_sql_has_one_key(kind: str) -> None:
    for texts in EQUAL[kind]:
        assert len(keys_of(kind, texts)) == 1, texts


@pytest.mark.parametrize("kind", DIFFERENT)
def test_what_is_not_equal_has_another(kind: str) -> None:
    assert len(keys_of(kind, DIFFERENT[kind])) == len(DIFFERENT[kind])


class Published:
    """What a node publishes, in memory: records by model, and up to which epoch they are claimed."""

    def __init__(self) -> None:
        self.marked = Mark(0, {}, None)
        self._waiting: dict[str, list[pa.Table]] = {}
        self._number = 0

    def publish(self, mark: Mark, changed: Mapping[str, pa.Table]) -> None:
        self.marked = mark
        for name, rows in changed.items():
            numbers = pa.array(range(self._number, self._number + rows.num_rows), pa.int64())
            self._number += rows.num_rows
            self._waiting.setdefault(name, []).append(rows.append_column("number", numbers))

    def mark(self) -> Mark:
        return self.marked

    def sources(self) -> Mapping[str, Mapping[str, str]]:
        return {source.name: source.columns for source in SOURCES}

    def records(self) -> Mapping[str, pa.Table]:
        found = {name: pa.concat_tables(parts) for name, parts in self._waiting.items()}
        self._waiting = {}
        return found


@in_ci
def test_who_follows_the_records_has_every_row(tmp_path: Path) -> None:
    """All shapes of SQL; it begins in the middle, takes epochs one by one or several together, and fails now and then."""
    keeping = DuckDBEngine(tmp_path / "state.duckdb", tmp_path / "lake")
    programs = compiled(keeping, MODELS)
    keys = {program.model: program.key for program in programs}
    keeping.install(SOURCES, programs)
    published, stream = Published(), Stream(0)
    arrived: list[dict[str, Arrived]] = []
    mark = Mark(0, {}, None)
    published.publish(mark, {name: keeping.all_records(name, key) for name, key in keys.items()})

    def epoch() -> Mark:
        arrived.append(stream.epoch())
        now = Mark(mark.epoch + 1, dict(stream.offsets), stream.now)
        changed = keeping.run(now, arrived[-1]).changed
        published.publish(now, {name: keeping.records(name, keys[name]) for name in changed if name in keys})
        return now

    for _ in range(5):
        mark = epoch()
    copy = tmp_path / "copy.duckdb"
    following = FollowingEngine(published, copy, lambda: DuckDBEngine(copy, tmp_path / "lake"))
    assert compiled(following._copy, MODELS)
    at = following.to_restore(Mark(0, {}, None))
    assert at == mark
    following.restore(at, SOURCES, together(arrived))
    assert following.install(SOURCES, programs) == ()
    agree(keeping, following)
    taken = len(arrived)
    for turn in range(8):
        mark = epoch()
        if stream.random.random() < 0.6:
            if turn % 4 == 0:  # the disk is full, once
                run, following._copy.run = following._copy.run, failing  # type: ignore[method-assign, assignment]
                with pytest.raises(EngineError):
                    following.run(mark, together(arrived[taken:]))
                following._copy.run = run  # type: ignore[method-assign]
            committed = following.run(mark, together(arrived[taken:]))
            if len(arrived) == taken + 1:  # what it tells of an epoch is what was told where it ran
                for name in keys:
                    assert committed.changed.get(name, 0) == following.changes(name).num_rows
                    assert rows(following.changes(name)) == rows(keeping.changes(name)), name
            taken = len(arrived)
            agree(keeping, following)
    _, results = following.recompute(list(MODELS))
    assert [(r.model, r.missing, r.extra) for r in results if r.missing or r.extra] == []
    following.close()
    assert not copy.exists()
    keeping.close()


def failing(*_: object) -> None:
    raise EngineError("full", code="HR-602")


def together(epochs: Sequence[Mapping[str, Arrived]]) -> dict[str, Arrived]:
    """Several epochs' rows as one's."""
    found: dict[str, Arrived] = {}
    for epoch in epochs:
        for name, arrived in epoch.items():
            before = found.get(name)
            found[name] = (
                arrived if before is None else Arrived(pa.concat_tables([before.rows, arrived.rows]), before.start)
            )
    return found


def agree(keeping: DuckDBEngine, following: FollowingEngine) -> None:
    for name in (*MODELS, *(source.name for source in SOURCES)):
        assert following.columns(name) == keeping.columns(name)
        assert rows(following.content(name)[0]) == rows(keeping.content(name)[0]), name


def rows(table: pa.Table) -> list[str]:
    """To be compared: 0 and -0 are the same, to SQL."""
    return sorted(
        repr([value + 0.0 if isinstance(value, float) else value for value in row.values()])
        for row in table.to_pylist()
    )


def plain(record: tuple[str, str]) -> tuple[str, str]:
    """To be compared: 0 and -0 are the same, to SQL."""
    return record[0], record[1].replace("-0.0", "0.0")


@in_ci
def test_a_model_published_whole_is_what_its_changes_come_to(tmp_path: Path) -> None:
    engine = DuckDBEngine(tmp_path / "state.duckdb", tmp_path / "lake")
    programs = compiled(engine, MODELS)
    engine.install(SOURCES, programs)
    stream, newest = Stream(7), dict[str, dict[str, str]]()
    for program in programs:
        whole = engine.all_records(program.model, program.key).to_pylist()
        newest[program.model] = {record["key"]: record["value"] for record in whole}
    for number in range(1, 15):
        arrived = stream.epoch()
        changed = engine.run(Mark(number, dict(stream.offsets), stream.now), arrived).changed
        for program in programs:
            if program.model in changed:
                kept = newest[program.model]
                for record in engine.records(program.model, program.key).to_pylist():
                    if record["value"] is None:
                        kept.pop(record["key"], None)
                    else:
                        kept[record["key"]] = record["value"]
    for program in programs:
        whole = engine.all_records(program.model, program.key).to_pylist()
        found = {record["key"]: record["value"] for record in whole}
        assert len(found) == len(whole), program.model
        assert sorted(map(plain, found.items())) == sorted(map(plain, newest[program.model].items())), program.model
    engine.close()
