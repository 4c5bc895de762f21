"""How long one epoch of 1,000 rows takes in a project of ten models: its rows kept, every model brought up to date, committed.

    python -m bench epochs

Orders arrive for customers, some of whom change in the same epoch. The models are filters, groupings, joins, first rows and windows, one
of them over another model. Nothing but the engine runs: no log, no server. State is saved as often as the runtime does it.
"""

from __future__ import annotations

import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median

import pyarrow as pa

from headrace.engine import Arrived, DuckDBEngine, Mark, SourceTable
from headrace.runtime.loop import CHECKPOINT_SECONDS
from headrace.sql import Catalog, Relation, SqlText, compile_model

CUSTOMERS = 2_000
BEFORE = 200_000
ROWS = 1_000
CHANGED = 20
EPOCHS = 200
START = datetime(2026, 1, 1, tzinfo=UTC)

SOURCES = [
    SourceTable(
        "orders",
        {"id": "BIGINT", "customer": "BIGINT", "product": "VARCHAR", "amount": "DECIMAL(12,2)", "at": "TIMESTAMP"},
    ),
    SourceTable("customers", {"id": "BIGINT", "country": "VARCHAR", "level": "INTEGER"}, changelog=True, key=("id",)),
]
MODELS = {
    "large": "SELECT id, customer, amount FROM orders WHERE amount > 900",
    "by_product": "SELECT product, count(*) AS n, sum(amount) AS total, avg(amount) AS mean FROM orders GROUP BY product",
    "by_customer": "SELECT customer, count(*) AS n, sum(amount) AS total, max(at) AS last FROM orders GROUP BY customer",
    "by_hour": "SELECT window_start, product, sum(amount) AS total FROM TUMBLE(orders, at, INTERVAL 1 HOUR) GROUP BY ALL",
    "reached": "SELECT product, count(DISTINCT customer) AS customers FROM orders GROUP BY product",
    "placed": "SELECT o.id, o.amount, c.country FROM orders AS o JOIN customers AS c ON o.customer = c.id WHERE o.amount > 500",
    "by_country": "SELECT c.country, count(*) AS n, sum(o.amount) AS total FROM orders AS o JOIN customers AS c ON o.customer = c.id GROUP BY c.country",
    "silent": "SELECT c.id, c.country FROM customers AS c LEFT JOIN by_customer AS b ON b.customer = c.id WHERE b.customer IS NULL",
    "dearest": "SELECT * FROM orders QUALIFY row_number() OVER (PARTITION BY customer ORDER BY amount DESC) <= 3",
    "ranked": "SELECT customer, n, total, rank() OVER (PARTITION BY n ORDER BY total DESC) AS place FROM by_customer",
}


def opened(folder: Path) -> DuckDBEngine:
    engine = DuckDBEngine(folder / "state.duckdb", folder / "lake")
    relations = {s.name: Relation(s.name, s.columns, not s.changelog, s.changelog, s.key) for s in SOURCES}
    for source in SOURCES:
        engine.oracle.declare(source.name, source.columns)
    programs = []
    for name, sql in MODELS.items():
        program = compile_model(name, SqlText(sql, Path(f"{name}.sql")), Catalog(relations, engine.oracle))
        columns = dict(engine.oracle.describe(program.batch))
        engine.oracle.declare(name, columns)
        relations[name] = program.relation(columns)
        programs.append(program)
    engine.install(SOURCES, programs)
    return engine


def orders(rng: random.Random, first: int, count: int) -> pa.Table:
    rows = [
        {
            "id": first + i,
            "customer": int(rng.random() ** 2 * CUSTOMERS),
            "product": f"p{rng.randrange(50)}",
            "amount": Decimal(rng.randrange(100_000)).scaleb(-2),
            "at": START.replace(tzinfo=None) + timedelta(seconds=(first + i) / 20),
        }
        for i in range(count)
    ]
    types = {"id": pa.int64(), "customer": pa.int64(), "product": pa.string(), "amount": pa.decimal128(12, 2)}
    return pa.Table.from_pylist(rows, schema=pa.schema([*types.items(), ("at", pa.timestamp("us"))]))


def customers(rng: random.Random, ids: list[int]) -> pa.Table:
    rows = [{"id": i, "country": f"c{rng.randrange(30)}", "level": rng.randrange(5), "__w": 1} for i in ids]
    types = {"id": pa.int64(), "country": pa.string(), "level": pa.int32(), "__w": pa.int8()}
    return pa.Table.from_pylist(rows, schema=pa.schema(list(types.items())))


def measured(engine: DuckDBEngine) -> tuple[list[float], list[float]]:
    """Seconds of each epoch but the first, which has the rows that were there before; and of each checkpoint between them."""
    rng = random.Random(1)
    done = {"orders": 0, "customers": 0}
    seconds: list[float] = []
    checkpoints: list[float] = []
    since = 0.0
    for number in range(EPOCHS + 1):
        new = BEFORE if number == 0 else ROWS - CHANGED
        ids = list(range(CUSTOMERS)) if number == 0 else rng.sample(range(CUSTOMERS), CHANGED)
        rows = {"orders": orders(rng, done["orders"], new), "customers": customers(rng, ids)}
        arrived = {name: Arrived(table, done[name]) for name, table in rows.items()}
        done = {name: done[name] + table.num_rows for name, table in rows.items()}
        started = time.perf_counter()
        engine.run(Mark(number + 1, done, START + timedelta(seconds=number)), arrived)
        seconds.append(time.perf_counter() - started)
        since += seconds[-1]
        if number == 0 or since > CHECKPOINT_SECONDS:
            started = time.perf_counter()
            engine.checkpoint()
            checkpoints.append(time.perf_counter() - started)
            since = 0.0
    assert all(r.missing == r.extra == 0 for r in engine.recompute(list(MODELS))[1])
    return seconds[1:], checkpoints[1:]


def main() -> None:
    """The median, and what one epoch in a hundred takes."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        engine = opened(Path(folder))
        opening = (time.perf_counter() - started) / len(MODELS)
        epochs, checkpoints = measured(engine)
        engine.close()
    print(
        f"{len(MODELS)} models over {BEFORE:,} orders, {EPOCHS} epochs of {ROWS:,} rows, each model equal to its recompute"
    )
    found = sorted(epochs)
    print(f"median {median(found) * 1000:.0f} ms, p99 {found[int(len(found) * 0.99)] * 1000:.0f} ms an epoch")
    # None, where all epochs took less than that together.
    if checkpoints:
        print(
            f"{median(checkpoints) * 1000:.0f} ms a checkpoint, after every {CHECKPOINT_SECONDS:.0f} seconds of epochs"
        )
    print(f"{opening * 1000:.0f} ms a model to compile and install")


if __name__ == "__main__":
    main()
