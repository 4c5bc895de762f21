"""One thread writes, others read: what they see is always one whole version."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from headrace.errors import LakeError
from headrace.lake import Lake

from .rows import append, connect, numbered


def test_readers_see_whole_versions_while_one_writes_compacts_and_expires(lake: Lake) -> None:
    append(lake, 0, 10)
    lake.overwrite("models.m", pa.table({"epoch": [1] * 20}), epoch=1, offsets={})
    done, failures, seen = threading.Event(), [], [0]

    def read() -> None:
        with connect() as sql:
            while not done.is_set():
                try:
                    version = lake.snapshots("raw.orders")[-1]
                    found = sql.sql(f"SELECT __offset FROM ({lake.select('raw.orders', snapshot=version.id)})")
                    assert found.fetchall() == [(offset,) for offset in range(version.stop or 0)]
                    assert lake.covered("raw.orders", snapshot=version.id) == version.stop
                    whole = sql.sql(f"SELECT count(*), min(epoch) = max(epoch) FROM ({lake.select('models.m')})")
                    assert whole.fetchall() == [(20, True)]
                    assert lake.tables() == ["models.m", "raw.orders"]
                    seen[0] += 1
                except BaseException as error:  # noqa: BLE001  # whatever it is, the test has to hear of it
                    failures.append(error)
                    return

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for at in range(1, 17):
        append(lake, at * 10, at * 10 + 10)
        lake.overwrite("models.m", pa.table({"epoch": [at] * 20}), epoch=at, offsets={})
        if at % 4 == 0:
            lake.compact("raw.orders", at_least=4)
            # Readers hold a version for milliseconds: eight later nobody does.
            lake.expire("raw.orders", keep=8)
            lake.expire("models.m", keep=8)
            lake.sweep(before=datetime.now(UTC) - timedelta(hours=1))
    done.set()
    for reader in readers:
        reader.join()
    assert failures == []
    assert seen[0] > 3


def test_two_writers_of_one_lake_wait_for_each_other(lake: Lake) -> None:
    """Not asked for, but harmless: each append looks at what is covered when its turn comes."""
    failures: list[BaseException] = []

    def write() -> None:
        try:
            for at in range(8):
                lake.append("raw.orders", numbered(0, at * 5 + 5), start=0, stop=at * 5 + 5, epoch=1)
        except BaseException as error:  # noqa: BLE001  # whatever it is, the test has to hear of it
            failures.append(error)

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    with connect() as sql:
        assert sql.sql(f"SELECT count(*), count(DISTINCT __offset) FROM ({lake.select('raw.orders')})").fetchall() == [
            (40, 40)
        ]


def test_two_processes_that_append_the_same_rows_bring_them_once(lake: Lake, reopen: Callable[[], Lake]) -> None:
    rivals, failures = [lake, reopen()], []

    def write(rival: Lake) -> None:
        try:
            for at in range(12):
                append(rival, at * 10, at * 10 + 10)
        except LakeError as error:
            failures.append(error)

    writers = [threading.Thread(target=write, args=(rival,)) for rival in rivals]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    with connect() as sql:
        found = sql.sql(f"SELECT count(*), count(DISTINCT __offset) FROM ({lake.select('raw.orders')})").fetchall()
    assert found == [(120, 120)]
