"""A lake on S3 whose services do not answer, refuse us, or die in the middle of a write."""

from __future__ import annotations

import random
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from services.process import Service

from headrace.errors import LakeError
from headrace.lake import Lake, LakeElsewhere, Postgres, open_lake_elsewhere
from services import minio, postgres
from tests.services import BUCKET, database, need_s3, s3

from .rows import append, connect, offsets
from .storage import OnS3, on_s3

pytestmark = pytest.mark.xdist_group("s3")

Change = Callable[[LakeElsewhere], LakeElsewhere]


@pytest.fixture
def there(tmp_path: Path) -> Iterator[OnS3]:
    found = on_s3(tmp_path)
    yield found
    found.empty()


def with_s3(**other: str) -> Change:
    return lambda place: replace(place, s3=replace(place.s3, **other))


def with_catalog(**other: object) -> Change:
    def change(place: LakeElsewhere) -> LakeElsewhere:
        assert isinstance(place.catalog, Postgres)
        return replace(place, catalog=replace(place.catalog, **other))  # type: ignore[arg-type]

    return change


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (with_s3(endpoint="http://127.0.0.1:9"), "HR-715", "http://127.0.0.1:9"),
        (with_s3(secret="not it"), "HR-716", "SIGNATURE"),
        (with_s3(key="nobody"), "HR-716", "INVALID_ACCESS_KEY_ID"),
        (lambda place: replace(place, warehouse="s3://no-such-bucket/x"), "HR-716", "bucket"),
        (with_catalog(port=9), "HR-715", "127.0.0.1:9"),
        (with_catalog(password="not it"), "HR-716", "password authentication failed"),
        (with_catalog(user="nobody"), "HR-716", "nobody"),
        (with_catalog(database="nothing"), "HR-716", '"nothing" does not exist'),
    ],
    ids=[
        "no S3",
        "wrong secret",
        "wrong key",
        "no bucket",
        "no database",
        "wrong password",
        "no user",
        "none of that name",
    ],
)
def test_services_that_do_not_answer_or_refuse_are_named(there: OnS3, change: Change, code: str, said: str) -> None:
    started = time.monotonic()
    with pytest.raises(LakeError) as caught, open_lake_elsewhere(change(there.place)) as lake:
        append(lake, 0, 10)
    error = caught.value
    assert error.code == code
    assert said in error.what
    assert error.where
    assert error.fix
    assert time.monotonic() - started < 60
    for secret in ("not it", there.place.s3.secret, database().password):
        assert secret not in str(error)


def test_lakes_in_one_database_do_not_see_each_other(there: OnS3, tmp_path: Path) -> None:
    other = on_s3(tmp_path / "other")
    with there.open() as one, other.open() as two:
        append(one, 0, 10)
        assert two.tables() == []
        append(two, 0, 5)
        assert offsets(one) == list(range(10))
    other.empty()


def test_sql_reads_below_the_warehouse_and_nowhere_else(there: OnS3) -> None:
    from headrace.engine.session import open_database

    with there.open() as lake:
        append(lake, 0, 10)
        path = Path(tempfile.mkdtemp()) / "state.duckdb"
        connection = open_database(path, [lake.readable], lake.preparation)
        assert connection.sql(f"SELECT count(*) FROM ({lake.select('raw.orders')})").fetchone() == (10,)
        with pytest.raises(duckdb.PermissionException):
            connection.sql(f"FROM read_parquet('{BUCKET}/else/where.parquet')")
        (secrets,) = connection.sql("SELECT secret_string FROM duckdb_secrets()").fetchall()
        assert there.place.s3.secret not in str(secrets)
        connection.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[OnS3, Service, Service]]:
    """A lake on services of the test's own, which it may kill."""
    need_s3()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        server, listing = minio.service(29000, Path(folder)), postgres.service(29432, Path(folder))
        server.up()
        listing.up()
        found = on_s3(tmp_path)
        place = replace(
            found.place,
            s3=replace(s3(), endpoint=f"http://{server.address}"),
            catalog=replace(database(), port=listing.port),
        )
        yield replace(found, place=place), server, listing
        server.down(signal.SIGKILL)
        listing.down(signal.SIGQUIT)


@pytest.mark.timeout(900)
def test_services_that_die_in_the_middle_of_writes_lose_and_repeat_nothing(own: tuple[OnS3, Service, Service]) -> None:
    there, server, listing = own
    dice = random.Random(11)
    done = threading.Event()
    outages = 0

    def kill() -> None:
        nonlocal outages
        while not done.wait(dice.uniform(0.1, 0.8)):
            victim, how = dice.choice([(server, signal.SIGKILL), (listing, signal.SIGQUIT)])
            victim.down(how)
            time.sleep(dice.uniform(0, 1))
            victim.up()
            outages += 1

    with there.open() as lake:
        append(lake, 0, 10)
        killer = threading.Thread(target=kill)
        killer.start()
        try:
            failed = [
                error for at in range(10, 200, 10) for error in insisting(lambda at=at: append(lake, at, at + 10))
            ]
            while outages < 6:
                insisting(lambda: lake.compact("raw.orders", at_least=2))
                at = lake_covered(lake)
                failed += insisting(lambda at=at: append(lake, at, at + 10))
        finally:
            done.set()
            killer.join()
        stop = lake.covered("raw.orders")
        assert offsets_of(there, lake) == list(range(stop))
        assert failed, "no write was hit"
        insisting(lambda: lake.sweep(before=datetime.now(UTC) + timedelta(hours=1)))
        assert offsets_of(there, lake) == list(range(stop))


def insisting(step: Callable[[], object]) -> list[LakeError]:
    """Take a step until it is done; what failed before."""
    failed: list[LakeError] = []
    deadline = time.monotonic() + 60
    while True:
        try:
            step()
        except LakeError as error:
            if error.code != "HR-715" or time.monotonic() > deadline:
                raise
            failed.append(error)
            time.sleep(0.05)
        else:
            return failed


def lake_covered(lake: Lake) -> int:
    found: list[int] = []
    insisting(lambda: found.append(lake.covered("raw.orders")))
    return found[0]


def offsets_of(there: OnS3, lake: Lake) -> list[int]:
    with connect() as connection:
        connection.execute("DROP SECRET IF EXISTS lake")
        for statement in lake.preparation:
            connection.execute(statement)
        return [
            offset for (offset,) in connection.sql(f"SELECT __offset FROM ({lake.select('raw.orders')})").fetchall()
        ]
