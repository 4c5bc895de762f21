"""A project's functions in the engine: values, NULLs, errors; kept equals recomputed; what is built again when one changes."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from sqlglot import exp

from headrace.engine import Arrived, Asked, DuckDBEngine, DuckDBOracle, Mark, SourceTable
from headrace.errors import EngineError, SqlError
from headrace.project import Function, load
from headrace.project.names import taken
from headrace.security import Catalog as Readable
from headrace.security import Principal, gate
from headrace.sql import Catalog, Program, Relation, SqlText, compile_model, parse
from headrace.sql.text import Models
from tests.sampling import sampled

PAGE = Path(__file__).parents[2] / "docs/concepts/functions.md"

FUNCTIONS = """\
import pyarrow as pa
import pyarrow.compute as pc


def bucket(x: "BIGINT") -> "BIGINT":
    assert x.null_count == 0
    assert len(x) > 0
    return pc.if_else(pc.equal(x, 0), None, pc.divide(x, 2))


def weigh(x: "BIGINT", y: "BIGINT NULL") -> "DOUBLE":
    assert x.null_count == 0
    return pc.add(x, pc.fill_null(y, 100)).cast(pa.float64())


def initcap(x: "VARCHAR") -> "VARCHAR":
    return pc.utf8_title(x)


def flags(x: "BOOLEAN[]", y: "STRUCT(a BOOLEAN)") -> "BIGINT":
    assert x.type == pa.list_(pa.bool_())
    assert y.type == pa.struct([("a", pa.bool_())])
    return pc.list_value_length(x)


def same(x: "{kind}") -> "{kind}":
    return pa.chunked_array([x])


def fails(x: "BIGINT") -> "BIGINT":
    return pc.divide(
        x, pc.subtract(x, x))


def short(x: "BIGINT") -> "BIGINT":
    return x[1:]


def other(x: "BIGINT") -> "BIGINT":
    return x.cast(pa.string())


def numbers(x: "BIGINT") -> "BIGINT":
    return x.to_pylist()


def narrow(x: "BIGINT") -> "TINYINT":
    return pc.multiply(x, 100)


def leaves(x: "BIGINT") -> "BIGINT":
    raise SystemExit(3)
"""

SOURCES = [SourceTable("bag", {"k": "VARCHAR", "v": "BIGINT"}, changelog=True), SourceTable("ev", {"v": "BIGINT"})]
MODELS = {
    "projected": "select k, bucket(v) as b, weigh(v, bucket(v)) as w, initcap(k) as name from bag where weigh(v, v) > 2",
    "grouped": "select bucket(v) as b, count(*) as n, sum(weigh(v, null)) as w from bag group by bucket(v)",
    "shown": "select k, initcap(k) as name, bucket(max(v)) as most from bag group by k",
    "joined": "select b.k, e.v from bag b join ev e on bucket(b.v) = bucket(e.v)",
    "outer_joined": "select b.k, weigh(e.v, null) as w from bag b left join ev e on b.v = e.v where weigh(b.v, e.v) > 3",
    "ranked": "select k, row_number() over (partition by bucket(v) order by weigh(v, v)) as n from bag",
    "flagged": "select k, flags([k is null, null], {'a': true}) + count(*) as n from bag group by k",
    "downstream": "select bucket(n) as n, sum(w) as w from grouped group by 1",
    "without": "select k, count(*) as n from bag group by k",
}


def functions(root: Path, text: str = FUNCTIONS, kind: str = "BIGINT") -> Mapping[str, Function]:
    (root / "functions").mkdir(parents=True, exist_ok=True)
    (root / "headrace.yaml").write_text("name: p\n")
    (root / "functions/f.py").write_text(text.replace("{kind}", kind))
    return load(root).functions


Open = Callable[..., DuckDBEngine]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    engines: list[DuckDBEngine] = []

    def opened(text: str = FUNCTIONS, kind: str = "BIGINT") -> DuckDBEngine:
        """One at a time; the one before is closed."""
        while engines:
            engines.pop().close()
        found = functions(tmp_path / "project", text, kind)
        engines.append(DuckDBEngine(tmp_path / "state.duckdb", tmp_path / "lake", found))
        return engines[0]

    yield opened
    for engine in engines:
        engine.close()


def asked(engine: DuckDBEngine, sql: str) -> list[object]:
    query = parse(SqlText(sql, Path("q.sql"), functions=frozenset(engine._functions)))
    ((found,), _) = engine.query([Asked(query)])
    if isinstance(found, EngineError):
        raise found
    return [tuple(row.values()) for row in found.to_pylist()]


def compiled(engine: DuckDBEngine, names: Iterable[str] = MODELS) -> list[Program]:
    relations = {s.name: Relation(s.name, s.columns, not s.changelog, s.changelog, s.key) for s in SOURCES}
    for relation in relations.values():
        engine.oracle.declare(relation.name, relation.columns)
    programs = []
    for name in names:
        text = SqlText(MODELS[name], Path(f"{name}.sql"), functions=frozenset(engine._functions))
        program = compile_model(name, text, Catalog(relations, engine.oracle))
        columns = {n.lower(): kind for n, kind in engine.oracle.describe(program.batch)}
        relations[name] = program.relation(columns)
        engine.oracle.declare(name, columns)
        programs.append(program)
    return programs


def test_rows_with_a_null_are_not_handed_over_unless_it_is_asked_for(opened: Open) -> None:
    engine = opened()
    values = "(values (1, 2), (null, 2), (3, null), (null, null)) t(x, y)"
    assert asked(engine, f"select weigh(x, y) from {values}") == [(3.0,), (None,), (103.0,), (None,)]
    assert asked(engine, "select bucket(null), bucket(0), bucket(7)") == [(None, None, 3)]
    found = asked(engine, "select sum(bucket(nullif(x % 3, 0))), count(bucket(nullif(x % 3, 0))) from range(9999) t(x)")
    assert found == [(3333, 6666)]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("BOOLEAN", "true"), ("TINYINT", "-1"), ("UBIGINT", "18446744073709551615"), ("FLOAT", "1.5"), ("DOUBLE", "'nan'"),
        ("DECIMAL(38,9)", "1.000000001"), ("VARCHAR", "'é'"), ("BLOB", "'x'"), ("DATE", "'1500-01-01'"), ("TIME", "'10:00:01'"),
        ("TIMESTAMP", "'2013-01-01 01:02:03.000004'"), ("TIMESTAMP_NS", "'2013-01-01'"), ("TIMESTAMP_S", "'2013-01-01'"),
        ("TIMESTAMPTZ", "'2013-01-01 00:00:00+02'"), ("INTERVAL", "'1 month 2 days'"), ("BIGINT[]", "[1, null]"),
        ("DOUBLE[2]", "[1, 2]"), ("STRUCT(a BIGINT, b BOOLEAN[])", "{'a': 1, 'b': [true]}"),
        ("MAP(VARCHAR, BIGINT)", "map {'a': 1}"),
    ],
)  # fmt: skip
def test_values_go_through_as_they_are(opened: Open, kind: str, value: str) -> None:
    engine = opened(kind=kind)
    rows = f"(select {value}::{kind} as x union all select null) t"
    query = f"select count(*), count(x), count(*) filter (same(x) is not distinct from x), max(typeof(same(x)) = typeof(x)) from {rows}"
    assert asked(engine, query) == [(2, 1, 2, True)]


@pytest.mark.parametrize(
    ("call", "code", "words", "said"),
    [
        ("fails(x)", "HR-607", "return pc.divide(\n", "ArrowInvalid: divide by zero"),
        ("leaves(x)", "HR-607", "raise SystemExit", "SystemExit: 3"),
        ("short(x)", "HR-608", "def short", "2 values for 3 rows"),
        ("other(x)", "HR-608", "def other", "gave string, and declares BIGINT"),
        ("numbers(x)", "HR-608", "def numbers", "a list, not an Arrow array"),
        ("narrow(x)", "HR-608", "def narrow", "none of TINYINT"),
    ],
)
def test_what_a_function_does_wrong_is_told_at_its_place(
    opened: Open, call: str, code: str, words: str, said: str
) -> None:
    with pytest.raises(EngineError) as caught:
        asked(opened(), f"select {call} from range(3) t(x)")
    line = FUNCTIONS[: FUNCTIONS.index(words)].count("\n") + 1
    assert (caught.value.code, caught.value.where and caught.value.where.line) == (code, line)
    assert said in caught.value.what
    assert caught.value.state
    assert caught.value.fix


def test_the_examples_of_the_page_work(opened: Open) -> None:
    examples = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert len(examples) == 2
    engine = opened("\n\n".join(examples))
    (a, b), west = map(math.radians, (40.6925, 33.9425)), math.radians(118.4081 - 74.1687)
    law_of_cosines = math.acos(math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(west)) * 6371
    newark_to_los_angeles = "haversine(40.6925, -74.1687, 33.9425, -118.4081)"
    assert asked(engine, f"select {newark_to_los_angeles}") == [(pytest.approx(law_of_cosines),)]
    assert asked(engine, "select label('a', null), label('a', 'b'), label(null, 'b')") == [("a: none", "a: b", None)]


def test_a_function_that_duckdb_does_not_take(tmp_path: Path) -> None:
    known = functions(tmp_path / "project")["initcap"]
    with pytest.raises(EngineError) as caught:
        DuckDBOracle({"lower": replace(known, name="lower")})
    assert (caught.value.code, caught.value.where) == ("HR-609", known.where)


def test_try_gives_null_for_the_rows_that_fail(opened: Open) -> None:
    assert asked(opened(), "select try(narrow(x)) from range(3) t(x)") == [(0,), (100,), (None,)]


def test_the_compiler_knows_them(opened: Open) -> None:
    engine = opened()
    engine.oracle.declare("bag", SOURCES[0].columns)
    catalog = Catalog({"bag": Relation("bag", SOURCES[0].columns, append_only=False, live=True)}, engine.oracle)

    def refused(sql: str) -> SqlError:
        with pytest.raises(SqlError) as caught:
            compile_model("m", SqlText(sql, Path("m.sql"), functions=frozenset(engine._functions)), catalog)
        return caught.value

    wrong = refused("select k,\n  weigh(k, 'a', 1) from bag")
    assert (wrong.code, str(wrong.where)) == ("HR-308", "m.sql:2:3")
    assert "weigh(BIGINT, BIGINT) -> DOUBLE" in wrong.fix
    assert str(refused("select k, bukket(v) from bag").where) == "m.sql:1:11"
    assert str(refused("select bucket(vv) from bag").where) == "m.sql:1:15"


def run_epochs(engine: DuckDBEngine, seed: int, epochs: int, after_each: Callable[[], None] = lambda: None) -> None:
    pick = random.Random(seed).choice
    kept, offsets = list[tuple[str | None, int | None]](), {"bag": 0, "ev": 0}
    now = datetime(2013, 1, 1, tzinfo=UTC)
    for number in range(1, epochs + 1):
        bag = [(pick(["a b", "c", None]), pick([None, 0, 1, 2, 3, 4, 5])) for _ in range(pick([1, 2, 5]))]
        gone = [kept.pop(pick(range(len(kept)))) for _ in range(min(len(kept), pick([0, 1, 3])))]
        kept += bag
        rows = [*((k, v, 1) for k, v in bag), *((k, v, -1) for k, v in gone)]
        columns = [
            pa.array(c, kind)
            for c, kind in zip(zip(*rows, strict=True), (pa.string(), pa.int64(), pa.int8()), strict=True)
        ]
        rows_of = {
            "bag": pa.table(columns, names=["k", "v", "__w"]),
            "ev": pa.table({"v": pa.array([pick([None, 0, 2, 3])], pa.int64())}),
        }
        arrived = {name: Arrived(table, offsets[name]) for name, table in rows_of.items()}
        offsets = {name: offsets[name] + table.num_rows for name, table in rows_of.items()}
        engine.run(Mark(number, offsets, now + timedelta(minutes=number)), arrived)
        after_each()


@pytest.mark.parametrize("seed", sampled(range(3), 3))
def test_kept_equals_recomputed(opened: Open, seed: int) -> None:
    engine = opened()
    engine.install(SOURCES, compiled(engine))
    run_epochs(engine, seed, 15, after_each=lambda: _equal(engine))


def _equal(engine: DuckDBEngine) -> None:
    assert not [r for r in engine.recompute(list(MODELS))[1] if r.missing or r.extra]
    # Read as history is: without loss, which hands booleans over in another form.
    assert all(engine.content(model)[0].num_rows >= 0 for model in MODELS)


def test_a_changed_function_builds_the_models_that_use_it_and_theirs(opened: Open) -> None:
    engine = opened()
    engine.install(SOURCES, compiled(engine))
    run_epochs(engine, 1, 4)
    engine = opened()
    assert engine.install(SOURCES, compiled(engine)) == ()
    engine = opened(FUNCTIONS.replace("pc.utf8_title(x)", "pc.utf8_upper(x)"))
    assert engine.install(SOURCES, compiled(engine)) == ("projected", "shown")
    assert asked(engine, "select distinct name from shown where name is not null and name <> upper(k)") == []
    engine = opened(FUNCTIONS.replace("fill_null(y, 100)", "fill_null(y, 200)").replace("utf8_title", "utf8_upper"))
    assert engine.install(SOURCES, compiled(engine)) == ("projected", "grouped", "outer_joined", "ranked", "downstream")
    _equal(engine)


def test_a_function_may_go_with_the_models_that_used_it(opened: Open) -> None:
    engine = opened()
    engine.install(SOURCES, compiled(engine))
    run_epochs(engine, 1, 2)
    engine = opened("")
    assert engine.install(SOURCES, compiled(engine, ["without"])) == ()
    assert [(r.missing, r.extra) for r in engine.recompute(["without"])[1]] == [(0, 0)]
    assert not [
        name for name in engine.sizes() if name.startswith("live.") and name not in {"live.bag", "live.without"}
    ]


def _known_to_sqlglot() -> list[str]:
    known = (*Models.Parser.FUNCTIONS, *Models.Parser.FUNCTION_PARSERS, *Models.Tokenizer.KEYWORDS)
    return sorted({name.lower() for name in known if name.replace("_", "").isalpha()} - taken())


def test_a_call_is_taken_as_it_stands_whatever_else_has_the_name() -> None:
    names = _known_to_sqlglot()
    assert len(names) > 400
    readable = Readable({"t": {"a": "BIGINT", "b": "BIGINT"}}, frozenset(names))
    for name in names:
        sql = f"select {name}(a, b + 1) as c from t where {name}(a, b) > 0 order by {name}(b, b)"
        tree = parse(SqlText(sql, Path("m.sql"), functions=frozenset({name})))
        assert [call.name.lower() for call in tree.find_all(exp.Anonymous)] == [name] * 3
        assert gate(Principal("ann"), sql, readable).sql.lower().count(f"{name}(") == 3
