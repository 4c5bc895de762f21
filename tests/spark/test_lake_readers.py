"""The lake's tables, written on either target, as others read them: DuckDB's Iceberg extension, pyiceberg and Spark count the same."""

from __future__ import annotations

import importlib
import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog

from headrace.lake.s3 import preparation
from headrace.project import load
from headrace.runtime.datadir import DataDir
from headrace.runtime.node import Node, Settings
from services import minio
from tests.runtime.cluster import on_cluster, project
from tests.services import BUCKET, database, forget_lake, s3

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.timeout(300)]

SCHEMA = "{id: BIGINT, k: VARCHAR, price: 'DECIMAL(12,2)', moment: TIMESTAMP, share: DOUBLE}"
MODEL = "SELECT k, count(*) AS n, sum(price) AS total, max(moment) AS newest FROM ev GROUP BY k"
SUMS = {
    "raw.ev": "count(*), sum(id), sum(price), count(DISTINCT k), max(moment), sum(CASE WHEN share IS NULL THEN 1 ELSE 0 END)",
    "models.by_k": "count(*), sum(n), sum(total), max(newest)",
}
ROWS, COMMITS = 4_000, 4


@pytest.mark.parametrize("target", [None, "cluster"])
def test_others_read_what_either_target_writes(spark: Any, tmp_path: Path, target: str | None) -> None:
    with on_cluster() as (name, declared):
        at = project(tmp_path / "p", declared)
        (at / "sources" / "ev.yaml").write_text(f"kind: file\npath: data/*.ndjson\nformat: ndjson\nschema: {SCHEMA}\n")
        (at / "models" / "by_k.sql").write_text(MODEL)
        data = DataDir(tmp_path / "data", target)
        expected = written(at, data)
        tables = tables_there(pyiceberg_catalog(name, data))
        found = {
            "pyiceberg": {table: by_pyiceberg(tables[table], sums) for table, sums in SUMS.items()},
            "DuckDB": {table: by_duckdb(tables[table].metadata_location, sums, data) for table, sums in SUMS.items()},
        }
        catalog = spark_catalog(spark, name, tables, data)
        found["Spark"] = {table: by_spark(spark, f"{catalog}.{table}", sums) for table, sums in SUMS.items()}
        forget_lake(f"{name}-here")
    assert found == dict.fromkeys(found, expected)
    assert expected["raw.ev"][0] == ROWS


def written(at: Path, data: DataDir) -> dict[str, list[Any]]:
    """Several commits of rows, merged into fewer files on the way; what the node itself says of its tables."""
    pick = random.Random(1)
    for part in range(COMMITS):
        with (at / "data" / "ev.ndjson").open("a") as file:
            for n in range(part * ROWS // COMMITS, (part + 1) * ROWS // COMMITS):
                row = {"id": n, "k": f"k{n % 7}", "price": f"{pick.randrange(10**9) / 100:.2f}"}
                moment = f"2024-01-01 {n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}.{pick.randrange(10**6):06}"
                file.write(json.dumps({**row, "moment": moment, "share": pick.choice([None, 0.1])}) + "\n")
        node = Node(load(at), data, Settings(full_speed=True), lambda: datetime.now(UTC))
        node.open()
        try:
            node.start()
            node.run_until_caught_up(lambda _: None)
            sums = {table: values(node._engine, table, text) for table, text in SUMS.items()}
        finally:
            node.close()
    return sums


def values(engine: Any, table: str, sums: str) -> list[Any]:
    import sqlglot

    from headrace.engine import Asked

    (result,), _ = engine.query([Asked(sqlglot.parse_one(f"SELECT {sums} FROM {table.split('.')[1]}", read="duckdb"))])
    return plain(list(result.to_pylist()[0].values()))


def plain(row: list[Any]) -> list[Any]:
    """Whatever an engine's types are: whole numbers as such, times without a zone."""
    return [
        value.replace(tzinfo=None) if isinstance(value, datetime)
        else Decimal(value) if isinstance(value, (int, Decimal))
        else value
        for value in row
    ]  # fmt: skip


def pyiceberg_catalog(name: str, data: DataDir) -> Catalog:
    if data.target is None:
        root = data.lake
        return SqlCatalog("headrace", uri=f"sqlite:///{root}/catalog.sqlite", warehouse=f"file://{root}/warehouse")
    there, server = database(), s3()
    uri = f"postgresql+psycopg://{there.user}:{there.password}@{there.host}:{there.port}/{there.database}"
    access = {"s3.endpoint": server.endpoint, "s3.access-key-id": server.key, "s3.secret-access-key": server.secret}
    return SqlCatalog(name, uri=uri, warehouse=f"{BUCKET}/{name}", **access, **{"s3.region": server.region})


def tables_there(catalog: Catalog) -> dict[str, Any]:
    found = {table: catalog.load_table(table) for table in SUMS}
    catalog.engine.dispose()  # type: ignore[attr-defined]
    return found


def by_pyiceberg(table: Any, sums: str) -> list[Any]:
    with duckdb.connect() as connection:
        connection.register("found", table.scan().to_arrow())
        return plain(list(connection.execute(f"SELECT {sums} FROM found").fetchone() or ()))


def by_duckdb(metadata: str, sums: str, data: DataDir) -> list[Any]:
    """Its own Iceberg extension, from the table's metadata file."""
    with duckdb.connect() as connection:
        for extension in ("avro", "httpfs", "iceberg"):
            folder = Path(importlib.import_module(f"duckdb_extension_{extension}").__file__ or "").parent
            (file,) = folder.rglob(f"{extension}.duckdb_extension")
            connection.execute(f"LOAD '{file}'")
        if data.target is not None:
            connection.execute(preparation(f"s3://{minio.BUCKET}", s3())[1])
        where = metadata.removeprefix("file://")
        return plain(list(connection.execute(f"SELECT {sums} FROM iceberg_scan('{where}')").fetchone() or ()))


def spark_catalog(spark: Any, name: str, tables: Mapping[str, Any], data: DataDir) -> str:
    """The lake's own catalog, as Spark has it; for a lake on disk one that is told of each table's metadata file."""
    there, server = database(), s3()
    catalog = name if data.target else f"{name}-here"  # the name by which the database tells lakes apart
    settings = {
        "": "org.apache.iceberg.spark.SparkCatalog",
        "cache-enabled": "false",
        "type": "jdbc",
        "uri": f"jdbc:postgresql://{there.host}:{there.port}/{there.database}",
        "jdbc.user": there.user,
        "jdbc.password": there.password,
        "jdbc.schema-version": "V1",
        "warehouse": f"{BUCKET}/{name}" if data.target else f"file://{data.root}/nothing",
        "io-impl": "org.apache.iceberg.aws.s3.S3FileIO" if data.target else "org.apache.iceberg.hadoop.HadoopFileIO",
        "s3.endpoint": server.endpoint or "",
        "s3.access-key-id": server.key,
        "s3.secret-access-key": server.secret,
        "s3.path-style-access": "true",
        "client.region": server.region,
    }
    for key, value in settings.items():
        spark.conf.set(f"spark.sql.catalog.{catalog}.{key}".removesuffix("."), value)
    for table, loaded in tables.items() if data.target is None else ():
        namespace, _, short = table.partition(".")
        spark.sql(f"CREATE NAMESPACE IF NOT EXISTS `{catalog}`.{namespace}")
        where = f"table => '{namespace}.{short}', metadata_file => '{loaded.metadata_location}'"
        spark.sql(f"CALL `{catalog}`.system.register_table({where})")
    return f"`{catalog}`"


def by_spark(spark: Any, table: str, sums: str) -> list[Any]:
    return plain(list(spark.sql(f"SELECT {sums} FROM {table}").first()))
