"""Small answers by Flink, run by the Python of its environment: flink_answers.py FOLDER JARS STREAMS QUERIES; prints query -> [count, sum] as JSON.

QUERIES is JSON, name -> SELECT count, sum.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from on_flink import environment
from pyflink.table import TableEnvironment


def last(table: TableEnvironment, query: str) -> list[int]:
    """The row that stands after all changes: of one group, the newest."""
    newest: list[int] = []
    for row in table.execute_sql(query).collect():
        newest = list(row)
    return newest


def main(folder: Path, jars: Path, streams: str, queries: str) -> None:
    table = environment(folder, sorted(jars.glob("*.jar")), json.loads(streams))
    print(json.dumps({name: last(table, query) for name, query in json.loads(queries).items()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4])
