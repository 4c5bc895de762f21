"""A Spark session for statements of a few rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from headrace.engine.spark.jars import JARS
from headrace.engine.spark.session import on_this_machine, open_session

# For statements of a few rows, compiling them takes longer than running them.
QUICK = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # Its place for compiled code is small otherwise; once it is full, nothing is compiled any more.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC",
    "spark.driver.memory": "2g",
}


def quick_session(warehouse: Path) -> Any:
    """On this machine, with the jars of S3 and PostgreSQL, for the lake that is there."""
    warehouse.mkdir(exist_ok=True)
    session = open_session(replace(on_this_machine(warehouse, QUICK), jars=JARS))
    session.sparkContext.setLogLevel("OFF")
    return session


def emptied(spark: Any) -> Any:
    """The session, with nothing in its catalog."""
    for row in spark.sql("SHOW NAMESPACES IN headrace").collect():
        namespace = f"headrace.`{row[0]}`"
        for table in spark.sql(f"SHOW TABLES IN {namespace}").collect():
            spark.sql(f"DROP TABLE {namespace}.`{table['tableName']}` PURGE")
    return spark
